"""The one error of the embedded servers."""


class LocalError(RuntimeError):
    """Something this machine lacks or refuses, in one sentence that says what to do about it."""

"""Why a row is not taken."""

from typing import Any

from cli.language import tr


class Rejected(Exception):
    """A row cannot be taken; the sentence names the column and says what to do."""


def rejected(key: str, /, **parameters: Any) -> Rejected:
    """A rejection with the sentence behind `cli.row.{key}`."""
    return Rejected(tr(f"row.{key}", **parameters))

"""At most one local run on a data folder: a lock that ends with its holder, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import LocalError


@contextmanager
def only_runner(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`; `LocalError` with the holder's process id where it is held."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "runner.pid").open("a+")
    except OSError as error:
        raise LocalError(
            f"The data folder {folder} cannot be written ({error.strerror}): "
            "choose another one with --data."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LocalError(
                f"Lianxin already runs on {folder} (process {file.read().strip() or 'unknown'}): "
                "stop it with Ctrl-C in its window, or with kill and that number."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield

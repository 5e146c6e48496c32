"""The secrets of a local run: made once, kept in its data folder for its owner only."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.errors import LocalError


@dataclass(frozen=True, slots=True)
class Keys:
    """`token_secret` signs tokens; `field_key` encrypts personal fields in the database."""

    token_secret: str
    field_key: str


def keys_of(folder: Path) -> Keys:
    """The secrets in `folder`, made at the first time.

    Without the old field key personal data can not be read again, so a file that is there and
    cannot be read is an error, and never replaced.
    """
    file = folder / "secrets.json"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(file)
    made = Keys(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    with os.fdopen(descriptor, "w") as out:
        json.dump(asdict(made), out)
        out.flush()
        os.fsync(descriptor)
    return made


def tell_addresses(folder: Path, urls: Mapping[str, str]) -> None:
    """Write the services' addresses beside the secrets, where the `lianxin` command looks."""
    file = folder / "secrets.json"
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(asdict(_read(file)) | {"urls": dict(urls)}, out)
        out.flush()
        os.fsync(descriptor)
    new.replace(file)


def _read(file: Path) -> Keys:
    try:
        kept = json.loads(file.read_text())
        return Keys(kept["token_secret"], kept["field_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LocalError(
            f"The secrets in {file} cannot be read ({error}): put the file back from a copy, "
            "or begin anew with make clean-data."
        ) from None

"""Wipe the data of the local run: `python3 -m deploy.local.clean [FOLDER]`.

Needs nothing but Python itself, so that it works before and after there is an environment.
"""

import shutil
import sys
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.one_runner import only_runner

OURS = ("runner.pid", "secrets.json", "tokens.sh", "demo.json", "logs", "database", "broker")


def clean(folder: Path) -> str:
    """Remove what a local run makes in `folder`, nothing else, and say so.

    Raises `LocalError` while a run uses it.
    """
    if not folder.exists():
        return f"There is nothing to wipe: {folder} does not exist."
    with only_runner(folder):
        for entry in (folder / name for name in OURS):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
    if any(folder.iterdir()):
        return f"Wiped the local run's data; the rest in {folder} is not its own and stays."
    folder.rmdir()
    return f"Wiped {folder}."


def main() -> int:
    """0, or 1 with one sentence."""
    try:
        print(clean(Path(sys.argv[1] if len(sys.argv) > 1 else ".data").resolve()))
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The lock file of the image: requirements.lock without what only the embedded servers need.

    python deploy/image_lock.py >image.lock

leaves out the packages that the extra `local` of pyproject.toml names (a broker and a Node
runtime, 300 MB), with their hashes. Needs nothing but Python's own library.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def image_lock(root: Path = ROOT) -> str:
    """The text of the image's lock file; `ValueError` where a package to leave out is not there."""
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    unwanted = set(extras["optional-dependencies"]["local"])
    kept, left_out = [], set()
    for entry in re.split(r"^(?=[a-z])", (root / "requirements.lock").read_text(), flags=re.M):
        name = re.split(r"[=\[ ]", entry, maxsplit=1)[0]
        if name in unwanted:
            left_out.add(name)
        else:
            kept.append(entry)
    if missing := unwanted - left_out:
        raise ValueError(f"requirements.lock does not hold {', '.join(sorted(missing))}")
    return "".join(kept)


if __name__ == "__main__":
    sys.stdout.write(image_lock())

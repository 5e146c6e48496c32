import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.mapping.areas import Area, Areas

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(autouse=True, scope="package")
def english(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """English, and nothing of the machine's own environment or secrets."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        set_up(monkeypatch, tmp_path_factory.mktemp("nothing"))
        yield


def set_up(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LIANXIN_TOKEN", "LIANXIN_TOKEN_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("REGISTRY", "REQUEST_INTAKE", "VOLUNTEER_DISPATCH", "ASSESSMENT"):
        monkeypatch.delenv(f"LIANXIN_{name}_URL", raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("LIANXIN_SECRETS", str(folder / "secrets.json"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with the real tables."""
    if not DATA.is_dir():
        pytest.skip(f"the real tables are not here: {DATA} (see README)")
    return DATA


@pytest.fixture(scope="session")
def pingshan_areas(data: Path) -> Areas:
    streets = rows(data / "pingshan_streets.csv")
    communities = rows(data / "pingshan_communities.csv")
    return Areas(
        [Area(r["code"], r["name"], "street", r["areaCode"]) for r in streets]
        + [Area(r["code"], r["name"], "community", r["streetCode"]) for r in communities]
    )


def rows(path: Path) -> list[dict[str, str]]:
    """A table as the csv module reads it, for counts that know nothing of the mapping."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))

"""Schemes from the data folder and by several writers, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.assessment.schemes.reading import read_scheme
from services.assessment.schemes.versions import Schemes
from services.assessment.tables import SHIPPED
from shared.storage.client import Database, connect
from tests.integration.services.assessment.world import SCHEME

DEFAULT = SHIPPED / "schemes" / "default.yaml"


@pytest.fixture
async def database(mongodb_uri: str, unique: str) -> AsyncIterator[Database]:
    client = connect(mongodb_uri)
    yield client.database(unique)
    await client.drop(unique)
    await client.close()


def schemes(database: Database, folder: Path | str = "", shipped: Path = DEFAULT) -> Schemes:
    return Schemes(database, shipped, str(folder), lambda: "2026-06")


async def test_files_of_the_data_folder_count_once_and_a_wrong_one_stops_the_start(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "schemes").mkdir()
    file = tmp_path / "schemes" / "city.yaml"
    file.write_text(SCHEME)
    for _ in range(2):  # started again, nothing is new
        started = schemes(database, tmp_path)
        await started.prepare()
        assert [(one.version, one.by) for one in started.versions] == [(1, "shipped"), (2, "file")]
        assert started.in_force("2026-04").version == 2
        assert started.in_force("2026-03").version == 1

    file.write_text(SCHEME.replace("weight: 60", "weight: 50"))
    with pytest.raises(ValueError, match=r"city\.yaml: .*let the new one count from 2026-06"):
        await schemes(database, tmp_path).prepare()
    file.write_text(SCHEME.replace("weight: 60", "weight: none"))
    with pytest.raises(ValueError, match=r"city\.yaml: line 12: Give a number"):
        await schemes(database, tmp_path).prepare()

    # A new release's own scheme changes nothing that is past, and nothing of the city's.
    released = schemes(database, shipped=newer_release(tmp_path))
    await released.prepare()
    assert [(one.by, one.scheme.valid_from) for one in released.versions[2:]] == [
        ("shipped", "2026-06")
    ]
    assert [released.in_force(month).version for month in ("2026-03", "2026-06")] == [1, 2]


async def test_a_new_release_counts_from_this_month_on_until_the_city_has_a_scheme_of_its_own(
    database: Database, tmp_path: Path
) -> None:
    await schemes(database).prepare()
    released = schemes(database, shipped=newer_release(tmp_path))
    await released.prepare()
    assert [released.in_force(month).version for month in ("2026-05", "2026-06")] == [1, 2]

    # The city chooses the very file that is shipped: now no release takes its place.
    folder = tmp_path / "city" / "schemes"
    folder.mkdir(parents=True)
    (folder / "ours.yaml").write_bytes(DEFAULT.read_bytes())
    for _ in range(2):
        chosen = schemes(database, folder.parent, shipped=newer_release(tmp_path))
        await chosen.prepare()
        assert [one.by for one in chosen.versions] == ["shipped", "shipped", "file"]
        assert chosen.in_force("2026-06").version == 3
    scheme = chosen.in_force("2026-06").scheme
    assert await chosen.put(scheme, by="administrator:a", why="") == (chosen.versions[2], False)


def newer_release(folder: Path) -> Path:
    """The shipped scheme as a new release has it."""
    newer = folder / "default.yaml"
    newer.write_text(DEFAULT.read_text().replace("weight: 30", "weight: 31"))
    return newer


async def test_two_writers_get_two_versions_and_others_follow(database: Database) -> None:
    one, other = schemes(database), schemes(database)
    await asyncio.gather(one.prepare(), other.prepare())
    first = read_scheme(SCHEME.replace("2026-04", "2026-06"))
    second = read_scheme(SCHEME.replace("2026-04", "2026-07"))
    put = await asyncio.gather(
        one.put(first, by="administrator:a", why=""),
        other.put(second, by="administrator:b", why=""),
    )
    assert {version.version for version, new in put if new} == {2, 3}
    await asyncio.gather(one.refresh(), other.refresh())
    assert [v.version for v in one.versions] == [v.version for v in other.versions] == [1, 2, 3]
    assert one.in_force("2026-07").scheme == second

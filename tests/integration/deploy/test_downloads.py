"""The cache: things come once and whole, and what is missing is said in a sentence."""

import threading
from pathlib import Path

import pytest

from deploy.local import debian, downloads
from deploy.local.servers import LocalError
from tests.eventually import eventually


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIANXIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_thing_is_fetched_once(cache: Path) -> None:
    fetches = []

    def fetch(folder: Path) -> None:
        fetches.append(folder)
        folder.mkdir()
        (folder / "file").write_text("content")

    assert downloads.fetched("thing", fetch) == downloads.fetched("thing", fetch)
    assert len(fetches) == 1
    assert [file.name for file in cache.iterdir()] == ["thing"]
    assert (cache / "thing/file").read_text() == "content"


def test_a_failed_fetch_leaves_nothing(cache: Path) -> None:
    def fetch(folder: Path) -> None:
        folder.mkdir()
        raise LocalError("no network")

    with pytest.raises(LocalError, match="no network"):
        downloads.fetched("thing", fetch)
    assert list(cache.iterdir()) == []


def test_of_two_that_race_both_get_the_whole_thing(cache: Path) -> None:
    both = threading.Barrier(2, timeout=10)
    places = []

    def fetch(folder: Path) -> None:
        folder.mkdir()
        (folder / "file").write_text("content")
        both.wait()

    def run() -> None:
        places.append(downloads.fetched("thing", fetch))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [cache / "thing"] * 2
    assert [file.name for file in cache.iterdir()] == ["thing"]


def test_a_cache_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LIANXIN_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(LocalError, match="set LIANXIN_CACHE to a folder that can"):
        downloads.fetched("thing", Path.mkdir)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (downloads.tansu, "pip install -r requirements.lock, or set KAFKA_BOOTSTRAP_SERVERS"),
        (downloads.mongodb_modules, "pip install -r requirements.lock, or set MONGODB_URI"),
        (downloads.kafka_jars, "install Maven, or set KAFKA_BOOTSTRAP_SERVERS"),
    ],
)
def test_a_missing_tool_is_said(ask: object, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    assert callable(ask)
    with pytest.raises(LocalError, match=said):
        ask()


def test_without_apt_the_person_is_told_to_bring_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LocalError, match="no apt to fetch a newer one with: set MONGODB_URI"):
        debian.fetch_libraries(tmp_path / "libraries")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            "sources.list.d/debian.sources",
            "Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm x\n"
            "Components: main\nSigned-By: /keys.gpg\n",
        ),
        (
            "sources.list",
            "# deb http://old.test/debian bookworm main\n"
            "deb http://mirror.test/debian-security bookworm-security main\n"
            "deb [arch=amd64 signed-by=/keys.gpg] http://mirror.test/debian bookworm main\n",
        ),
    ],
)
def test_the_next_release_comes_from_the_same_mirror_with_the_same_keys(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert debian.next_source(tmp_path) == (
        "Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\n"
        "Targets: Packages\nSigned-By: /keys.gpg\n"
    )


def test_another_distribution_has_no_source(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.test/ubuntu jammy main\n")
    assert debian.next_source(tmp_path) is None


async def test_eventually_gives_the_value_or_fails_with_what_it_saw_last() -> None:
    seen = iter([0, 0, 7])

    async def count() -> int:
        return next(seen)

    async def broken() -> int:
        raise ValueError("not there")

    assert await eventually(count) == 7
    with pytest.raises(pytest.fail.Exception, match=r"not within 0.1 s: .*ValueError: not there"):
        await eventually(broken, 0.1)

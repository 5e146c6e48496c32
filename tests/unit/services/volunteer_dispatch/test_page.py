"""The page's files, its words, the categories' words and who may be given a task."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from services.request_intake.classification import Table as Classification
from services.volunteer_dispatch import acting
from services.volunteer_dispatch.handlers import CARE_VISIT
from services.volunteer_dispatch.page import files
from services.volunteer_dispatch.page.receivers import kinds, places
from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.calendar import Counts
from services.volunteer_dispatch.service.category_words import CategoryWordTable
from services.volunteer_dispatch.service.hours import HoursStatus
from services.volunteer_dispatch.service.standing import Awaits
from services.volunteer_dispatch.service.state import Status
from shared.contracts.catalog import TOPIC_OF
from shared.contracts.task_life import PauseKind, ProblemReason, ProposalKind
from shared.contracts.words import AssigneeKind, Urgency
from shared.web.app import create_app
from shared.web.auth import Role
from tests.unit.services.volunteer_dispatch.city import DATA, context, new

WORDS: dict[str, list[str]] = json.loads((files.FOLDER / "words.json").read_bytes())
SCRIPTS = "\n".join(path.read_text() for path in sorted(files.FOLDER.glob("*.js")))


def client() -> httpx.AsyncClient:
    app = create_app("x", "x", None, [files.router], token_secret="s" * 32)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_every_file_comes_with_a_policy_that_forbids_what_is_inline_or_elsewhere() -> None:
    async with client() as http:
        for path in ("/board", "/my-tasks", *(f"/page/{p.name}" for p in files.FOLDER.iterdir())):
            answer = await http.get(path)
            assert answer.status_code == 200, path
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            again = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        types = {
            name: (await http.get(f"/page/{name}")).headers["content-type"].partition(";")[0]
            for name in ("main.js", "page.css", "words.json", "icon.svg", "index.html")
        }
    assert types == {
        "main.js": "text/javascript",
        "page.css": "text/css",
        "words.json": "application/json",
        "icon.svg": "image/svg+xml",
        "index.html": "text/html",
    }


@pytest.mark.parametrize("name", ["nothing.js", "..%2froutes.py", "%2e%2e%2ffiles.py", "static"])
async def test_no_other_file_can_be_had(name: str) -> None:
    async with client() as http:
        answer = await http.get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_holds_nothing_inline_and_nothing_from_elsewhere() -> None:
    html = (files.FOLDER / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html) == []
    sources = re.findall(r'(?:src|href)="([^"]+)"', html)
    sources += re.findall(r'from "([^"]+)"', SCRIPTS)
    assert {source for source in sources if not source.startswith(("/page/", "#"))} == set()
    for source in sources:
        assert source.startswith("#") or (files.FOLDER / source.removeprefix("/page/")).exists()
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", SCRIPTS)


def prefixed() -> Iterator[str]:
    """Keys that the scripts make of what the service answers."""
    for prefix, values in (
        ("urgency", Urgency),
        ("kind", AssigneeKind),
        ("status", Status),
        ("awaits", Awaits),
        ("pause", PauseKind),
        ("proposal", ProposalKind),
        ("problem", ProblemReason),
        ("counts", Counts),
        ("hours", HoursStatus),
        ("role", Role),
        ("words", ("progress", "result", "answer")),
        ("source", ("task", "activity")),
        ("do", (*acting.BODIES, "decide")),
        ("event", (t.removeprefix("lianxin.") for t in TOPIC_OF if t.startswith("lianxin.task."))),
        ("filter", ("area", "grid", "category", "urgency", "overdue", "mine")),
        ("mine", ("alerts", "offers", "holds", "assists", "pool")),
        ("tab", ("board", "mine")),
    ):
        yield from (f"{prefix}.{value}" for value in values)


def test_everything_that_is_read_has_words_in_both_languages() -> None:
    for key, pair in WORDS.items():
        assert len(pair) == 2, key
        assert all(pair), key
        marks = [sorted(re.findall(r"\{(\w+)\}", text)) for text in pair]
        assert marks[0] == marks[1], key
        if key != "language":
            assert not re.search(r"[\u4e00-\u9fff]", pair[1].replace("“", "")), key
    named = set(re.findall(r'\bw\(\s*"([^"]+)"', SCRIPTS))
    named |= set(re.findall(r'\brow\("([^"]+)"', SCRIPTS))
    named |= set(re.findall(r'data-word="([^"]+)"', (files.FOLDER / "index.html").read_text()))
    assert (named | set(prefixed())) - set(WORDS) == set()


def test_a_form_knows_every_command_of_the_service() -> None:
    listed = re.search(r"const FIELDS = \{(.*?)\n\};", SCRIPTS, re.DOTALL)
    assert listed
    names = {one.strip('"') for one in re.findall(r'^  ("?[\w-]+"?):', listed[1], re.M)}
    assert names == {*acting.BODIES, "decide"}


def test_categories_have_the_words_that_intake_ships_and_care_visits_have_theirs() -> None:
    shipped = CategoryWordTable.model_validate_json((DATA / "category-words.json").read_bytes())
    intake = DATA.parents[1] / "request_intake" / "data" / "categories.json"
    theirs = Classification.model_validate_json(intake.read_bytes()).categories
    words = [(one.code, one.zh, one.en) for one in shipped.words]
    assert words[:-1] == [(c.code, c.zh, c.en) for c in theirs]
    assert words[-1] == (CARE_VISIT, "关爱走访", "Care visit")
    twice = {"words": [{"code": "a", "zh": "甲", "en": "A"}] * 2}
    with pytest.raises(ValidationError):
        CategoryWordTable.model_validate(twice)


def test_a_grid_team_may_hand_over_to_units_of_the_place_the_nearest_first() -> None:
    state = commands.accept(new().state, context()).state
    assert kinds(state, "hand-over", context()) == (AssigneeKind.UNIT, AssigneeKind.VOLUNTEER)
    found = [f"{kind.value}:{id}" for kind, id in places(state, "hand-over", context())]
    assert found == ["unit:power", "unit:water", "unit:agency"]  # `shut` is retired


def test_those_above_may_reassign_to_anybody_of_the_place_but_who_has_it() -> None:
    state = commands.accept(new().state, context()).state
    assert kinds(state, "reassign", context()) == tuple(AssigneeKind)
    found = [f"{kind.value}:{id}" for kind, id in places(state, "reassign", context())]
    duty = ["area_duty:S1-1", "area_duty:S1", "area_duty:D", "area_duty:C"]
    assert found == [*duty, "unit:power", "unit:water", "unit:agency"]

"""Turns, and the tables of reports."""

import asyncio
import json
from pathlib import Path

import pytest

from services.assessment.reports.building import Building
from services.assessment.reports.rules import load_categories
from shared.web.problems import Problem
from tests.unit.services.assessment.reports.town import SETTINGS

INTAKE = Path(__file__).parents[5] / "services" / "request_intake" / "data" / "categories.json"


async def test_so_many_wait_and_the_next_one_is_refused() -> None:
    building = Building(at_once=1, waiting=1)
    inside, leave = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with building.turn():
            inside.set()
            await leave.wait()

    first = asyncio.create_task(work())
    await inside.wait()
    inside.clear()
    second = asyncio.create_task(work())
    await asyncio.sleep(0)
    assert not inside.is_set()
    with pytest.raises(Problem) as refused:
        async with building.turn():
            pass
    assert (refused.value.status, refused.value.code) == (503, "reports-busy")
    leave.set()
    await asyncio.gather(first, second)
    async with building.turn():
        pass


def test_shipped_names_are_those_of_intakes_shipped_categories() -> None:
    for language in ("zh", "en"):
        intakes = json.loads(INTAKE.read_text("utf-8"))["categories"]
        wanted = {category["code"]: category[language] for category in intakes}
        assert load_categories(SETTINGS).names(language) == wanted


def test_a_citys_own_categories_give_the_names(tmp_path: Path) -> None:
    own = {"default": "x", "categories": [{"code": "x", "zh": "甲", "en": "A", "urgency": "o"}]}
    (tmp_path / "categories.json").write_text(json.dumps(own), "utf-8")
    of = SETTINGS.model_copy(update={"data_folder": str(tmp_path)})
    assert load_categories(of).names("zh") == {"x": "甲"}
    (tmp_path / "categories.json").write_text("{}", "utf-8")
    with pytest.raises(ValueError, match=r"categories\.json"):
        load_categories(of)

from datetime import UTC, datetime

from services.request_intake.classification import Classifier
from services.request_intake.messages import MESSAGES
from services.request_intake.read_models import City
from services.request_intake.state import Status, Step
from services.request_intake.timeline import show
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from tests.unit.services.request_intake.test_requests import TABLE, request

AT = datetime(2026, 5, 1, tzinfo=UTC)


def words(step: str, who: Assignee | None = None, reason: str | None = None) -> list[str]:
    state = request(steps=[Step(at=AT, step=step, who=who, reason=reason).model_dump()])
    city = City(units={"water": "水务局"})
    return [
        show(state, city, Classifier(TABLE, 1), language)["steps"][0]["words"]
        for language in ("zh", "en")
    ]


def test_units_are_named_and_people_are_not() -> None:
    unit = Assignee(kind=AssigneeKind.UNIT, id="water", unit_id="water")
    assert words("returned", unit, "职责不符") == [
        "水务局（单位）退单：职责不符",
        "水务局 (Unit) gave it back: 职责不符",
    ]
    volunteer = Assignee(kind=AssigneeKind.VOLUNTEER, id="v1")
    assert words("taken", volunteer) == ["志愿者已接单", "Volunteer took it in hand"]
    unknown = Assignee(kind=AssigneeKind.UNIT, id="x")
    assert words("assigned", unknown) == ["已派给单位", "Sent to Unit"]


def test_every_status_and_step_has_words() -> None:
    for status in Status:
        assert f"status.{status}" in MESSAGES
    for key in (key for key in MESSAGES if key.startswith("timeline.")):
        assert all(text and "{" not in text for text in words(key.removeprefix("timeline.")))

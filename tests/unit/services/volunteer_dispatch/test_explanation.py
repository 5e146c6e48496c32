"""What of an explanation is shown to whom, in words."""

from services.volunteer_dispatch.messages_routing import REASONS
from services.volunteer_dispatch.routes_explanation import _for, _view
from services.volunteer_dispatch.service.explain import Considered, Explained, Kind
from services.volunteer_dispatch.service.reasons import NOTES, WHYS
from services.volunteer_dispatch.service.state import Gap
from shared.web.auth import Principal, Role
from tests.unit.services.volunteer_dispatch.city import NOON

MATCH = Explained(
    kind=Kind.MATCH,
    at=NOON,
    table="alerts",
    version=3,
    candidates=(
        Considered(key="volunteer:a", score=0.9, note="0.5*0.9*1"),
        Considered(key="volunteer:b", score=0.4),
    ),
    chosen="volunteer:a",
    why="asked",
)


def test_a_volunteer_sees_the_own_score_alone() -> None:
    shown = _for(Principal("b", Role.VOLUNTEER, volunteer_id="b"), MATCH)
    assert [c.key for c in shown.candidates] == ["volunteer:b"]
    assert shown.chosen is None
    first = _for(Principal("a", Role.VOLUNTEER, volunteer_id="a"), MATCH)
    assert first.chosen == "volunteer:a"
    assert _for(Principal("l", Role.GRID_LEADER), MATCH) == MATCH


def test_every_code_has_its_words() -> None:
    assert {f"explained-{why}" for why in WHYS} <= set(REASONS)
    assert {f"considered-{note}" for note in NOTES} <= set(REASONS)
    assert {f"gap-{gap.value}" for gap in Gap} <= set(REASONS)
    view = _view(MATCH)
    assert view.words.zh == "征集志愿者：依据 alerts 第 3 版，从 2 个候选中先问 volunteer:a。"
    assert [c.words for c in view.candidates] == [None, None]
    other = _view(MATCH.model_copy(update={"why": "something new"}))
    assert "volunteer:a" in other.words.en

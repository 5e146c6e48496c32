from hypothesis import given
from hypothesis import strategies as st

from services.volunteer_dispatch.service.explain import (
    CONSIDERED,
    KEPT,
    Considered,
    Explained,
    Kind,
    considered,
)
from services.volunteer_dispatch.service.state import TaskState
from tests.unit.services.volunteer_dispatch.city import NOON


@given(count=st.integers(0, 60), chosen=st.integers(0, 70))
def test_the_chosen_one_is_kept_however_many_were_considered(count: int, chosen: int) -> None:
    given_ = [Considered(key=f"volunteer:{n}", score=float(-n)) for n in range(count)]
    key = f"volunteer:{chosen}"
    kept = considered(given_, key)
    assert len(kept) == min(count, CONSIDERED)
    assert (key in {one.key for one in kept}) == (chosen < count)
    assert list(kept) == sorted(kept, key=given_.index)
    Explained(kind=Kind.MATCH, at=NOON, candidates=kept, chosen=key)


def test_a_task_keeps_its_last_explanations() -> None:
    state = TaskState(task_id="t1", request_id="r1")
    for n in range(KEPT + 5):
        state = state.explaining(Explained(kind=Kind.ROUTE, at=NOON, rule=str(n)))
    assert [int(one.rule) for one in state.explained] == list(range(5, KEPT + 5))
    assert TaskState.model_validate(state.model_dump()) == state

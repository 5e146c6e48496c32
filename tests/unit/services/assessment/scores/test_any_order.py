"""Order, duplicates, late events, corrections and restarts never change the final scores."""

import random
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.scores.figures import with_rates
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.reproduction import recounted
from services.assessment.scores.score import Scores, score_class
from services.assessment.service.cases import Case, Correction, parts_of
from services.assessment.service.cases import settled as settled_case
from services.assessment.service.figures import COUNTS, SubjectKind
from services.assessment.service.recount import Recount
from tests.unit.services.assessment.scores.schemes import indicator, scheme
from tests.unit.services.assessment.stories import (
    BEIJING,
    LEVELS,
    START,
    Consumer,
    Teller,
    shuffled,
    story,
)

SCHEME = scheme(
    indicator(minimum_sample=1, floor=0),
    indicator("in_time", formula="in_time / judged", sample="judged", weight=40, floor=0),
    rules=[
        {
            "id": "few",
            "label": {"zh": "少", "en": "few"},
            "when": "requests < 2",
            "grade_at_most": "fair",
        }
    ],
)
MONTHS = ("2026-04", "2026-05")


def scored(inputs: Numbers) -> Scores:
    return score_class(SCHEME, SCHEME.classes[0], inputs)


def summed(cases: Iterable[Case | None], month: str) -> Numbers:
    """The figures' numbers of units, added up from what each case adds."""
    found: Numbers = {}
    for case in cases:
        if case is None:
            continue
        for group, id, of in map(parts_of, case.keys):
            if (group, of) == ("unit", month):
                sums = found.setdefault(id, dict.fromkeys(COUNTS, 0.0))
                for name in COUNTS[:-1]:
                    sums[name] += getattr(case.measure, name)
                sums["timed"] += case.measure.hours is not None
    return {id: with_rates(of) for id, of in found.items() if of["requests"] or of["followed_up"]}


def heard(
    chance: random.Random, tellers: Sequence[Teller], corrections: Sequence[Correction]
) -> Consumer:
    """The events in some order with some told again, a restart in between, and corrections of the
    first two requests at some moment."""
    arrivals = shuffled(chance, tellers)
    consumer = Consumer()
    restart, command = (chance.randrange(len(arrivals)) for _ in range(2))
    for n, event in enumerate(arrivals):
        if n == restart:  # what was kept is read back
            consumer.cases = {
                id: case and Case.model_validate(case.model_dump())
                for id, case in consumer.cases.items()
            }
        if n == command:
            for tell in tellers[:2]:
                case = consumer.cases.get(tell.id) or Case()
                with_them = case.model_copy(update={"corrections": tuple(corrections)})
                consumer.cases[tell.id] = settled_case(with_them, BEIJING)
        consumer.take([event])
    return consumer


made = st.builds(
    lambda **said: Correction(number=1, at=START, by="a", reason="x", **said),
    excluded=st.sampled_from([None, True]),
    answer_round=st.just(1),
    solved=st.sampled_from([None, True, False]),
    work_round=st.just(1),
    verdict=st.sampled_from([None, "in_time", "late", "not_judged"]),
    responsible=st.sampled_from([None, {"unit_id": "u2"}]),
)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(made, max_size=2))
def test_the_final_scores_are_the_same_and_the_recounts(
    seed: int, corrections: list[Correction]
) -> None:
    chance = random.Random(seed)
    tellers = [story(chance, number) for number in range(10)]
    one, other = (heard(chance, tellers, corrections) for _ in range(2))
    recount = Recount(BEIJING, LEVELS)
    for case in one.cases.values():
        if case is not None:
            recount.add(case.model_dump())
    for month in MONTHS:
        scores = scored(summed(one.cases.values(), month))
        assert list(scores.every()) == list(scored(summed(other.cases.values(), month)).every())
        again = scored(recounted(recount, month)[SubjectKind.UNIT])
        assert list(again.every()) == list(scores.every())

"""Order, duplicates, late events, corrections and restarts never change the final scores."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.scores import figures as figure_inputs
from services.assessment.scores import reproduction
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.score import Scores, score_class
from services.assessment.service.cases import Case, Correction
from services.assessment.service.figures import SubjectKind
from tests.unit.services.assessment.scores.schemes import indicator, scheme
from tests.unit.services.assessment.stories import (
    START,
    Consumer,
    Teller,
    shuffled,
    story,
)
from tests.unit.services.assessment.test_cases import recounted, summed

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


def numbers(cases: list[Case], month: str) -> Numbers:
    """The figures' numbers of units, added up from what each case adds."""
    figures = summed(cases)
    of_units = [figures[key] for key in figures if key[:2] == (month, "unit")]
    return figure_inputs.summed([{"state": one.model_dump()} for one in of_units], hours=True)


def heard(
    chance: random.Random, tellers: Sequence[Teller], corrections: Sequence[Correction]
) -> list[Case]:
    """The cases after the events in some order with some told again, a restart in between, and
    corrections of the first two requests at some moment."""
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
                consumer.correct(tell.id, corrections)
        consumer.take([event])
    return [case for case in consumer.cases.values() if case is not None]


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
    recount = recounted(one)
    for month in MONTHS:
        scores = scored(numbers(one, month))
        assert list(scores.every()) == list(scored(numbers(other, month)).every())
        again = scored(reproduction.recounted(recount, month)[SubjectKind.UNIT])
        assert list(again.every()) == list(scores.every())

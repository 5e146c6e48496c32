"""Order, duplicates, late events, corrections and restarts never change the final scores."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.corrections.decisions import correct, void
from services.assessment.corrections.schemas import CorrectionBody
from services.assessment.scores import comparing
from services.assessment.scores import figures as figure_inputs
from services.assessment.scores.anew import CasesAnew, Entry
from services.assessment.scores.in_flight import counts_of
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.score import Scores, score_class
from services.assessment.service.cases import Case
from services.assessment.service.figures import COUNTS, SubjectKind
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import uuid7
from shared.storage.aggregates import At, Decision
from shared.web.problems import Problem
from tests.unit.services.assessment.scores.schemes import indicator, scheme
from tests.unit.services.assessment.stories import (
    BEIJING,
    LEVELS,
    PATHS,
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


SAID: tuple[dict[str, Any], ...] = (
    {"excluded": True},
    {"excluded": False},
    {"without_answer": True},
    {"solved": False},
    {"contacted": True, "satisfied": 5},
    {"verdict": "late"},
    {"verdict": "not_judged", "solved": True},
    {"responsible": {"unit_id": "u2"}},
    {"responsible": {}},
)


class Judge:
    """Corrects cases and takes corrections back, and keeps what assessment tells of it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.told: defaultdict[str, list[Event]] = defaultdict(list)
        self._now = START

    def judge(self, consumer: Consumer, id: str) -> None:
        """Do something to a case, where its facts allow it."""
        self._now += timedelta(seconds=1)
        decision = None
        with suppress(Problem):
            decision = self._decide(id, consumer.cases.get(id))
        for fact in () if decision is None else decision.events:
            assert isinstance(fact, At)
            self.told[id].append(
                Event(
                    id=uuid7(),
                    source="/services/assessment/cases",
                    type=fact.data.full_type(),
                    subject=id,
                    sequence=len(self.told[id]) + 1,
                    time=fact.time,
                    partition_key=id,
                    trace_parent=None,
                    data=fact.data,
                )
            )
        if decision is not None:
            consumer.cases[id] = decision.state

    def _decide(self, id: str, case: Case | None) -> Decision[Case] | None:
        by = self._now, "administrator:a", BEIJING
        if case is not None and case.corrections and self._chance.random() < 0.4:
            number = self._chance.randint(1, len(case.corrections))
            return void(id, case, number, "wrongly", *by)
        body = CorrectionBody.model_validate({"reason": "x"} | self._chance.choice(SAID))
        return correct(id, case, body, *by)


def heard(
    chance: random.Random,
    tellers: Sequence[Teller],
    between: Callable[[Consumer], None],
    times: int,
) -> dict[str, Case]:
    """The cases after the events in some order with some told again, a restart in between, and
    something done to them at some moments."""
    arrivals = shuffled(chance, tellers)
    consumer = Consumer()
    restart, *moments = (chance.randrange(len(arrivals)) for _ in range(1 + times))
    for n, event in enumerate(arrivals):
        if n == restart:  # what was kept is read back
            consumer.cases = {
                id: case and Case.model_validate(case.model_dump())
                for id, case in consumer.cases.items()
            }
        for _ in range(moments.count(n)):
            between(consumer)
        consumer.take([event])
    return {id: case for id, case in consumer.cases.items() if case is not None}


def of_records(events: Iterable[Event]) -> list[Entry]:
    """The facts as they come out of a journal: from their bytes."""
    records = [encode(event) for event in events]
    return [Entry(decode(value, headers), START) for _, value, headers in records]


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_the_final_scores_are_the_same_and_the_journals(seed: int) -> None:
    chance = random.Random(seed)
    tellers = [story(chance, number) for number in range(10)]
    ids = [tell.id for tell in tellers]
    judge = Judge(chance)
    one = heard(chance, tellers, lambda to: judge.judge(to, chance.choice(ids[:3])), 6)

    def the_same(consumer: Consumer) -> None:
        for id in judge.told:
            consumer.correct(id, one[id].corrections)

    other = heard(chance, tellers, the_same, 1)
    anew = CasesAnew(BEIJING, LEVELS)
    for tell in tellers:
        anew.add(of_records([*tell.all, *judge.told[tell.id]]))
    of_journals, left_out = anew.counted({})
    assert (anew.gaps, left_out) == ([], [])
    for month in MONTHS:
        scores = scored(numbers([*one.values()], month))
        assert list(scores.every()) == list(scored(numbers([*other.values()], month)).every())
        counts = [recounted([*one.values()]), of_journals]
        for recount in counts:
            again = scored(comparing.recounted(recount, month)[SubjectKind.UNIT])
            assert list(again.every()) == list(scores.every())


MINUTE = timedelta(minutes=1)


def test_what_was_told_after_a_settlement_is_not_in_it() -> None:
    tell = Teller("r1")
    tell.accept(START)
    tell.assign("u1")
    tell.complete("u1", None, START, in_time=True)
    tell.answer(4)
    at = {"lianxin.request.followed_up.v1": START + 3 * MINUTE}
    anew = CasesAnew(BEIJING, LEVELS, START + 2 * MINUTE)
    anew.add([Entry(event, at.get(event.type, START)) for event in tell.all])
    counts = counts_of(anew.counted({})[0])["unit", "u1"]
    assert dict(zip(COUNTS, counts, strict=True)) == dict.fromkeys(COUNTS, 0) | {
        "requests": 1,
        "judged": 1,
        "in_time": 1,
        "timed": 1,
    }
    assert (anew.later, anew.gaps) == (1, [])


SUBJECTS = [
    *((LEVELS[code], code) for code in ("s1", "s2", "c1", "c2", "c3")),
    *(("unit", id) for id in ("u1", "u2", "u3", "u9", "v1")),
    *(("organization", id) for id in ("o1", "o2")),
]


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_the_counts_kept_say_which_of_the_last_facts_had_come(seed: int) -> None:
    """Four of forty requests have facts of the last seconds, of which some had not come."""
    chance = random.Random(seed)
    anew, live = CasesAnew(BEIJING, LEVELS, START), Consumer()
    missing = 0
    for number in range(40):
        tell = story(chance, number)
        told = []
        for events in (tell.requests, tell.tasks):
            last = chance.randrange(4) if number % 10 == 0 else 0
            came = max(0, len(events) - chance.randrange(last + 1))
            missing += len(events) - came
            live.take(events[:came])
            sure = len(events) - last
            told += [
                Entry(event, START if n >= sure else START - 2 * MINUTE)
                for n, event in enumerate(events)
            ]
        anew.add(told)
    nothing = dict.fromkeys(SUBJECTS, (0.0,) * len(COUNTS))
    kept = nothing | counts_of(recounted([case for case in live.cases.values() if case]))
    recount, left_out = anew.counted(kept)
    assert nothing | counts_of(recount) == kept
    assert missing or not left_out


def test_what_no_fact_on_the_way_explains_is_left_as_the_journals_have_it() -> None:
    tell = Teller("r1")
    tell.accept(START, PATHS[0])
    tell.assign("u1")
    for kept, told in (((0.0,) * 9, 1), ((5.0,) * 9, 0)):
        anew = CasesAnew(BEIJING, LEVELS, START)
        anew.add([Entry(event, START) for event in tell.all])
        recount, left_out = anew.counted({("unit", "u1"): kept})
        assert [event.subject for event in left_out] == [tell.task_id] * told
        assert (("unit", "u1") in counts_of(recount)) is not bool(told)


def test_a_fact_that_a_journal_lacks_is_named() -> None:
    tell = Teller("r1")
    tell.accept(START)
    tell.assign("u1")
    tell.assign("u2")
    tell.complete("u2", None, START, in_time=True)
    anew = CasesAnew(BEIJING, LEVELS)
    anew.add(of_records([*tell.requests, tell.tasks[0], tell.tasks[2]]))
    assert anew.gaps == [f"{tell.task_id}#2"]

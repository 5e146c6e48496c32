"""Filling activities in waves: `python -m bench.bench_activities`.

A simulated city: 4,000 volunteers, each with a rate of acceptance of his own (17 to 47 %), and 150
activities of 20 places, two of them for first-aiders, one after another, three days of sign-up
each. Whoever does not accept says so in 40 % of cases; answers take two hours (median, log-normal).
The decisions are the service's own. Caps are left out: each activity is a week after the last one.
Then the processor time of a batch's waves among 100,000 volunteers, and of a sign-up.
"""

import heapq
import random
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bench import match_city
from bench.alert_city import HIGHEST, LOWEST
from services.volunteer_dispatch.inviting import invite, waves
from services.volunteer_dispatch.match.index import Index, Volunteer
from services.volunteer_dispatch.service import activities
from services.volunteer_dispatch.service.activity_state import ActivityState, ActivityStatus
from services.volunteer_dispatch.service.activity_tables import ActivityKind, ActivityTable
from services.volunteer_dispatch.service.explain import Explained, Kind
from services.volunteer_dispatch.service.returns import Ruled
from shared.contracts.payload import Point
from shared.contracts.tasks import Assignee
from shared.contracts.volunteering import Places
from shared.contracts.words import AssigneeKind

PEOPLE, ACTIVITIES, LARGE, BATCH = 4_000, 150, 100_000, 50
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
KINDS = (ActivityKind(code="clean_up", zh="清洁", en="Clean-up"),)
WHY = Explained(kind=Kind.MATCH, at=START)
PREDICTED = {
    "filled, cover 1": 0.95,
    "alerts a place, cover 1": 3.3,
    "said yes to a full one, cover 1": 0.05,
    "a batch's waves, ms": 150.0,
}
"""Written before the first run."""


class Outcome(NamedTuple):
    """What came of a cover; shares and means over all activities."""

    filled: float
    alerts: float
    """A place."""
    turned_away: float
    """Yeses, as a share, that found the activity full."""
    hours: float
    """Until full, of those that were."""


def activity(id: str, place: tuple[float, float], now: datetime) -> ActivityState:
    """Twenty places, two of them for first-aiders."""
    starts = now + timedelta(days=4)
    return ActivityState(
        activity_id=id,
        title="周六清洁",
        kind="clean_up",
        area_path=("C",),
        point=Point(latitude=place[0], longitude=place[1]),
        organizer=Assignee(kind=AssigneeKind.AREA_DUTY, id="C"),
        starts_at=starts,
        ends_at=starts + timedelta(hours=3),
        sign_up_until=now + timedelta(days=3),
        settles_at=starts + timedelta(hours=5),
        places=(Places(skill="first_aid", number=2), Places(number=18)),
    )


def people(number: int, seed: int) -> list[Volunteer]:
    """People of the city of `bench_match` who were never asked, one in ten a first-aider."""
    found = match_city.volunteers(match_city.city(), number, seed)
    return [
        one._replace(skills=("first_aid",) if n % 10 == 0 else (), capacity=1, asked=0, accepted=0)
        for n, one in enumerate(found)
    ]


class City:
    """People who answer, and what came of asking them."""

    def __init__(self, table: ActivityTable, seed: int = 1) -> None:
        self.table = table
        self.rng = random.Random(seed)
        self.everybody = {one.id: one for one in people(PEOPLE, seed)}
        self.rate = {id: self.rng.uniform(LOWEST, HIGHEST) for id in self.everybody}
        self.index = Index()
        self.index.put_all(self.everybody.values())
        self.places = [one.place for one in self.everybody.values() if one.place is not None]
        self.sent, self.yeses, self.away = 0, 0, 0
        self.hours: list[float] = []
        self.answers: list[tuple[datetime, str, bool]] = []

    def simulate(self) -> Outcome:
        """Fill the activities one after another."""
        for n in range(ACTIVITIES):
            self.fill(n, START + n * timedelta(days=7))
        return Outcome(
            len(self.hours) / ACTIVITIES,
            self.sent / (ACTIVITIES * 20),
            self.away / max(self.yeses, 1),
            statistics.median(self.hours),
        )

    def fill(self, n: int, began: datetime) -> None:
        """One activity, until its sign-up is over."""
        state, now = activity(f"a{n}", self.rng.choice(self.places), began), began
        self.answers.clear()
        while state.status is ActivityStatus.OPEN:
            state = self.ask(state, now)
            due = state.next_due() or state.sign_up_until
            if self.answers and self.answers[0][0] < due:
                now, id, yes = heapq.heappop(self.answers)
                was_full = not any(state.free)
                state = self.answer(state, id, yes, now)
                if not was_full and not any(state.free):
                    self.hours.append((now - began).total_seconds() / 3600)
            else:
                now = due
                decision = activities.on_due(state, now)
                assert decision is not None
                state = decision.state
            state = self.learn(state)

    def ask(self, state: ActivityState, now: datetime) -> ActivityState:
        """As the service's loop does."""
        if not state.todo:
            return state
        asked = {
            one.id: invite(one, wave.seat, one.id, state, self.table, now)
            for wave in waves({"a": state}, self.index, self.table, now).get("a", ())
            for one in wave.order[: wave.number]
        }
        if not asked:
            return activities.rest(state, None)
        state, _ = activities.asked(state, list(asked.values()), WHY, None)
        self.sent += len(asked)
        for id in asked:
            yes = self.rng.random() < self.rate[id]
            if yes or self.rng.random() < 0.4:
                after = timedelta(hours=self.rng.lognormvariate(0.7, 1.0))
                heapq.heappush(self.answers, (now + after, id, yes))
        return state

    def answer(self, state: ActivityState, id: str, yes: bool, now: datetime) -> ActivityState:
        """Somebody says yes or no."""
        self.yeses += yes
        try:
            if not yes:
                return activities.decline(state, id)[0]
            skills = self.everybody[id].skills
            state, _ = activities.sign_up(state, id, skills, id, now, self.table)
        except Ruled:  # a no after it was full
            return state
        one = state.of(id)
        self.away += one is not None and one.seat is None
        return state

    def learn(self, state: ActivityState) -> ActivityState:
        """Count the answers, as the loop does."""
        for said in state.invites.answers:
            one = self.everybody[said.volunteer_id]
            if said.said != "withdrawn":
                one = one._replace(
                    asked=one.asked + 1, accepted=one.accepted + (said.said == "accepted")
                )
                self.everybody[one.id] = one
                self.index.put(one)
        return state.having(invites=state.invites.having(answers=()))


def times() -> dict[str, float]:
    """Milliseconds of processor time: a batch's waves, a sign-up that has to seat others anew."""
    table = ActivityTable(kinds=KINDS)
    index = Index()
    everybody = people(LARGE, 2)
    index.put_all(everybody)
    places = [one.place for one in everybody[:: LARGE // BATCH] if one.place is not None][:BATCH]
    states = {f"a{n}": activity(f"a{n}", place, START) for n, place in enumerate(places)}
    took = []
    for _ in range(7):
        began = time.process_time()
        found = waves(states, index, table, START)
        took.append(1000 * (time.process_time() - began))
    asked = [one.id for of in found.values() for wave in of for one in wave.order[: wave.number]]
    sign_ups = []
    state = activity("a", (0.0, 0.0), START)
    state = state.having(places=(Places(skill="first_aid", number=100), Places(number=200)))
    for n in range(300):  # first-aiders take ordinary places too, then have to move
        skills = ("first_aid",) if n < 250 else ()
        began = time.process_time()
        if n == 100:
            for id in [one.volunteer_id for one in state.going[:90]]:
                state, _ = activities.leave(state, id, START)
        try:
            state, _ = activities.sign_up(state, f"v{n}", skills, f"v{n}", START, table)
        except Ruled:
            continue
        sign_ups.append(1000 * (time.process_time() - began))
    return {
        "waves": statistics.median(took),
        "asked": float(len(asked)),
        "different": float(len(set(asked))),
        "sign_up_median": statistics.median(sign_ups),
        "sign_up_worst": max(sign_ups),
    }


def main() -> int:
    """Measure and print."""
    print("predicted:", PREDICTED)
    for cover in (0.7, 1.0, 1.5, 2.5):
        print(f"cover {cover}:", City(ActivityTable(kinds=KINDS, cover=cover)).simulate())
    print(times())
    return 0


if __name__ == "__main__":
    sys.exit(main())

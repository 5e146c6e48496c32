"""A simulated city that answers alerts: who is asked how, and what comes of it.

Each person has a rate of acceptance of his own, around the rate of his group; both lie in 17 to
47 % (DOMAIN.md). Whoever does not accept refuses or says nothing. Farther away and often asked
people accept less. The clock is the simulation's; everything is drawn from one seed, and the
same task meets the same people and the same willingness under every policy.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.match_city import City, city
from services.volunteer_dispatch.match.chance import Prior
from services.volunteer_dispatch.match.index import Candidate, Index, Volunteer, Wanted
from services.volunteer_dispatch.match.score import Weights

MINUTE = 60
LIMIT = 15 * MINUTE
"""Tasks accepted within this count; after it the grid team gets the task."""
LOWEST, HIGHEST = 0.17, 0.47
_ANSWER_MEDIAN, _ANSWER_SIGMA = 90.0, 1.0
"""Seconds until an answer: log-normal."""
_REFUSES = 0.4
"""Of those who do not accept, the share that says so."""
_HALF_KM = 6.0
"""Distance at which willingness is halved."""
_HOLDS = 3 * 3600
_WEEK = 7 * 24 * 3600
_START = 1_800_000_000
_CONSIDERED = 40


class Policy(NamedTuple):
    """How a task's people are asked."""

    name: str
    at_once: int
    silent: float = 180.0
    """Seconds until somebody who says nothing is replaced."""
    replaces: bool = True
    """Whether refusals and silences are replaced."""
    learnt: bool = False
    """Whether the best score is asked first; else the nearest."""
    weights: Weights = Weights()
    prior: Prior = Prior()
    weekly: int = 255
    """Alerts a week, at most, to one person."""


class Outcome(NamedTuple):
    """What came of a policy."""

    share: float
    """Tasks accepted within the limit."""
    alerts: float
    """Alerts a task."""
    minutes: float
    """Mean minutes until acceptance, of those accepted in time."""
    busiest: int
    """Most alerts that one person had in a week."""


@dataclass(frozen=True, slots=True)
class Population:
    """People, how willing each is, and the tasks: second, place."""

    people: tuple[Volunteer, ...]
    rates: dict[str, float]
    tasks: tuple[tuple[int, tuple[float, float]], ...]
    counted_from: int
    """Tasks before are for learning only."""
    tires: float
    """Of the willingness lost with each alert of the last week."""


def population(
    seed: int, people: int = 4_000, tasks: int = 4_000, days: int = 14, tires: float = 0.02
) -> Population:
    """A seeded population; the first half of its days is for learning."""
    rng = random.Random(seed)
    of: City = city(seed)
    groups = [rng.uniform(LOWEST, HIGHEST) for _ in range(60)]
    found, rates = [], {}
    for n in range(people):
        street, place = of.place(rng)
        group = rng.randrange(len(groups))
        id = f"p{n}"
        rates[id] = min(max(rng.gauss(groups[group], 0.08), LOWEST), HIGHEST)
        found.append(Volunteer(id, ("care",), f"g{street}", f"u{group}", place, rng.randint(1, 2)))
    when = sorted(rng.randrange(days * 24 * 3600) for _ in range(tasks))
    asked = tuple((second, of.place(rng)[1]) for second in when)
    return Population(tuple(found), rates, asked, days * 24 * 3600 // 2, tires)


@dataclass
class _Person:
    volunteer: Volunteer
    had: list[int] = field(default_factory=list)

    def recent(self, now: int) -> int:
        return sum(at > now - _WEEK for at in self.had)


@dataclass
class _Task:
    number: int
    start: int
    queue: Iterator[Candidate]
    asked: int = 0
    taken: int | None = None
    out: set[str] = field(default_factory=set)


class _Run:
    def __init__(self, of: Population, policy: Policy, seed: int) -> None:
        self.of, self.policy, self.seed = of, policy, seed
        self.index = Index(policy.prior, policy.weights)
        self.index.put_all(of.people)
        self.people = {one.id: _Person(one) for one in of.people}
        self.heap: list[tuple[int, int, str, _Task | None, str]] = []
        self.order = 0
        self.tasks: list[_Task] = []
        self.busiest = 0

    def later(self, at: int, what: str, task: _Task | None, id: str = "") -> None:
        self.order += 1
        heapq.heappush(self.heap, (at, self.order, what, task, id))

    def change(self, id: str, **more: int) -> None:
        person = self.people[id]
        old = person.volunteer._asdict()
        changed = {name: old[name] + by for name, by in more.items()}
        person.volunteer = person.volunteer._replace(**changed)
        self.index.put(person.volunteer)

    def begin(self, number: int, at: int, place: tuple[float, float]) -> None:
        wanted = Wanted("care", "", place, number=_CONSIDERED)
        found = self.index.find(wanted, _START + at)
        if not self.policy.learnt:
            found = sorted(found, key=lambda one: one.score.km)
        task = _Task(number, at, iter(found))
        self.tasks.append(task)
        self.later(at + LIMIT, "ends", task)
        for _ in range(self.policy.at_once):
            self.ask(task, at)

    def ask(self, task: _Task, now: int) -> None:
        candidate = next(task.queue, None)
        if candidate is None:
            return
        id = candidate.id
        person = self.people[id]
        # The same draw for the same person and task under every policy.
        rng = random.Random(f"{self.seed}/{task.number}/{id}")
        willing = self.of.rates[id] / (1 + candidate.score.km / _HALF_KM)
        willing *= max(0.0, 1 - self.of.tires * person.recent(now))
        person.had.append(now)
        self.busiest = max(self.busiest, person.recent(now))
        task.asked += 1
        task.out.add(id)
        recent = [at for at in person.had if at > now - _WEEK]
        rests = 0
        if len(recent) >= self.policy.weekly:
            rests = _START + recent[-self.policy.weekly] + _WEEK
        self.change(
            id,
            waiting=1,
            week=len(recent) - person.volunteer.week,
            rests_until=rests - person.volunteer.rests_until,
        )
        answers = now + int(rng.lognormvariate(0, _ANSWER_SIGMA) * _ANSWER_MEDIAN)
        if rng.random() < willing:
            self.later(answers, "accepts", task, id)
        elif rng.random() < _REFUSES:
            self.later(answers, "refuses", task, id)
        self.later(now + int(self.policy.silent), "silent", task, id)

    def answered(self, task: _Task, id: str, **counts: int) -> None:
        task.out.discard(id)
        self.change(id, waiting=-1, **counts)

    def step(self, at: int, what: str, task: _Task, id: str) -> None:
        over = task.taken is not None or at >= task.start + LIMIT
        if what == "ends":
            for other in sorted(task.out):
                self.answered(task, other)
        elif over:
            return
        elif what == "accepts":
            # A late yes counts as long as nobody else took it.
            late = id not in task.out
            task.taken = at
            self.change(id, held=1, accepted=1, asked=0 if late else 1, waiting=0 if late else -1)
            task.out.discard(id)
            for other in sorted(task.out):
                self.answered(task, other)
            self.later(at + _HOLDS, "done", None, id)
        elif id in task.out:
            self.answered(task, id, asked=1)
            if self.policy.replaces:
                self.ask(task, at)

    def run(self) -> Outcome:
        arriving = iter(enumerate(self.of.tasks))
        upcoming = next(arriving, None)
        while self.heap or upcoming is not None:
            if upcoming is not None and (not self.heap or upcoming[1][0] <= self.heap[0][0]):
                number, (at, place) = upcoming
                self.begin(number, at, place)
                upcoming = next(arriving, None)
                continue
            at, _, what, task, id = heapq.heappop(self.heap)
            if task is None:
                self.change(id, held=-1)
            else:
                self.step(at, what, task, id)
        counted = [task for task in self.tasks if task.start >= self.of.counted_from]
        times = [task.taken - task.start for task in counted if task.taken is not None]
        return Outcome(
            len(times) / len(counted),
            sum(task.asked for task in counted) / len(counted),
            sum(times) / max(len(times), 1) / MINUTE,
            self.busiest,
        )


def simulate(of: Population, policy: Policy, seed: int = 0) -> Outcome:
    """Play all tasks of a population under a policy."""
    return _Run(of, policy, seed).run()

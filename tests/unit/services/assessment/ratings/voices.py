"""Voices as residents and others cast them; everything from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Source, Vote
from services.assessment.tables import SHIPPED

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
DAYS = 14
RULES = RatingRules.model_validate_json((SHIPPED / "rating-rules.json").read_bytes())
FREE = RULES.model_copy(
    update={
        name: getattr(RULES, name).model_copy(update={"share": 1.0, "most": 10**6, "least": 10**3})
        for name in ("device", "network")
    }
    | {"rate_voices": 10**6, "regular_voices": 10**6}
)
"""No protection: what would have been."""
Attack = Literal["network", "device", "asker", "at_once"]
ATTACKS: dict[Source, tuple[Attack, ...]] = {
    Source.CODE: ("network", "device", "at_once"),
    Source.PANEL: ("network", "device", "at_once"),
    Source.FOLLOW_UP: ("network", "device", "asker", "at_once"),
}


def vote(n: int, *, satisfied: bool = True, **known: object) -> Vote:
    """The n-th voice, alone on its device and network, some minutes after the one before."""
    fields: dict[str, object] = {
        "id": f"v{n:05}",
        "at": START + timedelta(minutes=10 * n, seconds=n * n * 37 % 550),
        "source": Source.CODE,
        "place": "hall",
        "device": f"d{n:05}",
        "network": f"n{n:05}",
        "satisfied": satisfied,
    }
    return Vote(**fields | known)  # type: ignore[arg-type]


def answer(n: int, **known: object) -> Vote:
    """The n-th follow-up, answered by a resident: alone as `vote`, for a request of his own."""
    fields = {"source": Source.FOLLOW_UP, "place": "c1", "asker": f"t{n:05}", "entered": "resident"}
    return vote(n, **fields | known)  # type: ignore[arg-type]


@dataclass
class Cast:
    """The honest voices for one subject: households of one to three on a network."""

    chance: random.Random
    name: str

    def honest(self, number: int, share: float, sources: Sequence[Source]) -> list[Vote]:
        """`number` voices over two weeks, each satisfied with a probability of `share`. Of the
        follow-ups staff took a third by telephone, and some pages said no device."""
        votes: list[Vote] = []
        while len(votes) < number:
            household = f"{self.name}-home-{len(votes)}"
            for _ in range(self.chance.choices((1, 2, 3), (75, 18, 7))[0]):
                n = len(votes)
                one = self._vote(
                    n,
                    self.chance.choice(sources),
                    id=f"{self.name}-{n}",
                    at=self._moment(),
                    device=f"{self.name}-phone-{n}",
                    network=household,
                    satisfied=self.chance.random() < share,
                )
                if one.source is Source.FOLLOW_UP and self.chance.random() < 1 / 3:
                    member = f"{self.name}-member-{n % 3}"
                    one = one._replace(device="", network="", asker=member, entered="staff")
                elif one.source is Source.FOLLOW_UP and self.chance.random() < 1 / 2:
                    one = one._replace(device="")
                votes.append(one)
        return votes[:number]

    def stuffed(
        self, number: int, attack: Attack, source: Source, *, satisfied: bool
    ) -> list[Vote]:
        """`number` voices from one source, all alike: many devices on one network, one device on
        many networks, one telephone from everywhere, or many devices on one network within some
        minutes."""
        one, hour = f"{self.name}-attacker", self._moment()
        return [
            self._vote(
                n,
                source,
                id=f"{one}-{n}",
                at=hour + timedelta(seconds=self.chance.uniform(0, 200))
                if attack == "at_once"
                else self._moment(),
                device=one if attack == "device" else f"{one}-{n}",
                network=one if attack in ("network", "at_once") else f"{one}-{n}",
                satisfied=satisfied,
                asker=one if attack == "asker" else f"{one}-{n}",
            )
            for n in range(number)
        ]

    def _vote(self, n: int, source: Source, **known: object) -> Vote:
        if source is Source.FOLLOW_UP:
            return answer(n, **{"asker": f"{self.name}-number-{n}"} | known)
        known.pop("asker", None)
        return vote(n, source=source, place=f"{self.name}-{source}", **known)  # type: ignore[arg-type]

    def _moment(self) -> datetime:
        return START + timedelta(days=DAYS * self.chance.random())

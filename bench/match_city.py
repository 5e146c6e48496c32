"""A seeded city of volunteers and of people who ask: no real person, a real shape.

350 streets of different size stand in a box of 60 by 45 km; people live around their street's
middle. Common skills are held by many, `sign_language` by one in a thousand.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from services.volunteer_dispatch.match.index import Volunteer

STREETS = 350
SKILLS = {
    "care": 0.4,
    "errands": 0.3,
    "companionship": 0.25,
    "tutoring": 0.15,
    "repairs": 0.1,
    "medical": 0.05,
    "law": 0.02,
    "sign_language": 0.001,
}
_SOUTH, _WEST, _HIGH, _WIDE = 22.5, 113.8, 0.4, 0.6


@dataclass(frozen=True, slots=True)
class City:
    """Streets' middles with their weights."""

    streets: tuple[tuple[float, float], ...]
    weights: tuple[float, ...]

    def place(self, rng: random.Random) -> tuple[int, tuple[float, float]]:
        """A street, and a place in it: latitude and longitude."""
        street = rng.choices(range(STREETS), self.weights)[0]
        latitude, longitude = self.streets[street]
        return street, (rng.gauss(latitude, 0.008), rng.gauss(longitude, 0.008))


def city(seed: int = 2014) -> City:
    """The city of a seed."""
    rng = random.Random(seed)
    streets = tuple(
        (_SOUTH + _HIGH * rng.random(), _WEST + _WIDE * rng.random()) for _ in range(STREETS)
    )
    return City(streets, tuple(rng.lognormvariate(0, 0.8) for _ in range(STREETS)))


def volunteers(of: City, number: int, seed: int = 1, capacity: int = 2) -> Iterator[Volunteer]:
    """Volunteers with a place, skills and answers given so far."""
    rng = random.Random(seed)
    for _ in range(number):
        street, place = of.place(rng)
        skills = tuple(skill for skill, share in SKILLS.items() if rng.random() < share)
        asked = rng.randrange(20)
        yield Volunteer(
            id=str(uuid.UUID(int=rng.getrandbits(128))),
            skills=skills or ("care",),
            grid_id=f"g{street}-{rng.randrange(85)}",
            group=f"u{rng.randrange(500)}",
            place=place,
            capacity=rng.randint(1, capacity),
            asked=asked,
            accepted=sum(rng.random() < 0.32 for _ in range(asked)),
        )


def tasks(of: City, number: int, seed: int = 2) -> list[tuple[str, tuple[float, float]]]:
    """Skill and place of tasks: skills are needed as often as they are held, rare ones seldom."""
    rng = random.Random(seed)
    skills = rng.choices(list(SKILLS), list(SKILLS.values()), k=number)
    return [(skill, of.place(rng)[1]) for skill in skills]

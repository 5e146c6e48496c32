"""What happens on the demo day, decided beforehand from a seed: pure data."""

from dataclasses import dataclass
from random import Random

from deploy.local.demo.areas import Community, communities
from deploy.local.demo.people import TELEPHONES, resident_name
from deploy.local.demo.words import SHARES, TEXTS

DAY_HOURS = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One resident's request, and how it will go.

    `hours_ago` None: sent by the resident just now; else taken by the street's service centre
    so long ago, and entered now. `solved` is the answer after each round of work.
    """

    number: int
    category: str
    text: str
    channel: str
    kind: str
    community: Community
    point: tuple[float, float] | None
    name: str
    telephone: str
    hours_ago: float | None
    declined: bool
    returned: bool
    contacted: bool
    solved: tuple[bool, ...]
    """Empty: the resident does not answer."""
    satisfied: int


def day(seed: int = 1014, hours: float = DAY_HOURS) -> list[Asked]:
    """The requests of a day in random order; the same for the same seed."""
    random = Random(seed)
    categories = [category for category, share in SHARES.items() for _ in range(share)]
    random.shuffle(categories)
    places = communities()
    streets = sorted({place.street for place in places})
    # Streets differ in how well they work, so that there is something to rank.
    care = {street: random.uniform(0.72, 0.97) for street in streets}
    return [
        _asked(random, number, category, random.choice(places), care, hours)
        for number, category in enumerate(categories, 1)
    ]


def _asked(
    random: Random,
    number: int,
    category: str,
    place: Community,
    care: dict[str, float],
    hours: float,
) -> Asked:
    good = care[place.street]
    own = random.random() < 0.35
    solved: tuple[bool, ...] = ()
    if random.random() < 0.88:
        solved = (True,) if random.random() < good else (False, random.random() < 0.8)
    return Asked(
        number=number,
        category=category,
        text=random.choice(TEXTS[category]).format(place=place.name),
        channel=random.choice(("web", "app")) if own else random.choice(("hotline", "window")),
        kind=_kind(random, category),
        community=place,
        # Some give only the name of their community.
        point=place.box.at(random.random(), random.random()) if random.random() < 0.85 else None,
        name=resident_name(random),
        telephone=str(TELEPHONES + 5_000_000 + number),
        hours_ago=None if own else round(random.uniform(0.2, 1.0) * hours, 2),
        declined=random.random() < 0.08,
        returned=random.random() < 0.05,
        contacted=random.random() < good + 0.03,
        solved=solved,
        satisfied=random.choice((5, 5, 4) if random.random() < good else (3, 2, 1)),
    )


def _kind(random: Random, category: str) -> str:
    if category in ("government", "education", "health", "members"):
        return "question"
    if category == "care":
        return "help"
    return random.choice(("complaint", "complaint", "help"))

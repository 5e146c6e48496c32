"""The rows of the files, one by one, from the plan alone."""

from collections.abc import Iterator
from random import Random
from typing import Any

from cli.city.plan import CITY, Plan, first, grid_id, parent, person_id, unit_id
from cli.city.shapes import cell_of, inside, polygon
from deploy.local.demo.people import GIVEN, SKILLS, SURNAMES, TELEPHONES
from shared.contracts.words import LABELS, Domain

Row = list[Any]

AREAS = ("id", "name", "level", "parent")
UNITS = ("id", "name", "domain", "area")
ORGANIZATIONS = ("id", "name", "domain", "level", "unit_id", "area", "parent")
PEOPLE = (
    "id", "name", "telephone", "skills", "grid_id", "capacity", "available", "longitude",
    "latitude", "unit_id", "organization_id",
)  # fmt: skip
_OF_A_UNIT, _OF_A_COMMUNITY = 0.5, 0.6
"""Six in ten are members, six an organization: five of the organization of the unit that they work
at, one of that of the community that he or she lives in. The others are volunteers alone."""
_SERVING = 0.25
"""Of the members, so many take tasks themselves. Both shares are assumed, not counted anywhere:
they leave 55 % of all with a capacity, so that there are many who are asked, and many who are only
registered."""
_FIRST = "青云和平安东西南北新长永兴文华金银玉石松柏梅兰竹桂江河湖海山泉星月光明春秋福禄"
_LAST = "水桥塘湾岗坪溪口坊门亭阁园里井田林庄堂苑"
_KINDS: dict[str, tuple[str, ...]] = {
    "village": ("合作社", "农场"),
    "state_enterprise": ("供水公司", "公交公司", "热力公司"),
    "community": ("服务中心", "养老驿站"),
    "agency": ("税务所", "司法所", "水务局"),
    "university": ("学院", "大学"),
    "public_institution": ("医院", "中学", "小学"),
    "private_enterprise": ("科技公司", "商场", "物业公司"),
    "social_organization": ("志愿者协会", "商会"),
}
_DOMAINS = tuple(domain.value for domain in Domain)


def place_name(n: int, turn: int = 0) -> str:
    """A name of two characters; places beside each other have different ones."""
    return _FIRST[(n * 7 + turn) % len(_FIRST)] + _LAST[(n * 3 + n // len(_LAST)) % len(_LAST)]


def areas(plan: Plan) -> Iterator[Row]:
    """The city, its districts, streets and communities, each after its parent."""
    yield [CITY, "广连市", "city", ""]
    for n in range(plan.districts):
        yield [plan.district(n), f"{place_name(n, 1)}区", "district", CITY]
    for n in range(plan.streets):
        above = plan.district(parent(n, plan.streets, plan.districts))
        yield [plan.street(n), f"{place_name(n, 2)}街道", "street", above]
    for n in range(plan.communities):
        above = plan.street(parent(n, plan.communities, plan.streets))
        yield [plan.community(n), f"{place_name(n, 3)}社区", "community", above]


def units(plan: Plan) -> Iterator[Row]:
    """Units of all domains, spread over the communities."""
    for n in range(plan.units):
        domain, kinds, area = _unit(plan, n)
        kind = kinds[n // len(_DOMAINS) % len(kinds)]
        yield [unit_id(n), f"{place_name(n, 4)}{kind}{n + 1}", domain, plan.community(area)]


def _unit(plan: Plan, n: int) -> tuple[str, tuple[str, ...], int]:
    domain = _DOMAINS[n % len(_DOMAINS)]
    return domain, _KINDS[domain], parent(n, plan.units, plan.communities)


def organizations(plan: Plan) -> Iterator[Row]:
    """The organizations of the areas as a tree; under them those of the units and branches."""
    yield ["o-city", "广连市委", "agency", "city", "", CITY, ""]
    for n in range(plan.districts):
        code = plan.district(n)
        yield [f"o-{code}", f"{place_name(n, 1)}区委", "agency", "county", "", code, "o-city"]
    for n in range(plan.streets):
        code, above = plan.street(n), plan.district(parent(n, plan.streets, plan.districts))
        name = f"{place_name(n, 2)}街道党工委"
        yield [f"o-{code}", name, "community", "township", "", code, f"o-{above}"]
    for n in range(plan.communities):
        code, above = plan.community(n), plan.street(parent(n, plan.communities, plan.streets))
        name = f"{place_name(n, 3)}社区党委"
        yield [f"o-{code}", name, "community", "grassroots", "", code, f"o-{above}"]
    for k in range(_of_units(plan)):
        n, branch = k % plan.units, k // plan.units
        domain, _, area = _unit(plan, n)
        above = f"o-{plan.community(area)}" if branch == 0 else f"o-{unit_id(n)}-0"
        label = LABELS[f"domain.{domain}"][0]
        kind = "党委" if branch == 0 else f"第{branch}党支部"
        name = f"{place_name(n, 4)}{label}{n + 1}{kind}"
        yield [f"o-{unit_id(n)}-{branch}", name, domain, "grassroots", unit_id(n), "", above]


def _of_units(plan: Plan) -> int:
    """How many organizations are units' own."""
    return max(0, plan.organizations - plan.areas)


def _branch(plan: Plan, unit: int, n: int) -> str:
    """The organization of a unit that its member `n` belongs to; nothing where it has none."""
    branches = -(-(_of_units(plan) - unit) // plan.units)
    return f"o-{unit_id(unit)}-{n // plan.units % branches}" if branches > 0 else ""


def grids(plan: Plan) -> Iterator[dict[str, Any]]:
    """Features: each grid with its polygon, organization and team of three."""
    for n in range(plan.grids):
        area = plan.community(plan.grid_community(n))
        x, y = cell_of(n, plan.grids)
        team = plan.team(n, 3)
        properties = {
            "id": grid_id(n),
            "name": f"{place_name(plan.grid_community(n), 3)}第{n + 1}网格",
            "area": area,
            "communities": [area],
            "organization_id": f"o-{area}",
            "leader": team[0] if team else None,
            "members": team[1:],
            "level": "community_grid",
            "population": 300 + n * 37 % 900,
        }
        ring = polygon(plan.seed, x, y)
        geometry = {"type": "Polygon", "coordinates": [ring]}
        yield {"type": "Feature", "properties": properties, "geometry": geometry}


def people(plan: Plan) -> Iterator[Row]:
    """Members and volunteers by grid; telephones that nobody can have."""
    for grid in range(plan.grids):
        random = Random(f"{plan.seed}:people:{grid}")
        x, y = cell_of(grid, plan.grids)
        own = f"o-{plan.community(plan.grid_community(grid))}"
        for n in range(
            first(grid, plan.people, plan.grids), first(grid + 1, plan.people, plan.grids)
        ):
            longitude, latitude = inside(x, y, random.random(), random.random())
            role, unit = random.random(), n % plan.units
            working, member = role < _OF_A_UNIT, role < _OF_A_COMMUNITY
            serving = not member or random.random() < _SERVING
            yield [
                person_id(n),
                random.choice(SURNAMES) + random.choice(GIVEN),
                TELEPHONES + n + 1,
                ";".join(sorted(random.sample(SKILLS, random.randint(1, 3)))),
                grid_id(grid),
                random.randint(1, 4) if serving else 0,
                "true" if random.random() < 0.95 else "false",
                f"{longitude:.3f}",
                f"{latitude:.3f}",
                unit_id(unit) if working else "",
                (_branch(plan, unit, n) if working else "") or (own if member else ""),
            ]

"""The demo city's 40 units of all eight domains, its 60 organizations, and who handles what."""

from deploy.local.demo.areas import CITY, CITY_NAME, Row, communities, districts, streets

EAST, WEST = (f"{CITY}01", f"{CITY}02")

_AGENCIES = {
    "traffic-police": "公安局交通警察支队",
    "environment-bureau": "生态环境局",
    "market-bureau": "市场监督管理局",
    "labor-bureau": "人力资源和社会保障局",
    "planning-bureau": "自然资源和规划局",
}
_ENTERPRISES = {"bus-group": "公共交通集团", "heating": "公用事业集团", "telecom": "通信公司"}
SUPERIOR = "heating"
"""The districts' utilities are under its management: they are heard on both lines (art. 14)."""
_UNIVERSITIES = {
    "university": "连心大学",
    "normal-college": "连心师范学院",
    "medical-college": "连心医学院",
    "vocational-college": "连心职业技术学院",
}
_SOCIETIES = {
    "social-work": "启明社会工作服务中心",
    "volunteer-society": "志愿服务联合会",
    "mediation": "和合人民调解协会",
}
_VILLAGES = ("石桥村", "竹林", "滨河")


def unit_rows() -> list[Row]:
    """Units as the registry's import takes them."""
    rows = [_unit(id, CITY_NAME + name, "agency", CITY) for id, name in _AGENCIES.items()]
    rows += [_unit(id, CITY_NAME + n, "state_enterprise", CITY) for id, n in _ENTERPRISES.items()]
    under = {"system": "utilities", "superior_unit_id": SUPERIOR}
    for id, (code, name) in zip(("east", "west"), districts().items(), strict=True):
        rows.append(_unit(f"city-management-{id}", f"{name}城市管理局", "agency", code))
        utility = _unit(f"utility-{id}", f"{name}水电气公用事业公司", "state_enterprise", code)
        rows.append(utility | under)
        rows.append(_unit(f"hospital-{id}", f"{name}人民医院", "public_institution", code))
        rows.append(_unit(f"schools-{id}", f"{name}中小学教育集团", "public_institution", code))
    rows += [_unit(id, name, "university", WEST) for id, name in _UNIVERSITIES.items()]
    rows += [_unit(id, n, "social_organization", EAST) for id, n in _SOCIETIES.items()]
    for code, name in streets().items():
        short = name.removesuffix("街道")
        rows.append(_unit(f"service-{code}", f"{name}党群服务中心", "community", code))
        rows.append(
            _unit(f"property-{code}", f"{short}安居物业服务公司", "private_enterprise", code)
        )
    villages = [c for c in communities() if c.name.startswith(_VILLAGES)]
    rows += [
        _unit(f"village-{c.code}", f"{c.name.removesuffix('社区').removesuffix('村')}村经济合作社",
              "village", c.code)
        for c in villages
    ]  # fmt: skip
    rows += [_unit("library", f"{CITY_NAME}图书馆", "public_institution", CITY)]
    rows += [_unit("retailer", "惠民超市连锁公司", "private_enterprise", EAST)]
    return rows


def organization_rows() -> list[Row]:
    """A tree: the city's, the districts', streets', communities', and those of 27 units."""
    rows = [_organization(CITY, f"中共{CITY_NAME}委员会", "agency", "city", None)]
    rows += [
        _organization(code, f"中共{name}委员会", "agency", "county", CITY)
        for code, name in districts().items()
    ]
    rows += [
        _organization(code, f"中共{name}工作委员会", "community", "township", code[:6])
        for code, name in streets().items()
    ]
    rows += [
        _organization(c.code, f"中共{c.name}委员会", "community", "grassroots", c.street)
        for c in communities()
    ]
    with_own = [unit for unit in unit_rows() if unit["domain"] != "community"][:27]
    rows += [
        {
            "id": f"org-{unit['id']}",
            "name": f"中共{unit['name']}委员会",
            "domain": unit["domain"],
            "level": "grassroots",
            "unit_id": unit["id"],
            "area": unit["area"],
            "parent": f"org-{unit['area']}",
        }
        for unit in with_own
    ]
    return rows


def routing_table() -> Row:
    """Dispatch's routing table: which unit handles which category where."""
    rules: list[Row] = []
    for id, code in (("east", EAST), ("west", WEST)):
        rules.append(_rule(["utilities"], [code], f"unit:utility-{id}"))
        rules.append(_rule(["city_appearance"], [code], f"unit:city-management-{id}"))
        rules.append(_rule(["health"], [code], f"unit:hospital-{id}"))
        rules.append(_rule(["education"], [code], f"unit:schools-{id}"))
    for code in streets():
        rules.append(_rule(["housing"], [code], f"unit:property-{code}"))
    rules += [
        _rule(["traffic"], [], "unit:traffic-police"),
        _rule(["environment"], [], "unit:environment-bureau"),
        _rule(["market"], [], "unit:market-bureau"),
        _rule(["labor"], [], "unit:labor-bureau"),
        _rule(["land"], [], "unit:planning-bureau"),
        _rule(["government"], [], "domain:community"),
        {"categories": ["care"], "urgencies": ["ordinary"], "to": "volunteer", "skill": "care"},
        {"to": "grid_team"},
    ]
    return {"rules": rules, "volunteers_tried": 3, "units_tried": 3}


def _rule(categories: list[str], areas: list[str], to: str) -> Row:
    return {"categories": categories, "areas": areas, "to": to}


def _unit(id: str, name: str, domain: str, area: str) -> Row:
    return {"id": id, "name": name, "domain": domain, "area": area}


def _organization(area: str, name: str, domain: str, level: str, parent: str | None) -> Row:
    row: Row = {"id": f"org-{area}", "name": name, "domain": domain, "level": level, "area": area}
    return row if parent is None else row | {"parent": f"org-{parent}"}

"""The demo city into the registry, through its bulk loads; safe to run again."""

from deploy.local.demo.api import ADMINISTRATOR, Api, Refused
from deploy.local.demo.areas import CITY, Row, area_rows
from deploy.local.demo.people import team_rows, volunteer_rows
from deploy.local.demo.units import organization_rows, routing_table, unit_rows
from deploy.local.errors import LocalError
from deploy.local.steps import Advance

ROWS_AT_ONCE = 100


def city() -> list[tuple[str, list[Row]]]:
    """Kind and rows, in the order in which they refer to each other."""
    return [
        ("areas", area_rows()),
        ("units", unit_rows()),
        ("organizations", organization_rows()),
        ("grids", team_rows()),
        ("people", volunteer_rows()),
    ]


async def is_loaded(api: Api) -> bool:
    """Whether the city is there, to its last row."""
    kind, rows = city()[-1]
    try:
        await api.get("registry", f"/v1/areas/{CITY}")
        await api.get("registry", f"/v1/{kind}/{rows[-1]['id']}")
    except Refused as refused:
        if refused.status == 404:
            return False
        raise
    return True


async def load(api: Api, advance: Advance) -> None:
    """Import every row, and put the city's routing table in force."""
    for kind, rows in city():
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            answer = await api.post(
                "registry", f"/v1/imports/{kind}", ADMINISTRATOR, {"rows": part}
            )
            for result in answer["results"]:
                if result["status"] == "rejected":
                    raise LocalError(
                        f"The registry rejected {kind} {result.get('id')} of the demo city: "
                        f"{result['reason']['en']}"
                    )
            advance(len(part))
    await api.call("PUT", "volunteer_dispatch", "/v1/routing", json=routing_table(), match="*")
    # A demo day is played at any hour, also at night.
    at_any_hour = {"quiet_from": None}
    await api.call("PUT", "volunteer_dispatch", "/v1/alerts", json=at_any_hour, match="*")

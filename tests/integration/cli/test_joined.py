"""Three requests joined, over four real services: one piece of work, three answers, audit clean."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.contracts.ids import lead_task_id
from tests.eventually import eventually
from tests.integration.cli.conftest import Run

STREET = "1502"


@pytest.fixture
def http(lianxin: Run, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client with an administrator's token; the registry has a street."""
    file = tmp_path / "areas.csv"
    file.write_text(f"id,name,level,parent\n15,东区,district,\n{STREET},坑梓街道,street,15\n")
    lianxin("import", "areas", file)
    token = lianxin("token", "--role", "administrator").stdout.strip()
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        yield client


def test_a_group_is_one_piece_of_work_and_every_resident_counts(
    lianxin: Run, environment: dict[str, str], http: httpx.Client
) -> None:
    intake, dispatch, assessment = (
        f"{environment[f'LIANXIN_{name}_URL']}/v1"
        for name in ("REQUEST_INTAKE", "VOLUNTEER_DISPATCH", "ASSESSMENT")
    )
    body = {"text": "楼下路灯坏了，一片漆黑", "place": {"area": STREET}}

    def wait(what: str, look: Any) -> Any:
        async def there() -> Any:
            return look()

        return asyncio.run(eventually(there, 40, what, 0.1))

    def filed() -> str | None:
        answer = http.post(f"{intake}/requests", json=body)
        # 422 until the registry's areas have come to intake.
        assert answer.status_code in (201, 422), answer.text
        return str(answer.json()["id"]) if answer.status_code == 201 else None

    def has(id: str, status: str) -> Any:
        found = http.get(f"{intake}/requests/{id}").json()
        return found if found["status"] == status else None

    def figure() -> dict[str, Any]:
        lianxin("audit", "--wait", 60)  # clean, and every figure is the recount's
        month = http.get(f"{assessment}/months").json()["items"][0]
        page = http.get(f"{assessment}/figures", params={"month": month, "kind": "street"}).json()
        found: dict[str, Any] = next(one for one in page["items"] if one["id"] == STREET)
        return found

    lead, second, third = (wait("filed", filed) for _ in range(3))
    similar = http.get(f"{intake}/requests/{third}/similar").json()["items"]
    assert {item["id"] for item in similar} == {lead, second}
    for id in (second, third):
        joined = http.post(f"{intake}/requests/{id}/join", json={"to": lead})
        assert joined.json()["joined_to"] == lead
    task = f"{dispatch}/tasks/{lead_task_id(lead)}"
    wait("the task", lambda: http.post(f"{task}/accept").is_success)
    assert http.post(f"{task}/complete", json={"words": "路灯已修好"}).is_success
    for id in (lead, second, third):
        wait(f"{id} is asked", lambda id=id: has(id, "completed"))
    for id, satisfied in ((lead, 5), (second, 4)):
        answer = {"contacted": True, "solved": True, "satisfied": satisfied}
        assert http.post(f"{intake}/requests/{id}/follow-ups", json=answer).json()["status"] == (
            "closed"
        )
    shown = figure()
    assert (shown["requests"], shown["followed_up"]) == (1, 2)
    assert (shown["satisfaction_rate"], shown["in_time_rate"]) == (1.0, 1.0)

    no = {"contacted": True, "solved": False, "satisfied": 1}
    again = http.post(f"{intake}/requests/{third}/follow-ups", json=no).json()
    assert (again["status"], again["round"]) == ("reopened", 2)
    wait("its own task", lambda: has(third, "assigned"))
    own = http.get(f"{dispatch}/tasks/{lead_task_id(third)}").json()
    assert (own["status"], own["round"], own["joined"]) == ("assigned", 2, None)
    assert has(lead, "closed")
    shown = figure()
    # The third is a piece of work of its own again.
    assert (shown["requests"], shown["followed_up"]) == (2, 3)
    assert shown["satisfaction_rate"] == pytest.approx(2 / 3)

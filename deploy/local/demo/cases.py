"""One request of the demo day from start to finish, each step by the one whose step it is."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from deploy.local.demo.actors import holder, operator, resident, volunteer
from deploy.local.demo.api import Api, Refused
from deploy.local.demo.plan import Asked
from deploy.local.demo.unit_systems import WITH_HTTP, WITH_KAFKA, Said, UnitSystems
from deploy.local.demo.words import COMPLAINTS, DECLINED, DONE, RETURNED, THANKS
from deploy.local.errors import LocalError
from shared.contracts.ids import lead_task_id
from shared.contracts.units import TaskProgress, TaskResult

STEP_SECONDS = 120.0
LOOK_SECONDS = 0.25
BETWEEN = (403, 404, 409)
"""The task has moved on between looking and acting, or is not there yet: look again."""


@dataclass(slots=True)
class Script:
    """How the holders of one task behave in one round."""

    decline: bool
    give_back: bool
    _reported: str = ""

    def next(self, task: Mapping[str, Any]) -> str:
        """What the holder does now: a command of dispatch, or `report`, `wait`, `end`."""
        status, assignee = task["status"], task["assignee"]
        if status in ("completed", "closed", "cancelled"):
            return "end"
        if assignee is None:
            # Volunteers are asked, or soon will be.
            return self._answer() if task["asked"] else "wait"
        if assignee["id"] == self._reported:
            return "wait"  # the unit's records are on their way
        if assignee["kind"] == "unit" and assignee["id"] in (*WITH_KAFKA, *WITH_HTTP):
            self._reported = assignee["id"]
            return "report"
        if status == "assigned":
            return self._answer()
        give_back = self.give_back and task["level"] == 0
        self.give_back = self.give_back and not give_back
        return "return" if give_back else "complete"

    def _answer(self) -> str:
        decline, self.decline = self.decline, False
        return "decline" if decline else "accept"


class CasePlayer:
    """Plays requests; `tag` makes one day's idempotency keys differ from another's."""

    def __init__(self, api: Api, systems: UnitSystems, tag: str) -> None:
        self._api, self._systems, self._tag = api, systems, tag

    async def play(self, asked: Asked) -> None:
        """File it, work on it, ask the resident, again where it was not solved."""
        filed = await self.file(asked)
        for round, solved in enumerate(asked.solved or (True,), 1):
            await self._work(asked, filed["id"], round)
            if asked.solved:
                await self._answer(asked, filed["tracking_code"], round, solved)
        if asked.solved and not asked.solved[-1]:
            await self._work(asked, filed["id"], len(asked.solved) + 1)

    async def file(self, asked: Asked) -> dict[str, Any]:
        """File the request; intake's answer."""
        body: dict[str, Any] = {
            "channel": asked.channel,
            "kind": asked.kind,
            "text": asked.text,
            "place": {"area": asked.community.code},
            "requester": {"name": asked.name, "telephone": asked.telephone},
        }
        if asked.point is not None:
            longitude, latitude = asked.point
            body["place"] = {"point": {"longitude": longitude, "latitude": latitude}}
        who = resident(asked.number)
        if asked.hours_ago is not None:
            who = operator(f"service-{asked.community.street}")
            happened = datetime.now(UTC) - timedelta(hours=asked.hours_ago)
            body["happened_at"] = happened.isoformat(timespec="seconds")
        key = f"demo-{self._tag}-{asked.number}"
        filed: dict[str, Any] = await self._api.post(
            "request_intake", "/v1/requests", who, body, key
        )
        return filed

    async def _work(self, asked: Asked, request_id: str, round: int) -> None:
        """Act on the task as whoever holds it, until this round's work is completed."""
        id = lead_task_id(request_id)
        random = Random(f"{asked.number}/{round}")
        first = round == 1
        script = Script(decline=asked.declined and first, give_back=asked.returned and first)
        end = time.monotonic() + STEP_SECONDS
        task: dict[str, Any] | None = None
        while time.monotonic() < end:
            task = task or await self._look(id)
            step = "wait" if task is None or task["round"] != round else script.next(task)
            if task is None or step == "wait":
                task = None
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if step == "end":
                return
            try:
                task = await self._do(step, task, random)
            except Refused as refused:
                if refused.status not in BETWEEN:
                    raise
                task = None
        raise LocalError(
            f"The task {id} of the demo day was not completed within {STEP_SECONDS:g} seconds: "
            "see the services' logs."
        )

    async def _do(self, step: str, task: dict[str, Any], random: Random) -> dict[str, Any] | None:
        """Do a step as the holder; the task after it, None where that is not known."""
        bodies: dict[str, Any] = {
            "decline": {"reason": random.choice(DECLINED)},
            "accept": None,
            "return": {"reason": random.choice(RETURNED), "ground": "not_my_duty"},
            "complete": {"words": random.choice(DONE)},
        }
        if step == "report":
            await self._report(task["assignee"]["id"], task["id"], random.choice(DONE))
            return None
        who = holder(task["assignee"]) if task["assignee"] else volunteer(task["asked"][0])
        path = f"/v1/tasks/{task['id']}/{step}"
        after: dict[str, Any] = await self._api.post("volunteer_dispatch", path, who, bodies[step])
        return after

    async def _look(self, id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = await self._api.get("volunteer_dispatch", f"/v1/tasks/{id}")
        except Refused as refused:
            if refused.status != 404:
                raise
            return None
        return found

    async def _report(self, unit: str, task_id: str, words: str) -> None:
        """A unit that works in its own system tells of the work done."""
        now = datetime.now(UTC)
        subject = f"task/{task_id}"
        await self._systems.say(
            unit,
            [
                Said(subject, TaskProgress(status="accepted"), now),
                Said(subject, TaskResult(completed_at=now, words=words), now),
            ],
        )

    async def _answer(self, asked: Asked, code: str, round: int, solved: bool) -> None:
        """The resident's answer, as soon as intake has heard that the work is done."""
        answer: dict[str, Any] = {
            "contacted": asked.contacted or solved,
            "solved": solved,
            "satisfied": asked.satisfied if solved else 1 + asked.number % 2,
            "words": (THANKS if solved else COMPLAINTS)[asked.number % 2],
        }
        key = f"demo-{self._tag}-{asked.number}-answer-{round}"
        end = time.monotonic() + STEP_SECONDS
        while True:
            try:
                path = f"/v1/timelines/{code}/follow-ups"
                await self._api.post("request_intake", path, None, answer, key)
                return
            except Refused as refused:
                if refused.status != 409 or time.monotonic() > end:
                    raise
            await asyncio.sleep(LOOK_SECONDS)

"""Groups with skills over HTTP: what they are asked, and who of them takes it."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Request, Response
from pydantic import Field, StringConstraints

from services.volunteer_dispatch.desk import Worker, by_of, detail, load, parts_of
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas import Refusal, TaskDetail, TaskView, shown
from services.volunteer_dispatch.service import alerts, groups
from services.volunteer_dispatch.service.group_ids import group_key
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from shared.storage.aggregates import Contended, Decision, VersionMismatch
from shared.web.auth import Principal, Role
from shared.web.etag import etag, if_match
from shared.web.messages import register_messages
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Body

register_messages(
    {
        "group-not-found": {
            "zh": "没有编号为 {id} 的队伍：请到登记服务核对。",
            "en": "There is no group {id}: look it up in the registry.",
        },
        "group-not-yours": {
            "zh": "您不在这支队伍里：请由队员、队长或其单位办理。",
            "en": "You are not of this group: ask its members, its leader or its unit.",
        },
        "group-leader-names": {
            "zh": "队员只能自己接：请队长或其单位指定他人。",
            "en": "A member takes it for himself or herself: the leader or the unit names others.",
        },
        "not-of-the-group": {
            "zh": "{id} 不在这支队伍里：请指定队员或队长。",
            "en": "{id} is not of this group: name a member or the leader.",
        },
        "group-full": {
            "zh": "这支队伍现在不接任务或手上的任务已满：请先办结一个，或婉拒这次邀请。",
            "en": "The group is not available or holds as many tasks as it can: finish one first, "
            "or decline this one.",
        },
    }
)

router = Router(prefix="/v1", tags=["groups"])

_TRIES = 5
_LISTED = 200
GroupId = Annotated[str, StringConstraints(min_length=1, max_length=110)]


class Taker(Body):
    """Who of the group takes the task; oneself unless named."""

    volunteer_id: GroupId | None = Field(default=None, description="A member, or the leader")


@router.get("/groups/{group_id}/tasks")
async def list_group_tasks(
    request: Request, group_id: GroupId, principal: Worker
) -> list[TaskView]:
    """What the group is asked, and what its members have for it, by deadline; at most 200."""
    parts = parts_of(request)
    await _group(parts, group_id, principal)
    now = datetime.now(UTC)
    return [
        TaskView.model_validate(
            shown(TaskState.model_validate(row["state"]), row["version"], now, group_key(group_id))
        )
        for row in await parts.group_tasks.of(group_id, _LISTED)
    ]


@router.post("/groups/{group_id}/tasks/{id}/accept")
async def accept_for_group(
    request: Request,
    response: Response,
    group_id: GroupId,
    id: str,
    body: Taker,
    principal: Worker,
) -> TaskDetail:
    """The group takes the task, and somebody named of it has it.

    A place of the member and one of the group are reserved, then the task is written on the
    version read (see `matching`).
    """
    parts, expected = parts_of(request), if_match(request)
    group = await _group(parts, group_id, principal)
    taker = _taker(group, body, principal)
    for _ in range(_TRIES):
        task, state = await load(parts, id)
        if expected is not None and task.version != expected:
            raise VersionMismatch(task.version)
        _ensure_asked(state, group_id)
        own = Reservation(volunteer_id=taker, token=uuid4().hex)
        place = Reservation(volunteer_id=group_key(group_id), token=uuid4().hex)
        await _reserve(parts, id, own, place)
        volunteer = await parts.volunteers.find(taker) or {}
        context = parts.context()
        assignee = context.directory.volunteer(
            taker, volunteer.get("unit_id"), volunteer.get("grid_id")
        )
        step = groups.accept(state, group_id, assignee, own, place, context)
        parts.store.record(task, Decision(*step, f"group {group_id}"), by=by_of(principal))
        if await parts.store.write([task]):
            task.version += 1
            response.headers["ETag"] = etag(task.version)
            return detail(parts, task, step[0], principal)
        for one in (own, place):
            await parts.everybody.release(one)
    raise Contended(id)


@router.post("/groups/{group_id}/tasks/{id}/decline")
async def decline_for_group(
    request: Request,
    response: Response,
    group_id: GroupId,
    id: str,
    body: Refusal,
    principal: Worker,
) -> TaskDetail:
    """The group says no, by its leader or its unit; the next one is asked."""
    parts = parts_of(request)
    group = await _group(parts, group_id, principal)
    if not _may_name(group, principal):
        raise Problem(403, "group-leader-names")

    def decide(state: TaskState | None) -> Decision[TaskState]:
        assert state is not None
        _ensure_asked(state, group_id)
        return Decision(*alerts.decline(state, group_key(group_id)), body.reason)

    await load(parts, id)
    task = await parts.store.execute(id, decide, by=by_of(principal), version=if_match(request))
    assert task.state is not None
    response.headers["ETag"] = etag(task.version)
    return detail(parts, task, task.state, principal)


async def _group(parts: Parts, id: str, principal: Principal) -> dict[str, Any]:
    """The group's document, for those of it and those above. Raises `Problem` 403, 404."""
    group = await parts.groups.find(id)
    if group is None:
        raise Problem(404, "group-not-found", id=id)
    of_it = principal.role is Role.VOLUNTEER and principal.volunteer_id in groups.members_of(group)
    if not of_it and not _may_name(group, principal):
        raise Problem(403, "group-not-yours")
    return group


def _may_name(group: dict[str, Any], principal: Principal) -> bool:
    """Whether the caller speaks for the group: leader, its unit, or who stands above."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return True
        case Role.AREA_MANAGER:
            return not principal.areas.isdisjoint(group.get("area_path") or ())
        case Role.UNIT_OPERATOR:
            return principal.unit_id is not None and principal.unit_id == group.get("unit_id")
        case Role.VOLUNTEER:
            me = principal.volunteer_id
            return me is not None and me == group.get("leader")
        case _:
            return False


def _taker(group: dict[str, Any], body: Taker, principal: Principal) -> str:
    """Who takes it. Raises `Problem` 403, 422."""
    taker = body.volunteer_id or principal.volunteer_id or ""
    if taker != principal.volunteer_id and not _may_name(group, principal):
        raise Problem(403, "group-leader-names")
    if taker not in groups.members_of(group):
        raise Problem(422, "not-of-the-group", field="volunteer_id", id=taker)
    return taker


def _ensure_asked(state: TaskState, group_id: str) -> None:
    if state.status is not Status.MATCHING or state.alerts.of(group_key(group_id)) is None:
        raise Problem(409, "alert-over", state=state.status.value)


async def _reserve(parts: Parts, id: str, own: Reservation, place: Reservation) -> None:
    """Both places or none. Raises `Problem` 409."""
    now = datetime.now(UTC)
    if not await parts.everybody.reserve(own, id, now):
        raise Problem(409, "volunteer-full", id=own.volunteer_id)
    if not await parts.everybody.reserve(place, id, now):
        await parts.everybody.release(own)
        raise Problem(409, "group-full")

"""Along which line a task may come, with what, and through whom (policy, art. 12, 14); pure."""

from typing import Any

from services.registry.assignments.schemas import AssignmentBody
from services.registry.assignments.table import AssignmentTable, TaskKind
from services.registry.service.base import Known
from services.registry.service.organizations import RANK
from services.registry.standing import Line as LineOfCommand
from services.registry.standing import Standing, line_between
from shared.web.problems import Problem


def check_line(assigner: Standing, receiver: Standing) -> LineOfCommand:
    """The line along which a task may go (art. 12, 14). Raises `Problem` 422.

    A department may assign to organizations that are not of its own tree, in the area that it
    answers for.
    """
    names: dict[str, Any] = {
        "assigner": assigner.organization_id,
        "receiver": receiver.organization_id,
    }
    if RANK[assigner.level] >= RANK[receiver.level]:
        raise Problem(422, "not-a-lower-level", field="receiver", **names)
    line = line_between(assigner, receiver)
    if line is None:
        raise Problem(422, "no-line", field="receiver", **names)
    return line


def check_money(
    body: AssignmentBody, kind: TaskKind, receiver: Standing, table: AssignmentTable
) -> None:
    """Money follows the task (art. 12). Raises `Problem` 422."""
    if body.no_cost_reason is not None and not kind.without_cost:
        raise Problem(422, "cost-free-kind-only", field="no_cost_reason", zh=kind.zh)
    given = body.funds or body.resources or body.no_cost_reason
    if not given and receiver.level in table.grassroots_levels:
        message = "funds-or-reason-needed" if kind.without_cost else "funds-needed"
        raise Problem(422, "funds-needed", message=message, field="funds")


def check_channel(
    body: AssignmentBody,
    kind: TaskKind,
    receiver: Standing,
    table: AssignmentTable,
    areas: Known,
) -> None:
    """A task for residents goes through their own organization (art. 12). Raises `Problem` 422.

    At the grassroots that is a village, community or street organization that answers for the
    area: the residents' own, or one over it that passes the task on; not another unit's branch in
    the same place. A higher receiver is on the way down, and only has to answer for the area.
    """
    area = body.residents_of
    if area is None:
        if kind.for_residents:
            raise Problem(422, "area-of-residents-needed", field="residents_of", zh=kind.zh)
        return
    path = areas.find("areas", area, "residents_of").path
    channel = receiver.level not in table.grassroots_levels or (
        receiver.domain in table.channel_domains
    )
    if not channel or not receiver.serves(path):
        where = f"/v1/organizations?area={area}"
        raise Problem(422, "around-the-organization", field="receiver", where=where, area=area)

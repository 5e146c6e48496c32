"""Who may see whose figures and cases."""

from services.assessment.repository import Repository
from services.assessment.service.figures import SubjectKind
from shared.web.auth import Principal, Role
from shared.web.problems import Problem


async def visible_ids(
    repository: Repository, principal: Principal, kind: SubjectKind
) -> set[str] | None:
    """Ids of the subjects of `kind` that the caller may see; None: every one.

    An area manager sees the areas at and below the own ones, and the units and organizations
    there; a unit operator the own unit and its organizations.
    """
    if principal.role is Role.ADMINISTRATOR:
        return None
    if principal.role is Role.AREA_MANAGER:
        inside = await repository.subjects_in(kind, principal.areas)
        return inside | principal.areas if kind.group == "area" else inside
    if principal.role is Role.UNIT_OPERATOR and principal.unit_id is not None:
        if kind is SubjectKind.UNIT:
            return {principal.unit_id}
        if kind is SubjectKind.ORGANIZATION:
            return await repository.organizations_of(principal.unit_id)
    return set()


async def ensure_visible(
    repository: Repository, principal: Principal, kind: SubjectKind, id: str
) -> None:
    """Raise `Problem` 403 unless the caller may see the subject."""
    visible = await visible_ids(repository, principal, kind)
    if visible is not None and id not in visible:
        raise Problem(403, "figures-not-yours")

"""Who may rate whom in a round (policy, art. 14); pure."""

from services.assessment.rounds.state import Subject
from services.assessment.service.figures import SubjectKind
from shared.contracts.rounds import RatingLine
from shared.web.auth import Principal, Role, sees_area
from shared.web.problems import Problem


def place_of(kind: SubjectKind, subject: Subject) -> str | None:
    """The area that the subject is, or that its organization is of; None of a unit's own."""
    own = kind.group == "area" or subject.unit_id is None
    return subject.area_path[-1] if own and subject.area_path else None


def above(kind: SubjectKind, subject: Subject) -> tuple[str, ...]:
    """The areas whose managers are above the subject: of a street or community, and of an
    organization of such a place, those above it; nobody rates the own place for the organization
    above."""
    path = subject.area_path
    return path if place_of(kind, subject) is None else path[:-1]


def ensure_self(principal: Principal, subject: Subject) -> None:
    """Raise `Problem` 403 unless the caller speaks for the subject itself: its unit's operator, or
    the manager of its own area."""
    if subject.unit_id is not None:
        own = principal.role is Role.UNIT_OPERATOR and principal.unit_id == subject.unit_id
    else:
        place = subject.area_path[-1:]
        own = principal.role is Role.AREA_MANAGER and not principal.areas.isdisjoint(place)
    if not own:
        raise Problem(403, "self-rating-not-yours", subject=subject.id)


def may_run(principal: Principal, kind: SubjectKind, subject: Subject) -> bool:
    """Whether the caller may set up the public rating: an administrator, a manager above it."""
    if principal.role is Role.ADMINISTRATOR:
        return True
    return principal.role is Role.AREA_MANAGER and sees_area(principal, above(kind, subject))


def ensure_runs(principal: Principal, kind: SubjectKind, subject: Subject) -> None:
    """Raise `Problem` 403 unless `may_run`."""
    if not may_run(principal, kind, subject):
        raise Problem(403, "wrong-area")


def ensure_line(
    principal: Principal, kind: SubjectKind, subject: Subject, line: RatingLine
) -> None:
    """Raise `Problem` 403 unless the caller rates for that line: for the place a manager of an area
    above, for the system the superior unit's operator; an administrator for either."""
    if principal.role is Role.ADMINISTRATOR:
        return
    if line is RatingLine.SYSTEM:
        superior = subject.superior_unit_id
        own = principal.role is Role.UNIT_OPERATOR and superior is not None
        if own and principal.unit_id == superior:
            return
    elif may_run(principal, kind, subject):
        return
    raise Problem(403, "line-not-yours")


def may_read(principal: Principal, subject: Subject) -> bool:
    """Whether the caller may read the subject's ratings: those above it, it itself, and the
    superior unit."""
    if principal.role is Role.ADMINISTRATOR:
        return True
    if principal.role is Role.AREA_MANAGER:
        return sees_area(principal, subject.area_path)
    units = (subject.unit_id, subject.superior_unit_id)
    return principal.role is Role.UNIT_OPERATOR and principal.unit_id in units and (
        principal.unit_id is not None
    )  # fmt: skip


def ensure_reads(principal: Principal, subject: Subject) -> None:
    """Raise `Problem` 403 unless `may_read`."""
    if not may_read(principal, subject):
        raise Problem(403, "figures-not-yours")

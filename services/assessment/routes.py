"""HTTP: figures, months, and the cases behind a figure."""

from typing import Annotated, Any

from fastapi import Depends, Request

from services.assessment.parts import parts_in
from services.assessment.schemas import CaseOut, FigureOut, Kind, Month, MonthsOut, SubjectId
from services.assessment.service.cases import key_of
from services.assessment.service.figures import figure_id
from services.assessment.visibility import ensure_visible, visible_ids
from shared.web.auth import Principal, Role, current_principal, require
from shared.web.paging import Page, Paging, paging
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["figures"])

Reader = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR))
]
Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]
Anyone = Annotated[Principal, Depends(current_principal)]
Pages = Annotated[Paging, Depends(paging)]


@router.get("/figures")
async def list_figures(
    request: Request,
    principal: Reader,
    pages: Pages,
    month: Month,
    kind: Kind,
    id: SubjectId | None = None,
) -> Page[FigureOut]:
    """Figures of a month, of one subject or of all that the caller may see, by id."""
    repository = parts_in(request).repository
    if id is not None:
        await ensure_visible(repository, principal, kind, id)
        ids: set[str] | None = {id}
    else:
        ids = await visible_ids(repository, principal, kind)
    after = None if pages.after is None else figure_id(month, kind, pages.after.id)
    found = await repository.figures_of(month, kind, ids, after=after, limit=pages.limit + 1)
    items, next = pages.cut(found, lambda figure: (None, figure.subject_id))
    known = await repository.subjects(kind, [figure.subject_id for figure in items])
    names = {id: subject["name"] for id, subject in known.items()}
    corrected = await repository.touched.counts([month], kind)
    shown = [
        FigureOut.of(one, names.get(one.subject_id), corrected.get(one.subject_id, 0))
        for one in items
    ]
    return Page(items=shown, next=next)


@router.get("/months")
async def list_months(request: Request, _principal: Anyone) -> MonthsOut:
    """Months that have figures, the latest first."""
    return MonthsOut(items=await parts_in(request).repository.months())


@router.get("/cases")
async def list_cases(
    request: Request, principal: Reader, pages: Pages, month: Month, kind: Kind, id: SubjectId
) -> Page[CaseOut]:
    """The cases that a figure counts, by request id."""
    repository = parts_in(request).repository
    await ensure_visible(repository, principal, kind, id)
    after = None if pages.after is None else pages.after.id
    key = key_of(kind.group, id, month)
    found = await repository.cases_of(key, after, pages.limit + 1)
    items, next = pages.cut(found, lambda case: (None, case["_id"]))
    return Page(items=[case_out(case["_id"], case["state"]) for case in items], next=next)


def case_out(id: str, state: dict[str, Any]) -> CaseOut:
    """The answer for a case from its stored state."""
    latest = max(state["follow_ups"], key=int, default=None)
    answer = {} if latest is None else state["follow_ups"][latest]
    work = state["rounds"].get(str(state["round"]), {})
    return CaseOut(
        request_id=id,
        contacted=answer.get("contacted"),
        solved=answer.get("solved"),
        satisfied=answer.get("satisfied"),
        completed_at=work.get("completed_at"),
        in_time=work.get("in_time"),
        overdue=work.get("overdue", False),
        hours=state["measure"]["hours"],
        **{name: state[name] for name in _PLAIN},
    )


_PLAIN = (
    "accepted_at",
    "channel",
    "kind",
    "category",
    "urgency",
    "area_path",
    "grid_id",
    "reporting_unit",
    "unit_id",
    "organization_id",
    "round",
    "reopened",
    "closed",
    "cancelled",
)

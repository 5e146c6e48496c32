"""Why a task went where it went, over HTTP."""

from fastapi import Request
from pydantic import BaseModel, Field

from services.volunteer_dispatch.access import ensure_sees
from services.volunteer_dispatch.desk import Worker, load, parts_of
from services.volunteer_dispatch.messages_routing import Words, words_of
from services.volunteer_dispatch.service.explain import Considered, Explained
from services.volunteer_dispatch.service.state import Gap
from shared.contracts.tasks import Assignee
from shared.web.auth import Principal, Role
from shared.web.messages import knows
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])


class CandidateView(Considered):
    """One who was considered, with the note in words."""

    words: Words | None


class DecisionView(Explained):
    """One decision, in words too."""

    candidates: list[CandidateView]  # type: ignore[assignment]
    words: Words


class ExplanationView(BaseModel):
    """The decisions on a task, oldest first; of each table `GET /v1/<table>?version=` has the
    rules of that version."""

    task_id: str
    lead: Assignee | None = Field(description="Who leads until another accepts")
    assisting: tuple[Assignee, ...]
    gap: Gap | None = Field(description="What the routing table lacked")
    decisions: list[DecisionView]


@router.get("/tasks/{id}/explanation")
async def show_task_explanation(request: Request, id: str, principal: Worker) -> ExplanationView:
    """Each route, match and escalation: the rule and its version, who was considered, with what
    score, and who was chosen; the last 20. A volunteer is shown no other volunteers."""
    _, state = await load(parts_of(request), id)
    ensure_sees(principal, state)
    return ExplanationView(
        task_id=state.task_id,
        lead=state.lead,
        assisting=state.assisting,
        gap=state.gap,
        decisions=[_view(_for(principal, one)) for one in state.explained],
    )


def _for(principal: Principal, one: Explained) -> Explained:
    """A volunteer sees the own score in a match and nothing of other volunteers."""
    if principal.role is not Role.VOLUNTEER:
        return one
    own = f"volunteer:{principal.volunteer_id}"

    def shown(key: str | None) -> bool:
        return key is None or key == own or not key.startswith("volunteer:")

    return one.model_copy(
        update={
            "candidates": tuple(c for c in one.candidates if shown(c.key)),
            "chosen": one.chosen if shown(one.chosen) else None,
        }
    )


def _view(one: Explained) -> DecisionView:
    names = {
        "chosen": one.chosen or "—",
        "table": one.table or "—",
        "version": one.version,
        "rule": one.rule or "—",
        "number": len(one.candidates),
    }
    key = f"explained-{one.why}"
    candidates = [
        CandidateView(
            **considered.model_dump(),
            words=words_of(note) if knows(note := f"considered-{considered.note}") else None,
        )
        for considered in one.candidates
    ]
    return DecisionView(
        **one.model_dump(exclude={"candidates"}),
        candidates=candidates,
        words=words_of(key if knows(key) else "explained", **names),
    )

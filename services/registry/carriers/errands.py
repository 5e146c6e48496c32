"""Decisions on accompanied errands (全程代办); pure (art. 8).

Somebody does an errand for a resident from beginning to end: taken, in hand, done; then the
resident has the word, with a code that he or she was given. One that is done becomes a record of
work, by a follow-up.
"""

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.registry.carriers.schemas import ErrandBody, WordBody
from services.registry.handover import Handover, Passing
from services.registry.records.decisions import place_of
from services.registry.service.base import Known
from shared.contracts.carriers import ErrandHandedOver, ErrandRated, ErrandStepped
from shared.contracts.words import ErrandStage
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

Seal = Callable[[str], str]
WORK = "accompanied_errand"
_ORDER = list(ErrandStage)


class Step(BaseModel):
    """A stage that was reached; `words` are encrypted."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    stage: ErrandStage
    at: datetime
    words: str | None = None


class ResidentsWord(BaseModel):
    """What the resident says; `words` are encrypted, `satisfied` is 1 to 5."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: datetime
    solved: bool
    satisfied: int
    words: str | None = None


class ErrandState(State):
    """An errand; `text` and `resident` are encrypted."""

    errand_id: str
    organization_id: str | None
    person_id: str | None
    text: str
    resident: str | None = None
    stage: ErrandStage = ErrandStage.TAKEN
    steps: tuple[Step, ...]
    word: ResidentsWord | None = None
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    handovers: tuple[Handover, ...] = ()

    @property
    def done_at(self) -> datetime | None:
        """When it was done; None before."""
        last = self.steps[-1]
        return last.at if last.stage is ErrandStage.DONE else None


def take(
    id: str, body: ErrandBody, known: Known, now: datetime, seal: Callable[[str, str], str]
) -> Decision[ErrandState]:
    """Take an errand. Raises `Problem` 422.

    Args:
        seal: encrypts the text of a field.
    """
    if body.organization_id is None and body.person_id is None:
        raise Problem(422, "accompanier-needed", field="person_id")
    path, unit_id = place_of(known, body.organization_id, body.person_id)
    state = ErrandState(
        errand_id=id,
        organization_id=body.organization_id,
        person_id=body.person_id,
        text=seal("text", body.text),
        resident=body.resident and seal("resident", body.resident),
        steps=(Step(stage=ErrandStage.TAKEN, at=now),),
        area_path=path,
        unit_id=unit_id,
    )
    return Decision(state, [_stepped(state)], "taken")


def step(
    state: ErrandState, stage: ErrandStage, words: str | None, now: datetime
) -> Decision[ErrandState] | None:
    """Go on to a later stage; None where it is there. Raises `Problem` 409.

    Args:
        words: encrypted.
    """
    if state.stage is stage:
        return None
    if _ORDER.index(stage) < _ORDER.index(state.stage):
        raise Problem(409, "errand-order", stage=state.stage.value, wanted=stage.value)
    new = state.model_copy(
        update={"stage": stage, "steps": (*state.steps, Step(stage=stage, at=now, words=words))}
    )
    return Decision(new, [_stepped(new)], stage.value)


def hand_over(state: ErrandState, passing: Passing) -> Decision[ErrandState] | None:
    """Pass it on; None where it is done, or somebody else's."""
    if state.stage is ErrandStage.DONE or state.organization_id != passing.old:
        return None
    new = state.model_copy(
        update={
            "organization_id": passing.new.organization_id,
            "unit_id": passing.new.unit_id,
            "area_path": passing.new.path,
            "handovers": (*state.handovers, passing.kept("organization_id")),
        }
    )
    told = ErrandHandedOver(
        errand_id=state.errand_id,
        organization_id=passing.new.organization_id,
        from_organization_id=passing.old,
        area_path=new.area_path,
    )
    return Decision(new, [told], passing.why)


def rate(
    state: ErrandState, body: WordBody, words: str | None, now: datetime
) -> Decision[ErrandState] | None:
    """The resident's word, once, on an errand that is done. Raises `Problem` 409.

    Args:
        words: encrypted.
    """
    if state.stage is not ErrandStage.DONE:
        raise Problem(409, "errand-not-done", id=state.errand_id)
    if state.word is not None:
        if (state.word.solved, state.word.satisfied) == (body.solved, body.satisfied):
            return None
        raise Problem(409, "errand-rated", id=state.errand_id)
    word = ResidentsWord(at=now, solved=body.solved, satisfied=body.satisfied, words=words)
    told = ErrandRated(
        errand_id=state.errand_id,
        organization_id=state.organization_id,
        person_id=state.person_id,
        solved=word.solved,
        satisfied=word.satisfied,
    )
    return Decision(state.model_copy(update={"word": word}), [told], "the resident's word")


def _stepped(state: ErrandState) -> ErrandStepped:
    return ErrandStepped(
        errand_id=state.errand_id,
        organization_id=state.organization_id,
        person_id=state.person_id,
        area_path=state.area_path,
        stage=state.stage,
    )

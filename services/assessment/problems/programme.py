"""A year's programme of an area, "one problem a month" (每月一题): state and decisions; pure."""

from datetime import datetime

from services.assessment.problems.counts import Cell
from services.assessment.problems.state import Kept
from shared.contracts.problems import ProgrammeProblemSet, ProgrammeResultReported
from shared.storage.aggregates import Decision, State
from shared.web.auth import Principal, ensure_area
from shared.web.problems import Problem

ITEMS_MOST = 60
RESULTS_MOST = 60


class Result(Kept):
    """What came of it so far."""

    at: datetime
    by: str
    words: str
    done: bool


class Item(Kept):
    """A problem chosen for a month."""

    id: str
    month: str
    category: str
    lead: str
    """Organization of the municipal or area level that leads."""
    goal: str
    at_most: float | None
    """Requests a month afterwards, as a share of those a month before."""
    problem_ids: tuple[str, ...]
    results: tuple[Result, ...] = ()


class ProgrammeState(State):
    """A year of an area."""

    area: str
    area_path: tuple[str, ...]
    year: int
    name: str
    items: tuple[Item, ...] = ()

    def item(self, id: str) -> Item:
        """One of its problems. Raises `Problem` 404."""
        for item in self.items:
            if item.id == id:
                return item
        raise Problem(404, "programme-item-not-found", id=id)


def programme_id(area: str, year: int) -> str:
    """One programme an area and year."""
    return f"{area}-{year}"


def put_item(
    state: ProgrammeState, item: Item, reason: str, principal: Principal
) -> Decision[ProgrammeState] | None:
    """Choose a problem for a month, or change what was chosen; results stay."""
    ensure_area(principal, state.area_path)
    if not item.month.startswith(f"{state.year}-"):
        raise Problem(422, "programme-month", field="month", year=state.year)
    known = next((one for one in state.items if one.id == item.id), None)
    if known is None and len(state.items) >= ITEMS_MOST:
        raise Problem(409, "too-many-programme-items", limit=ITEMS_MOST)
    if known is not None:
        item = item.model_copy(update={"results": known.results})
    if item == known:
        return None
    items = [one for one in state.items if one.id != item.id] + [item]
    items.sort(key=lambda one: (one.month, one.id))
    now = state.model_copy(update={"items": tuple(items)})
    event = ProgrammeProblemSet(
        programme_id=programme_id(state.area, state.year),
        area=state.area,
        year=state.year,
        item=item.id,
        month=item.month,
        category=item.category,
        lead=item.lead,
        problem_ids=item.problem_ids,
    )
    return Decision(now, [event], reason)


def report(
    state: ProgrammeState, id: str, result: Result, principal: Principal
) -> Decision[ProgrammeState]:
    """Say what came of a problem so far."""
    ensure_area(principal, state.area_path)
    item = state.item(id)
    if len(item.results) >= RESULTS_MOST:
        raise Problem(409, "too-many-results", limit=RESULTS_MOST)
    item = item.model_copy(update={"results": (*item.results, result)})
    items = tuple(item if one.id == id else one for one in state.items)
    event = ProgrammeResultReported(
        programme_id=programme_id(state.area, state.year),
        area=state.area,
        year=state.year,
        item=id,
        done=result.done,
    )
    return Decision(state.model_copy(update={"items": items}), [event], result.words)


class Course(Kept):
    """A programme's problem in figures. `before` and `after` are requests a month on average, of
    up to twelve months before the chosen one and of those after it; None without any."""

    months: tuple[tuple[str, Cell], ...]
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """After to before."""
        return None if not self.before or self.after is None else self.after / self.before


def course(months: dict[str, Cell], chosen: str, known: list[str]) -> Course:
    """The figures of a problem chosen for `chosen`.

    Args:
        months: counts by month; a month without any is 0.
        known: months that had requests of any kind there, in order.
    """
    cells = tuple((month, months.get(month, Cell())) for month in known)
    before = [cell.requests for month, cell in cells if month < chosen][-12:]
    after = [cell.requests for month, cell in cells if month > chosen]
    return Course(
        months=cells,
        before=sum(before) / len(before) if before else None,
        after=sum(after) / len(after) if after else None,
    )

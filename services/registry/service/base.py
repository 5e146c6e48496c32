"""What the decisions on all kinds of entries share; ours, the policy has no word for entries."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from services.registry.schemas import EntryBody, EntryView
from services.registry.service.ownership import carried, ensure_unowned
from services.registry.states import Entry
from shared.contracts.payload import Payload
from shared.spans import moment
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role, ensure_area
from shared.web.problems import Problem

S = TypeVar("S", bound=Entry)
B = TypeVar("B", bound=EntryBody)

_SEES_ALL = Principal("registry", Role.ADMINISTRATOR)

NAMES: dict[str, tuple[str, str]] = {
    "areas": ("区域", "area"),
    "units": ("单位", "unit"),
    "organizations": ("党组织", "organization"),
    "grids": ("网格", "grid"),
    "people": ("人员", "person"),
    "pairings": ("结对", "pairing"),
    "assignments": ("交办任务", "assigned task"),
    "plans": ("计划", "plan"),
    "venues": ("场所", "venue"),
    "groups": ("志愿服务队伍", "volunteer group"),
    "certificates": ("志愿服务证明", "certificate"),
    "records": ("工作记录", "record"),
}


class Reference(NamedTuple):
    """An entry that another one names: `kind` as in paths, and its id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Referred:
    """As much of an entry as decisions on others look at."""

    path: tuple[str, ...] = ()
    retired: bool = False
    parent: str | None = None
    area: str | None = None
    level: str | None = None
    """Of an area or an organization."""
    unit_id: str | None = None
    organization_id: str | None = None


class Unique(NamedTuple):
    """A value that only one entry of a kind may have, by the field of its state."""

    field: str
    value: str


class Holder(NamedTuple):
    """The entry that has a unique value, and as much of it as says who may see it."""

    id: str
    path: tuple[str, ...]
    grid_id: str | None = None


@dataclass(slots=True)
class Known:
    """What was fetched for a decision: entries referred to, and ids that others hang on.

    `holders` of unique values are looked up once a write has met one taken; `numbers` were
    reserved for entries that have none, by id.
    """

    entries: dict[Reference, Referred] = field(default_factory=dict)
    in_use: frozenset[str] = frozenset()
    beside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Parents that entries of a tree have or may soon have beside the one in `entries`."""
    below: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Levels of those in service right under entries of a tree that are to be of a lower one."""
    holders: Mapping[Unique, Holder] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    now: datetime = field(default_factory=moment)

    def parents(self, kind: str, id: str) -> tuple[str, ...]:
        """Every parent that the entry has or may soon have."""
        found = self.entries.get(Reference(kind, id))
        own = () if found is None or found.parent is None else (found.parent,)
        return own + self.beside.get(id, ())

    def find(self, kind: str, id: str, field: str) -> Referred:
        """The entry named in `field`. Raises `Problem` 422 where it is unknown or retired."""
        found = self.entries.get(Reference(kind, id))
        if found is None or found.retired:
            zh, en = NAMES.get(kind, ("登记", "entry"))
            raise Problem(
                422,
                "unknown-reference",
                field=field,
                where=f"/v1/{kind}",
                kind_zh=zh,
                kind_en=en,
                id=id,
            )
        return found


class Kind(ABC, Generic[S, B]):
    """The decisions on one kind of entry.

    `name` is its plural, as in paths; `writers` may create and change, within what `ensure_own`
    allows them.
    """

    name: ClassVar[str]
    singular: ClassVar[str]
    body: type[B]
    state: type[S]
    view_model: type[EntryView]
    writers: ClassVar[tuple[Role, ...]] = (Role.ADMINISTRATOR, Role.AREA_MANAGER)
    tree: ClassVar[str | None] = None
    """The field with the entry above, where it can be changed at will; see `moves.py`."""
    reported: ClassVar[tuple[str, ...]] = ()
    """Fields of the state that a unit's own system can be the source of."""
    follows: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Fields of the body that are not kept where another one is told otherwise, with that one."""

    @abstractmethod
    def references(self, body: B) -> Iterable[Reference]:
        """What must be fetched to decide on `body`."""

    @abstractmethod
    def build(self, id: str, body: B, current: S | None, known: Known) -> S:
        """The state that `body` asks for.

        What a changed or new field refers to must be there and not retired; a reference that
        stays is left alone. `retired` is `current`'s or false, to be overruled by the caller.
        """

    @abstractmethod
    def event(self, id: str, state: S) -> Payload:
        """The snapshot that tells of `state`."""

    @abstractmethod
    def view(self, id: str, version: int, state: S, principal: Principal) -> BaseModel:
        """The answer that `principal` gets."""

    def said(self, id: str, state: S) -> dict[str, Any]:
        """The fields of a body that says what is there, those that it has."""
        shown = self.view(id, 0, state, _SEES_ALL).model_dump(include={*self.body.model_fields})
        return {name: value for name, value in shown.items() if value is not None}

    def above(self, entry: S | B) -> str | None:
        """The entry that it says is above it in the tree."""
        found: str | None = getattr(entry, self.tree or "parent", None)
        return found

    def referred(self, state: S) -> Referred:
        """As others see it."""
        return Referred(path=state.area_path, retired=state.retired)

    def moves(self, body: B, current: S) -> bool:
        """Whether `body` changes what others have derived their area path from."""
        return False

    def lowers(self, body: B, current: S) -> bool:
        """Whether `body` puts it on a lower level of its tree."""
        return False

    def unique(self, body: B) -> Iterable[Unique]:
        """What of `body` no other entry of the kind may have."""
        return ()

    def wants_number(self, body: B, current: S | None) -> bool:
        """Whether a number is to be made for it."""
        return False

    def settled(self, id: str, state: S, current: S | None, now: datetime) -> S:
        """`state`, of which `retired` is known now, with what follows from that and the time."""
        return state

    def import_id(self, body: B) -> str | None:
        """The id of a row without one, the same each time; None: the row must give it."""
        return None

    def ensure_own(self, principal: Principal, id: str, state: S) -> None:
        """Raise `Problem` 403 where `state` is not the caller's to write."""
        ensure_area(principal, state.area_path)

    # What follows is the same for all kinds.

    def decide(
        self, id: str, body: B, current: S | None, known: Known, principal: Principal
    ) -> Decision[S] | None:
        """Create or change `id`; None where nothing changes. Raises `Problem` 403, 409, 422."""
        if body.id is not None and body.id != id:
            raise Problem(422, "id-differs", field="id")
        if current is not None:
            self.ensure_own(principal, id, current)
        built = self.build(id, body, current, known)
        retired = current is not None and current.retired if body.retired is None else body.retired
        new = built.model_copy(update={"retired": retired} | carried(current))
        new = self.settled(id, new, current, known.now)
        self.ensure_own(principal, id, new)
        if new == current:
            return None
        if current is not None:
            ensure_unowned(principal, self.name, id, self.reported, current, new)
        if current is not None and id in known.in_use and self.moves(body, current):
            raise Problem(409, "in-use", id=id)
        return Decision(new, [self.event(id, new)], "created" if current is None else "changed")

    def retire(self, id: str, current: S, principal: Principal) -> Decision[S] | None:
        """Retire `id`; None where it is retired already. Raises `Problem` 403."""
        self.ensure_own(principal, id, current)
        if current.retired:
            return None
        new = self.settled(id, current.model_copy(update={"retired": True}), current, moment())
        ensure_unowned(principal, self.name, id, self.reported, current, new)
        return Decision(new, [self.event(id, new)], "retired")


def path_of(known: Known, area: str | None, kept: tuple[str, ...] | None) -> tuple[str, ...]:
    """The area path of `area`; `kept` where the area stays the one that it was."""
    if kept is not None:
        return kept
    return () if area is None else known.find("areas", area, "area").path


def named(**ids: str | None) -> list[Reference]:
    """References by kind, those that are None left out."""
    return [Reference(kind, id) for kind, id in ids.items() if id is not None]


def check_kept(known: Known, kind: str, field: str, wanted: str | None, kept: str | None) -> None:
    """Raise `Problem` 422 where `field` names something else than before that is not there."""
    if wanted is not None and wanted != kept:
        known.find(kind, wanted, field)

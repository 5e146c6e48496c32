"""MongoDB calls of plans, with their indexes; what is counted for them."""

from collections.abc import Iterable, Sequence

from services.registry.plans.breakdown import Spot
from services.registry.plans.decisions import Around
from services.registry.plans.progress import Branch, Children, Group, roll_up, tree_of
from services.registry.plans.state import Place, PlanState, Target
from services.registry.records.repository import Records
from services.registry.repository import Repository
from services.registry.service.base import Known, Reference
from services.registry.standing import AREA_LEVELS, lineage_of, standings
from services.registry.stores import entry_store
from shared.contracts.words import AreaLevel, OrganizationLevel
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Database, Document, aggregate

NAME = "plans"
_LISTED = ("area_path", "place.id", "parent", "status", "is_behind", "places")
_BATCH = 1000
_ABOVE = {"state.parent": 1, "state.retired": 1, "state.successors": 1}
_LEVELS: dict[AreaLevel, OrganizationLevel] = {
    area: level for level, area in AREA_LEVELS.items() if level is not OrganizationLevel.PROVINCE
}


class Plans:
    """The store of plans, and what is counted for them."""

    def __init__(
        self, database: Database, settings: Settings, entries: Repository, records: Records
    ) -> None:
        self.store: AggregateStore[PlanState] = entry_store(database, NAME, PlanState, settings)
        self._database = database
        self._entries = entries
        self._records = records

    async def create_indexes(self) -> None:
        """One index for each filter of the list; one plan for a part; records by work and area."""
        index = self.store.collection.create_index
        for field in _LISTED:
            keys = [(f"state.{field}", ASCENDING), ("_id", ASCENDING)]
            await index(keys, name=field.partition(".")[0])
        await index(
            [("state.slot", ASCENDING)],
            unique=True,
            partialFilterExpression={"state.slot": {"$gt": ""}},
            name="slot",
        )
        fields = ("work", "area_path", "at")
        await self._records.store.collection.create_index(
            [(f"state.{field}", ASCENDING) for field in fields], name="work"
        )

    # What decisions look at

    async def around(
        self, own: Place, parts: Sequence[Place], parent: str | None, id: str | None = None
    ) -> Around:
        """What must be known to decide on a plan for `own`.

        Raises `Problem` 422 where a place or the plan above is not there.
        """
        wanted = [own, *parts]
        areas = Known(
            await self._entries.look_up(
                Reference("areas", place.id) for place in wanted if place.kind == "areas"
            )
        )
        stand = await standings(
            self._entries, {place.id for place in wanted if place.kind == "organizations"}
        )
        spots: dict[str, Spot] = {}
        for place in wanted:
            field = "area" if place == own else "targets"
            if place.kind == "areas":
                spots[place.key] = Spot(place, areas.find("areas", place.id, field).path)
            else:
                field = "organization_id" if place == own else "targets"
                found = stand.find(place.id, field)
                spots[place.key] = Spot(place, found.path, found.lineage)
        if own.kind == "areas":
            area = areas.find("areas", own.id, "area")
            assert area.level is not None  # no area is without
            level, path, unit_id = _LEVELS[AreaLevel(area.level)], area.path, None
        else:
            found = stand.find(own.id, "organization_id")
            level, path, unit_id = found.level, found.scope, found.unit_id
        above = None
        if parent is not None:
            known = Known(await self._entries.look_up([Reference(NAME, parent)]))
            known.find(NAME, parent, "parent")
            above = await self.store.get(parent)
        return Around(
            spots=spots,
            level=level,
            path=path,
            unit_id=unit_id,
            above=above.state if above else None,
            below=await self._broken_down(id),
        )

    async def _broken_down(self, id: str | None) -> frozenset[str]:
        if id is None:
            return frozenset()
        chosen = {"state.parent": id, "state.status": {"$ne": "closed"}}
        found = self.store.collection.find(chosen, {"state.place": 1})
        return frozenset(
            [Place.model_validate(document["state"]["place"]).key async for document in found]
        )

    # Counting

    async def counted(self, id: str, state: PlanState) -> dict[str, Branch]:
        """Each target of a plan with its parts, through all plans below, counted now."""
        children = await self._children(id)
        found: dict[str, Branch] = {}
        for target in state.targets:
            tree = tree_of(id, state, target.id, children)
            groups = await self._groups(target, state, _by_organization(tree))
            found[target.id] = roll_up(tree, groups)
        return found

    async def _children(self, id: str) -> Children:
        children: dict[str, dict[str, tuple[str, PlanState]]] = {}
        above = [id]
        while above:
            following: list[str] = []
            for start in range(0, len(above), _BATCH):
                chosen = {
                    "state.parent": {"$in": above[start : start + _BATCH]},
                    "state.status": "in_force",
                }
                shown = {"history": 0, "outbox": 0, "state.revisions": 0, "state.untold": 0}
                async for document in self.store.collection.find(chosen, shown):
                    plan = self.store.load(document)
                    if plan.state is None or plan.state.parent is None:
                        continue
                    siblings = children.setdefault(plan.state.parent, {})
                    siblings[plan.state.place.key] = (plan.id, plan.state)
                    following.append(plan.id)
            above = following
        return children

    async def _groups(self, target: Target, state: PlanState, by_organization: bool) -> list[Group]:
        span = {"$gte": state.since, "$lt": target.until}
        if target.work is None:
            collection = self._database[str(target.count)]
            match: Document = {"state.retired": False, "created_at": span}
            quantity: Document = {"$sum": 1}
        else:
            collection = self._records.store.collection
            match = {"state.voided": None, "state.work": target.work, "state.at": span}
            quantity = {"$sum": "$state.quantity"}
        parents: dict[str, str | None] = {}
        if state.place.kind == "areas":
            match["state.area_path"] = state.place.id
        else:
            parents = await self._below(state.place.id)
            match["state.organization_id"] = {"$in": sorted(parents)}
        key: Document = {"path": "$state.area_path"}
        if by_organization:
            key["organization"] = "$state.organization_id"
        pipeline: list[Document] = [
            {"$match": match},
            {"$group": {"_id": key, "quantity": quantity}},
        ]
        rows = [row async for row in aggregate(collection, pipeline)]
        if by_organization and not parents:
            parents = await self._above({row["_id"].get("organization") for row in rows})
        return [
            Group(
                path=tuple(row["_id"]["path"]),
                organizations=_lineage(row["_id"].get("organization"), parents),
                quantity=float(row["quantity"]),
            )
            for row in rows
        ]

    async def _below(self, id: str) -> dict[str, str | None]:
        """An organization and all below it, each with the one above it."""
        parents: dict[str, str | None] = {id: None}
        above = [id]
        while above:
            found = await self._parents("state.parent", above)
            found |= await self._parents("state.successors", above)
            above = [one for one, upper in found.items() if one not in parents and upper in parents]
            parents |= {one: found[one] for one in above}
        return parents

    async def _above(self, ids: Iterable[str | None]) -> dict[str, str | None]:
        """Organizations and all above them, each with the one above it."""
        parents: dict[str, str | None] = {}
        wanted, tried = {id for id in ids if id is not None}, set[str]()
        while wanted:
            parents |= await self._parents("_id", sorted(wanted))
            tried |= wanted
            wanted = {above for above in parents.values() if above is not None} - tried
        return parents

    async def _parents(self, field: str, values: Sequence[str]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for start in range(0, len(values), _BATCH):
            chosen = {field: {"$in": list(values[start : start + _BATCH])}}
            async for one in self._database["organizations"].find(chosen, _ABOVE):
                state, heirs = one["state"], one["state"].get("successors", [])
                # What one did that has been taken over counts for the one that took over.
                passed = state["retired"] and len(heirs) == 1
                found[one["_id"]] = heirs[0] if passed else state["parent"]
        return found


def _by_organization(branch: Branch) -> bool:
    """Whether any part of the tree is an organization."""
    return any(
        part.place.kind == "organizations" or _by_organization(part)
        for part in branch.parts.values()
    )


def _lineage(id: str | None, parents: dict[str, str | None]) -> tuple[str, ...]:
    return () if id is None else (id, *lineage_of(id, parents))

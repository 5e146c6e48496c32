"""MongoDB calls of pairings, with their indexes."""

from datetime import datetime

from services.registry.pairings.schemas import OtherWork, ResultsView, ResultView
from services.registry.pairings.state import PairingState, Term
from services.registry.records.repository import Records, chosen
from services.registry.stores import entry_store
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Database

NAME = "pairings"
_LISTED = ("area_path", "units", "kind", "giver.organization_id", "taker.organization_id")


class Pairings:
    """The store of pairings, and what records say of them."""

    def __init__(self, database: Database, settings: Settings, records: Records) -> None:
        self.store: AggregateStore[PairingState] = entry_store(
            database, NAME, PairingState, settings
        )
        self._records = records

    async def create_indexes(self) -> None:
        """One index for each filter of the list, in its order."""
        for field in _LISTED:
            keys = [(f"state.{field}", ASCENDING), ("_id", ASCENDING)]
            await self.store.collection.create_index(keys, name=field.partition(".")[0])

    async def results(self, id: str, term: Term) -> ResultsView:
        """What the records about a pairing say of a term's goals, done within the term."""

        async def done(until: datetime) -> dict[str, tuple[int, float]]:
            asked = chosen(about_kind=NAME, about_id=id, since=term.since, until=until)
            totals = await self._records.totals(asked)
            return {work: (total.records, total.quantity) for work, total in totals.items()}

        whole = await done(term.until)
        by_date = {date: await done(date) for date in {goal.by for goal in term.goals}}
        goals = []
        for goal in term.goals:
            quantity = whole.get(goal.work, (0, 0.0))[1]
            goals.append(
                ResultView(
                    **goal.model_dump(),
                    done=quantity,
                    in_time=by_date[goal.by].get(goal.work, (0, 0.0))[1],
                    met=quantity >= goal.quantity,
                )
            )
        wanted = {goal.work for goal in term.goals}
        others = [
            OtherWork(work=work, records=records, quantity=quantity)
            for work, (records, quantity) in sorted(whole.items())
            if work not in wanted
        ]
        return ResultsView(since=term.since, until=term.until, goals=goals, others=others)

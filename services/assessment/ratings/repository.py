"""Codes, panels and voices in the database, with their indexes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.assessment.ratings.state import Code, Panel
from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Purpose, Source, Vote
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Database, Document, DuplicateKeyError


class Ratings:
    """What the public rating keeps. A voice is written once and never changed."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.codes: AggregateStore[Code] = AggregateStore(
            database["rating_codes"], Code, topic=topics.REVIEWS.name, source=settings.source
        )
        self.panels: AggregateStore[Panel] = AggregateStore(
            database["rating_panels"], Panel, topic=topics.REVIEWS.name, source=settings.source
        )
        self._voices = database["rating_voices"]

    @property
    def stores(self) -> tuple[AggregateStore[Any], ...]:
        """For the runtime."""
        return self.codes, self.panels

    async def create_indexes(self) -> None:
        """Create the indexes; the stores create theirs."""
        of = [("round_id", ASCENDING), ("subject_id", ASCENDING), ("purpose", ASCENDING)]
        await self._voices.create_index(of, name="of")
        for store in self.stores:
            place = [("state.round_id", ASCENDING), ("state.subject_id", ASCENDING)]
            await store.collection.create_index(place, name="of")

    async def add(
        self,
        id: str,
        *,
        round_id: str,
        subject_id: str,
        purpose: Purpose,
        source: Source,
        place: str,
        device: str,
        network: str,
        rating: int,
        at: datetime,
    ) -> bool:
        """Keep a voice; False where this one was given already."""
        document: Document = {
            "_id": id,
            "round_id": round_id,
            "subject_id": subject_id,
            "purpose": purpose.value,
            "source": source.value,
            "place": place,
            "device": device,
            "network": network,
            "rating": rating,
            "at": at,
        }
        try:
            await self._voices.insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    async def voices(
        self, round_id: str, subject_id: str, purpose: Purpose, rules: RatingRules
    ) -> list[Vote]:
        """The voices for a subject, in no order."""
        chosen = {"round_id": round_id, "subject_id": subject_id, "purpose": purpose.value}
        return [
            Vote(
                id=document["_id"].rpartition("/")[2],
                at=document["at"],
                source=Source(document["source"]),
                place=document["place"],
                device=document["device"],
                network=document["network"],
                satisfied=document["rating"] >= rules.satisfied_from,
            )
            async for document in self._voices.find(chosen)
        ]

    async def codes_of(self, round_id: str, subject_id: str) -> Iterable[tuple[str, Code]]:
        """Codes of a subject with their ids."""
        chosen = {"state.round_id": round_id, "state.subject_id": subject_id}
        found = self.codes.collection.find(chosen, {"state": 1}).sort([("_id", ASCENDING)])
        return [(one["_id"], Code.model_validate(one["state"])) async for one in found]

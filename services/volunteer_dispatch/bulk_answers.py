"""The answers of bulk actions, kept for who sends the same again."""

from datetime import UTC, datetime, timedelta

from shared.messaging.leases import Leases
from shared.storage.client import ASCENDING, Database, Document, DuplicateKeyError
from shared.storage.loops import for_ever
from shared.web.idempotency import Idempotency

KEPT = timedelta(days=30)
"""Longer than anybody repeats a call."""
_FORGET_SECONDS = 600.0


class BulkAnswers:
    """The answers kept."""

    def __init__(self, database: Database) -> None:
        self._collection = database["bulk_actions"]

    async def create_indexes(self) -> None:
        """One, to forget by."""
        await self._collection.create_index([("at", ASCENDING)], name="at")

    async def begin(self, attempt: Idempotency) -> Document | None:
        """The answer that this key was given, if it was. Raises `Problem` 422 for another body."""
        try:
            await self._collection.insert_one(
                {"_id": attempt.key, "fingerprint": attempt.fingerprint, "at": datetime.now(UTC)}
            )
        except DuplicateKeyError:
            kept = await self._collection.find_one({"_id": attempt.key}) or {}
            attempt.check(kept.get("fingerprint", attempt.fingerprint))
            answer: Document | None = kept.get("answer")
            return answer
        return None

    async def keep(self, attempt: Idempotency, answer: Document) -> None:
        """Keep the answer, for who asks again."""
        await self._collection.update_one({"_id": attempt.key}, {"$set": {"answer": answer}})

    async def forget(self, before: datetime) -> None:
        """Forget what was asked before."""
        await self._collection.delete_many({"at": {"$lt": before}})

    async def run(self, leases: Leases) -> None:
        """Forget what is old, for ever, where this replica leads."""
        await for_ever(
            lambda: self.forget(datetime.now(UTC) - KEPT),
            _FORGET_SECONDS,
            "forgetting waits for the database",
            when=lambda: leases.leads,
        )

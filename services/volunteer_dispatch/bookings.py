"""Time that volunteers have kept for activities, in their own documents: nobody is in two places.

`bookings` holds `{activity, token, from, until, since}`; `since` is there until the sweep has seen
that the activity really names this booking. As with reservations for tasks: booked first, by one
conditional update, then the activity is written; what a process that died in between has left, the
sweep finds.
"""

from datetime import datetime, timedelta

from services.volunteer_dispatch.service.activity_state import Booking
from services.volunteer_dispatch.volunteers import Span, free_in
from shared.storage.client import ASCENDING, Database

_KEPT = timedelta(days=1)


class Bookings:
    """Every database call on bookings."""

    def __init__(self, database: Database) -> None:
        self._collection = database["volunteers"]

    async def create_indexes(self) -> None:
        """The index of the sweep."""
        await self._collection.create_index([("bookings.since", ASCENDING)], sparse=True)

    async def book(self, booking: Booking, activity_id: str, span: Span, now: datetime) -> bool:
        """Keep the time. False: something else is kept then, or there is no such person."""
        entry = {
            "activity": activity_id,
            "token": booking.token,
            "from": span.since,
            "until": span.until,
            "since": now,
        }
        result = await self._collection.update_one(
            {"_id": booking.volunteer_id, "retired": False, "bookings": free_in(span)},
            {"$push": {"bookings": entry}},
        )
        return bool(result.modified_count)

    async def release(self, booking: Booking, now: datetime) -> None:
        """Free the time, and forget what is long past; again is harmless."""
        old = {"until": {"$lt": now - _KEPT}, "since": None}
        await self._collection.update_one(
            {"_id": booking.volunteer_id, "bookings.token": booking.token},
            {"$pull": {"bookings": {"$or": [{"token": booking.token}, old]}}},
        )

    async def confirm(self, booking: Booking) -> None:
        """Note that the activity names this booking."""
        await self._collection.update_one(
            {"_id": booking.volunteer_id, "bookings.token": booking.token},
            {"$unset": {"bookings.$.since": ""}},
        )

    async def unconfirmed(self, before: datetime, limit: int) -> list[tuple[str, Booking]]:
        """Bookings made before, whose activities were not looked at yet: activity id, booking."""
        found = self._collection.find({"bookings.since": {"$lt": before}}, {"bookings": 1}).limit(
            limit
        )
        return [
            (entry["activity"], Booking(volunteer_id=document["_id"], token=entry["token"]))
            async for document in found
            for entry in document["bookings"]
            if entry.get("since") is not None and entry["since"] < before
        ]

    async def of(self, volunteer_id: str) -> list[tuple[str, datetime, datetime]]:
        """Somebody's kept time: activity id, from, until."""
        found = await self._collection.find_one({"_id": volunteer_id}, {"bookings": 1}) or {}
        return [(one["activity"], one["from"], one["until"]) for one in found.get("bookings", ())]

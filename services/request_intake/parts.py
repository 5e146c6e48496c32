"""The parts of the service that its routes and its consumer work with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from services.request_intake.candidates import Candidates
from services.request_intake.handlers import Context
from services.request_intake.joiner import Joiner
from services.request_intake.likeness import LikenessTable
from services.request_intake.read_models import Directory
from services.request_intake.repository import Requests, Tables, UnitReports
from services.request_intake.rules import Rules
from services.request_intake.service import new_tracking_code
from services.request_intake.state import COLLECTION
from shared.contracts.envelope import Event
from shared.contracts.ids import reported_request_id
from shared.contracts.units import RequestReported
from shared.settings import Settings
from shared.storage.client import Database
from shared.storage.encryption import FieldCipher, context_of
from shared.storage.loops import for_ever
from shared.storage.tables import Tables as CityTables
from shared.web.auth import Principal, current_principal
from shared.web.schemas import clean_text
from shared.web.sources import Hash

_REFRESH_SECONDS = 1.0

Caller = Annotated[Principal, Depends(current_principal)]


def now() -> datetime:
    """Now in UTC, cut to the milliseconds that the database keeps."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Parts:
    """Made once a process, found in `request.app.state.parts`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.requests = Requests(database, settings)
        self.unit_reports = UnitReports(database)
        self.directory = Directory(database)
        self.rules = Rules(Tables(database), settings)
        self.follow_up = timedelta(days=settings.follow_up_days)
        self.tables = CityTables(
            database, (LikenessTable,), Path(__file__).parent / "data", settings.data_folder
        )
        self.candidates = Candidates(self.requests.store)
        self.joiner: Joiner
        """Set when the service is wired."""
        self.trusted_proxies = settings.trusted_proxies
        """How many stand between the service and who calls it."""
        self._cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())
        self.hash_of: Hash = self._cipher.blind_index

    def seal(self, text: str | None, field: str, id: str) -> str | None:
        """A text of request `id`, encrypted for its field."""
        return None if text is None else self._cipher.encrypt(text, _place(field, id))

    def read(self, sealed: str | None, field: str, id: str) -> str | None:
        """A sealed text of request `id`, decrypted."""
        return None if sealed is None else self._cipher.decrypt(sealed, _place(field, id))

    async def prepare(self) -> None:
        """Create indexes, load tables and read models."""
        await self.requests.create_indexes()
        await self.directory.create_indexes()
        await self.candidates.create_indexes()
        await self.joiner.create_indexes()
        await self.tables.prepare()
        await self.rules.load()
        await self.directory.refresh()

    async def keep_fresh(self) -> None:
        """Take in what other replicas wrote, about once a second, for ever."""
        await for_ever(self._refresh, _REFRESH_SECONDS, "read models wait for the database")

    async def _refresh(self) -> None:
        await self.directory.refresh()
        await self.rules.refresh()
        await self.tables.refresh()

    async def context(self, events: Sequence[Event]) -> Context:
        """What the handlers of a batch look at."""
        reports = [event for event in events if isinstance(event.data, RequestReported)]
        sealed: dict[str, str] = {}
        codes: dict[str, str] = {}
        areas = self.directory.city.areas
        for event in reports:
            assert isinstance(event.data, RequestReported)
            id = reported_request_id(event.source, event.subject)
            codes[id] = new_tracking_code()
            text = self.seal(clean_text(event.data.text), "text", id)
            if text is not None:
                sealed[id] = text
            if event.data.area is not None and event.data.area not in areas:
                # An import may come right behind the areas that it names.
                await self.directory.refresh()
                areas = self.directory.city.areas
        return Context(
            now=now(),
            locator=self.directory.city.locator,
            classifier=self.rules.classifier,
            follow_up=self.follow_up,
            sealed=sealed,
            codes=codes,
        )


def _place(field: str, id: str) -> str:
    return context_of(COLLECTION, field, id)


def parts_of(request: Request) -> Parts:
    """The parts of the running service."""
    parts: Parts = request.app.state.parts
    return parts

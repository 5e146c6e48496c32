"""What the routes of rounds and ratings work with."""

from dataclasses import dataclass

from fastapi import Request

from services.assessment.parts import parts_in
from services.assessment.ratings.repository import Ratings
from services.assessment.rounds import decisions
from services.assessment.rounds.repository import Rounds
from services.assessment.rounds.settling import Answered, Settling
from services.assessment.rounds.state import Rated, Round, rated_id
from shared.messaging.runtime import Runtime
from shared.messaging.timers import Timers
from shared.settings import Settings
from shared.storage.aggregates import Aggregate
from shared.storage.client import Database
from shared.storage.encryption import FieldCipher
from shared.storage.tables import Tables
from shared.web.problems import Problem


@dataclass(frozen=True)
class RoundsPart:
    """Rounds and the public rating, in `Parts.rounds`.

    `cipher` has the service's field key; `trusted_proxies` stand between the service and who calls
    it.
    """

    rounds: Rounds
    ratings: Ratings
    settling: Settling
    cipher: FieldCipher
    trusted_proxies: int

    async def create_indexes(self) -> None:
        """Create the indexes of both."""
        await self.rounds.create_indexes()
        await self.ratings.create_indexes()


def stores_of(database: Database, settings: Settings) -> tuple[Rounds, Ratings]:
    """The collections, before the runtime is made."""
    return Rounds(database, settings), Ratings(database, settings)


def start_rounds(
    rounds: Rounds,
    ratings: Ratings,
    answered: Answered,
    tables: Tables,
    runtime: Runtime,
    settings: Settings,
) -> RoundsPart:
    """Wire timers and the settling loop into the runtime."""
    settling = Settling(rounds, ratings, answered, tables, runtime.leases)
    runtime.add_timers(Timers(rounds.rated, decisions.on_due, runtime.leases))
    runtime.add_work("rounds", settling.run)
    cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())
    return RoundsPart(rounds, ratings, settling, cipher, settings.trusted_proxies)


def rounds_in(request: Request) -> RoundsPart:
    """The part of the service that `request` came to."""
    return parts_in(request).rounds


async def found_round(part: RoundsPart, id: str) -> Round:
    """The round, or `Problem` 404."""
    found = await part.rounds.rounds.get(id)
    if found is None or found.state is None:
        raise Problem(404, "no-such-round", where="/v1/rounds", id=id)
    return found.state


async def found_subject(part: RoundsPart, id: str, subject: str) -> tuple[Aggregate[Rated], Rated]:
    """A subject of a round and its state, or `Problem` 404."""
    found = await part.rounds.rated.get(rated_id(id, subject))
    if found is None or found.state is None:
        await found_round(part, id)
        where = f"/v1/rounds/{id}/subjects"
        raise Problem(404, "not-in-round", where=where, id=id, subject=subject)
    return found, found.state

"""What is derived of several documents, in the order in which one needs the other."""

from dataclasses import dataclass

from services.registry.assets.repository import Scorecards
from services.registry.backbone.repository import Backbones
from services.registry.carriers.repository import Carriers
from services.registry.following import Changed
from shared.contracts import topics

FOLLOWED = (topics.REGISTRY, topics.WORK, topics.BACKBONE, topics.CARRIERS)


@dataclass(frozen=True)
class Derived:
    """Backbones, then what becomes of promises and errands, then scorecards of both."""

    backbones: Backbones
    carriers: Carriers
    scorecards: Scorecards

    async def follow(self, changed: Changed) -> None:
        """Derive anew for what changed; the same when done again."""
        organizations = await self.backbones.follow(changed)
        await self.carriers.follow(changed)
        await self.scorecards.follow(changed, organizations)

    async def catch_up(self) -> bool:
        """Some of what waits for its time or for newer rules; whether there was any."""
        behind = await self.backbones.catch_up()
        return await self.scorecards.catch_up() or behind

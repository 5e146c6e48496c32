"""The six assets of an organization as the registry publishes them (policy, art. 4)."""

from typing import ClassVar

from shared.contracts.payload import Code, Id, Moment, Snapshot
from shared.contracts.words import Asset


class AssetsChanged(Snapshot):
    """Which of the six assets an organization has, by recorded facts. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.assets.changed"

    organization_id: Id
    area_path: tuple[Code, ...]
    met: tuple[Asset, ...]
    target: Moment
    """When it is to have all six."""
    retired: bool = False

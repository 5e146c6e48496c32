"""Decisions of the registry, pure, by subject."""

from typing import Any

from services.registry.service.areas import Areas
from services.registry.service.base import Kind
from services.registry.service.grids import Grids
from services.registry.service.organizations import Organizations
from services.registry.service.people import People
from services.registry.service.units import Units
from shared.storage.encryption import FieldCipher

__all__ = ["Areas", "Grids", "Kind", "Organizations", "People", "Units", "all_kinds"]


def all_kinds(cipher: FieldCipher) -> tuple[Kind[Any, Any], ...]:
    """Every kind, each after those that it refers to."""
    return (Areas(), Units(), Organizations(), Grids(), People(cipher))

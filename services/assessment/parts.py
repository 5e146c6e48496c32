"""The parts of a running assessment that routes work with."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import Request

from services.assessment.repository import Repository
from services.assessment.service.rankings import Weights
from shared.storage.tables import Tables


@dataclass(frozen=True)
class Parts:
    """What routes find in `request.app.state.parts`."""

    repository: Repository
    weights: Weights
    zone: ZoneInfo
    tables: Tables


def parts_in(request: Request) -> Parts:
    """The parts of the service that `request` came to."""
    parts: Parts = request.app.state.parts
    return parts

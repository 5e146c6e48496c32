"""What support makes of the registry's events: recorded work, plans, money, venues."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from services.assessment.heard import told_by
from services.assessment.support.state import Work
from shared.contracts.assets import AssetsChanged
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.plans import AssignmentChanged, PairingChanged, PlanChanged
from shared.contracts.words import Asset
from shared.contracts.work import WorkCorrected, WorkRecorded, WorkVoided
from shared.messaging.processor import FactHandler, SnapshotHandler
from shared.storage.aggregates import Decision
from shared.storage.client import Document


def on_work_recorded(state: Work | None, event: Event, _zone: tzinfo) -> Decision[Work]:
    """Work counts from now on."""
    data = event.data
    assert isinstance(data, WorkRecorded)
    known = state or Work()
    return Decision(
        known.model_copy(
            update={
                "work": data.work,
                "at": data.at,
                "organization_id": data.organization_id,
                "area_path": data.area_path,
                "quantity": data.quantity,
                "told": told_by(event),
            }
        )
    )


def on_work_corrected(state: Work | None, event: Event, _zone: tzinfo) -> Decision[Work]:
    """Its quantity was put right."""
    data = event.data
    assert isinstance(data, WorkCorrected)
    known = state or Work()
    return Decision(known.model_copy(update={"quantity": data.quantity, "told": told_by(event)}))


def on_work_voided(state: Work | None, event: Event, _zone: tzinfo) -> Decision[Work]:
    """It does not count."""
    known = state or Work()
    return Decision(known.model_copy(update={"voided": True, "told": told_by(event)}))


FACTS: Mapping[type[Payload], FactHandler[Work, tzinfo]] = {
    WorkRecorded: on_work_recorded,
    WorkCorrected: on_work_corrected,
    WorkVoided: on_work_voided,
}


def on_plan_changed(event: Event) -> tuple[str, Document]:
    """A plan: its targets, and whose they are."""
    data = event.data
    assert isinstance(data, PlanChanged)
    own = place(data.area, data.organization_id)
    targets: list[dict[str, Any]] = [
        {
            "id": target.id,
            "work": target.work,
            "quantity": target.quantity,
            "until": target.until,
            "parts": [
                {
                    "place": place(part.area, part.organization_id),
                    "share": part.share,
                    "by": part.by,
                }
                for part in target.parts
            ],
        }
        for target in data.targets
    ]
    places = {part["place"] for target in targets for part in target["parts"]}
    return "plans", {
        "place": own,
        "parent": data.parent,
        "status": data.status,
        "since": data.since,
        "targets": targets,
        "places": sorted(places | {own}),
        "told": _told(event),
    }


def _told(event: Event) -> Document:
    return told_by(event).model_dump()


def place(area: str | None, organization_id: str | None) -> str:
    """The key of a plan's place: `areas/440310001` or `organizations/…`."""
    return f"organizations/{organization_id}" if area is None else f"areas/{area}"


def on_assignment_changed(event: Event) -> tuple[str, Document]:
    """Money that comes with an assigned task; none is owed of one given back or withdrawn."""
    data = event.data
    assert isinstance(data, AssignmentChanged)
    owed = data.status not in ("returned", "cancelled")
    return "funds", {
        "receiver": data.receiver,
        "by": data.until,
        "promised_yuan": data.promised_yuan if owed else 0.0,
        "paid_yuan": data.paid_yuan if owed else 0.0,
        "told": _told(event),
    }


def on_pairing_changed(event: Event) -> tuple[str, Document]:
    """Money that was promised with a pairing."""
    data = event.data
    assert isinstance(data, PairingChanged)
    return "funds", {
        "receiver": data.taker,
        "by": data.until,
        "promised_yuan": data.promised_yuan,
        "paid_yuan": data.paid_yuan,
        "told": _told(event),
    }


def on_assets_changed(event: Event) -> tuple[str, Document]:
    """Whether an organization has a venue, by recorded facts (art. 4)."""
    data = event.data
    assert isinstance(data, AssetsChanged)
    met = {"venue": Asset.VENUE in data.met, "retired": data.retired}
    return "assets", met | {"told": _told(event)}


SNAPSHOTS: Mapping[type[Payload], SnapshotHandler] = {
    PlanChanged: on_plan_changed,
    AssignmentChanged: on_assignment_changed,
    PairingChanged: on_pairing_changed,
    AssetsChanged: on_assets_changed,
}

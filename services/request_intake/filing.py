"""Filing a request by HTTP, whatever the form it comes in: one decision and one write."""

from dataclasses import dataclass
from datetime import datetime

from services.request_intake.parts import Parts, now
from services.request_intake.schemas import Place, RequesterIn
from services.request_intake.service import accept, new_tracking_code
from services.request_intake.state import Requester, RequestState
from shared.contracts.ids import uuid7
from shared.contracts.payload import Point
from shared.contracts.words import Channel, RequestKind
from shared.storage.aggregates import Created
from shared.web.auth import Principal, Role
from shared.web.idempotency import Idempotency
from shared.web.problems import Problem

AREAS_AT = "/v1/areas"
CATEGORIES_AT = "/v1/categories"
ANSWERED = (
    "id",
    "tracking_code",
    "status",
    "category",
    "urgency",
    "grid_id",
    "area_path",
    "located",
    "accepted_at",
)
"""What whoever files a request is told of it, and told again for the same idempotency key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A request as its sender gives it, each field checked on its own.

    Args:
        place: None: a person has to find it in the words.
        notes: lines kept under the text; they decide neither category nor urgency.
        owned: whether the sender's token may read it later. Not so where the token is that of an
            app through which many people write.
    """

    channel: Channel
    kind: RequestKind = RequestKind.OTHER
    text: str | None
    category: str | None
    place: Place | None
    requester: RequesterIn | None = None
    happened_at: datetime | None = None
    notes: tuple[str, ...] = ()
    owned: bool = True


def check_area(parts: Parts, place: Place) -> None:
    """Raise `Problem` 422 where the place names an area that is not known."""
    if place.area is not None and not parts.directory.city.has_area(place.area):
        raise Problem(422, "unknown-area", field="place.area", where=AREAS_AT, area=place.area)


def point_of(place: Place) -> Point | None:
    """The point as the contracts have it."""
    if place.point is None:
        return None
    return Point(longitude=place.point.longitude, latitude=place.point.latitude)


def sealed_requester(parts: Parts, given: RequesterIn | None, id: str) -> Requester | None:
    """Who asks, encrypted for the request `id`."""
    if given is None:
        return None
    values = given.model_dump(exclude_none=True).items()
    return Requester(**{name: parts.seal(value, name, id) for name, value in values})


def requested(parts: Parts, filing: Filing, principal: Principal) -> RequestState:
    """The state of a new request. Raises `Problem` 422 for an unknown area or category."""
    place = filing.place
    if place is not None:
        check_area(parts, place)
    classifier = parts.rules.classifier
    if filing.category is not None and filing.category not in classifier.categories:
        raise Problem(
            422,
            "unknown-category",
            field="category",
            where=CATEGORIES_AT,
            category=filing.category,
        )
    classified = classifier.classify(filing.text or "", filing.category)
    point = point_of(place) if place else None
    area = place.area if place else None
    id, received = uuid7(), now()
    accepted_at = filing.happened_at or received
    placement = parts.directory.city.locator.locate(point, area, accepted_at)
    text = "\n".join(line for line in (filing.text, *filing.notes) if line) or None
    return RequestState(
        id=id,
        tracking_code=new_tracking_code(),
        channel=filing.channel.value,
        kind=filing.kind.value,
        category=classified.category,
        urgency=classified.urgency.value,
        rules_version=classifier.version,
        text=parts.seal(text, "text", id),
        requester=sealed_requester(parts, filing.requester, id),
        point=point,
        area=area,
        grid_id=placement.grid_id if placement else None,
        area_path=placement.area_path if placement else (),
        located=placement is not None,
        accepted_at=accepted_at,
        received_at=received,
        submitted_by=principal.subject if filing.owned else None,
        reporting_unit=principal.unit_id if principal.role is Role.UNIT_OPERATOR else None,
    )


async def file(
    parts: Parts, filing: Filing, principal: Principal, idempotency: Idempotency | None
) -> Created:
    """Keep a new request and its event; its answer has the names of `ANSWERED`.

    Raises what `requested` does, and `IdempotencyConflict`.
    """
    state = requested(parts, filing, principal)
    return await parts.requests.store.create(
        state.id,
        accept(state),
        by=f"{principal.role}:{principal.subject}",
        answer={name: getattr(state, name) for name in ANSWERED},
        idempotency=idempotency,
    )

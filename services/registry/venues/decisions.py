"""Venues: public places with an owner, uses and opening hours (policy, art. 4, 8)."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.registry.service.base import Kind, Known, Reference, check_kept, named, path_of
from services.registry.states import Named, naming
from services.registry.venues.hours import is_open
from services.registry.venues.schemas import VenueBody, VenueView, clock
from shared.contracts.payload import Point
from shared.contracts.registry import DaySpans, OpenSpan, VenueChanged, WeekdaySpan
from shared.web.auth import Principal, Role, ensure_area, ensure_unit
from shared.web.problems import Problem


class VenueState(Named):
    """A venue. Its address is a public place's, and so in the open."""

    area: str
    organization_id: str | None = None
    unit_id: str | None = None
    address: str | None = None
    point: Point | None = None
    uses: tuple[str, ...] = ()
    capacity: int | None = None
    weekly: tuple[WeekdaySpan, ...] = ()
    exceptions: tuple[DaySpans, ...] = ()


class Venues(Kind[VenueState, VenueBody]):
    """Venues; a unit's operator may write the own unit's.

    `uses` are the codes of the table, `zone` is the city's.
    """

    name, singular = "venues", "venue"
    body, state, view_model = VenueBody, VenueState, VenueView
    writers = (Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR)
    follows = (("unit_id", "organization_id"),)

    def __init__(self, uses: Callable[[], Iterable[str]], zone: ZoneInfo) -> None:
        self._uses = uses
        self._zone = zone

    def references(self, body: VenueBody) -> Iterable[Reference]:
        """Its area and its owner."""
        return named(areas=body.area, units=body.unit_id, organizations=body.organization_id)

    def build(
        self, id: str, body: VenueBody, current: VenueState | None, known: Known
    ) -> VenueState:
        """See `Kind.build`. A use that is in the table no more may stay."""
        if body.unit_id is None and body.organization_id is None:
            raise Problem(422, "venue-owner-needed", field="organization_id")
        check_kept(known, "units", "unit_id", body.unit_id, current.unit_id if current else None)
        stays = current is not None and current.area == body.area
        kept = set(current.uses) if current else set()
        allowed = list(self._uses())
        unknown = [use for use in body.uses if use not in kept and use not in allowed]
        if unknown:
            raise Problem(422, "unknown-use", field="uses", allowed=allowed, id=unknown[0])
        return VenueState(
            **naming(body.name),
            area=body.area,
            area_path=path_of(known, body.area, current.area_path if current and stays else None),
            organization_id=body.organization_id,
            unit_id=body.unit_id or self._unit(body, current, known),
            address=body.address,
            point=body.point and Point(**body.point.model_dump()),
            uses=tuple(body.uses),
            capacity=body.capacity,
            weekly=tuple(
                WeekdaySpan(weekday=each.weekday, **each.span().model_dump())
                for each in body.weekly
            ),
            exceptions=tuple(
                DaySpans(
                    date=each.date.isoformat(), spans=tuple(span.span() for span in each.spans)
                )
                for each in body.exceptions
            ),
        )

    @staticmethod
    def _unit(body: VenueBody, current: VenueState | None, known: Known) -> str | None:
        """The unit of the organization that owns it."""
        assert body.organization_id is not None
        if current is not None and current.organization_id == body.organization_id:
            return current.unit_id
        return known.find("organizations", body.organization_id, "organization_id").unit_id

    def ensure_own(self, principal: Principal, id: str, state: VenueState) -> None:
        """The operator's own unit's; a venue in the manager's areas."""
        if principal.role is Role.UNIT_OPERATOR:
            ensure_unit(principal, state.unit_id)
        else:
            ensure_area(principal, state.area_path)

    def event(self, id: str, state: VenueState) -> VenueChanged:
        """See `Kind.event`."""
        said = state.model_dump(exclude={"sort_key", "grams", "point"})
        return VenueChanged(venue_id=id, point=state.point and state.point.rounded(), **said)

    def view(self, id: str, version: int, state: VenueState, principal: Principal) -> VenueView:
        """See `Kind.view`."""
        shown = state.model_dump(exclude={"weekly", "exceptions"})
        hours = state.weekly, state.exceptions
        open_now = not state.retired and is_open(*hours, datetime.now(UTC), self._zone)
        return VenueView.model_validate(
            shown
            | {
                "id": id,
                "version": version,
                "open_now": open_now,
                "weekly": [{"weekday": span.weekday} | _shown(span) for span in state.weekly],
                "exceptions": [
                    {"date": day.date, "spans": [_shown(span) for span in day.spans]}
                    for day in state.exceptions
                ],
            }
        )


def _shown(span: OpenSpan) -> dict[str, str]:
    return {"opens": clock(span.opens), "closes": clock(span.closes)}

"""The coverage guarantee: no place with residents is without a team (policy, art. 6).

Pure. A `City` holds what matters of areas, grids and people; told of a change, it says which
places are touched, and of each place which gaps it has. To add a kind of place: its term in
`PlaceKind`, a method that puts it, and its teams in `_teams`.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from shared.contracts.coverage import GapClosed, GapFound
from shared.contracts.words import Gap, PlaceKind
from shared.storage.aggregates import Decision, State

Path = tuple[str, ...]


class Place(NamedTuple):
    """A community or grid; `key` is the id of its document and the subject of its facts."""

    kind: PlaceKind
    id: str

    @property
    def key(self) -> str:
        """As `community/440310001001`."""
        return f"{self.kind.value}/{self.id}"


class Team(NamedTuple):
    """A grid in service: where it is, the communities that it serves, who serves them."""

    path: Path
    communities: tuple[str, ...] = ()
    organization_id: str | None = None
    leader: str | None = None
    members: tuple[str, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        """The leader and the members."""
        return frozenset((*self.members, self.leader)) - {None}  # type: ignore[return-value]


class City:
    """Communities and grids in service, and who can be reached.

    A grid serves the communities that it lists, and its area where that is a community. The
    polygon of a whole street does not say which of its communities it serves, so it serves none.
    """

    def __init__(self) -> None:
        self._communities: dict[str, Path] = {}
        self._grids: dict[str, Team] = {}
        self._retired: set[str] = set()
        self._reachable: set[str] = set()
        self._serving: defaultdict[str, set[str]] = defaultdict(set)
        self._of_person: defaultdict[str, set[str]] = defaultdict(set)

    def put_community(self, code: str, path: Path | None) -> set[Place]:
        """A community, or None where it is retired or none any more; the places touched."""
        if path is None:
            self._communities.pop(code, None)
        else:
            self._communities[code] = path
        return {Place(PlaceKind.COMMUNITY, code)}

    def put_grid(self, id: str, team: Team | None) -> set[Place]:
        """A grid and its team, or None where it is retired; the places touched."""
        touched = {Place(PlaceKind.GRID, id)}
        for there in (self._grids.pop(id, None), team):
            if there is not None:
                touched |= {Place(PlaceKind.COMMUNITY, code) for code in self._served(there)}
                for index, keys in self._indexes(there):
                    for key in keys:
                        index[key].discard(id)
        if team is not None:
            self._grids[id] = team
            for index, keys in self._indexes(team):
                for key in keys:
                    index[key].add(id)
        return touched

    def put_person(self, id: str, *, retired: bool, reachable: bool) -> set[Place]:
        """A registered volunteer. Reachable: in service, available, with a telephone number.

        `available: false` has no end in the registry, so that it means until further notice.
        """
        for among, there in ((self._retired, retired), (self._reachable, reachable)):
            (among.add if there else among.discard)(id)
        touched: set[Place] = set()
        for grid in self._of_person.get(id, ()):
            touched.add(Place(PlaceKind.GRID, grid))
            served = self._served(self._grids[grid])
            touched |= {Place(PlaceKind.COMMUNITY, code) for code in served}
        return touched

    def places(self) -> set[Place]:
        """Every place that must be served."""
        return {Place(PlaceKind.COMMUNITY, code) for code in self._communities} | {
            Place(PlaceKind.GRID, id) for id in self._grids
        }

    def path(self, place: Place) -> Path | None:
        """The place's area path; None where it is not in service."""
        if place.kind is PlaceKind.COMMUNITY:
            return self._communities.get(place.id)
        team = self._grids.get(place.id)
        return None if team is None else team.path

    def gaps(self, place: Place) -> tuple[Gap, ...]:
        """What the place lacks; nothing where it is not in service."""
        if self.path(place) is None:
            return ()
        teams = [team for team in self._teams(place) if team.organization_id or team.people]
        if not teams:
            return (Gap.NO_TEAM,)
        found = []
        # A leader need not be a registered volunteer; one who is registered must be in service.
        if all(team.leader is None or team.leader in self._retired for team in teams):
            found.append(Gap.NO_LEADER)
        if all(team.people.isdisjoint(self._reachable) for team in teams):
            found.append(Gap.NOBODY_REACHABLE)
        return tuple(found)

    def _teams(self, place: Place) -> Iterable[Team]:
        ids = {place.id} if place.kind is PlaceKind.GRID else self._serving.get(place.id, ())
        return (self._grids[id] for id in ids)

    @staticmethod
    def _served(team: Team) -> frozenset[str]:
        return frozenset((*team.communities, *team.path[-1:]))

    def _indexes(self, team: Team) -> tuple[tuple[defaultdict[str, set[str]], Iterable[str]], ...]:
        return (self._serving, self._served(team)), (self._of_person, team.people)


class OpenGap(BaseModel):
    """A gap and since when it has been known."""

    model_config = ConfigDict(frozen=True)

    gap: Gap
    since: datetime


class Coverage(State):
    """A place that has or had a gap, and its open gaps."""

    place: PlaceKind
    place_id: str
    area_path: Path
    open: tuple[OpenGap, ...] = ()


def observe(
    state: Coverage | None, place: Place, path: Path | None, gaps: tuple[Gap, ...], now: datetime
) -> Decision[Coverage] | None:
    """Open and close gaps as they were found to be at `now`; None where nothing changes."""
    held = () if state is None else state.open
    if path is None:
        path = () if state is None else state.area_path
    known = {gap.gap for gap in held}
    closed = [gap for gap in held if gap.gap not in gaps]
    new = [OpenGap(gap=gap, since=now) for gap in gaps if gap not in known]
    moved = state is not None and state.area_path != path
    if not closed and not new and not moved:
        return None
    kept = tuple(gap for gap in held if gap.gap in gaps)
    after = Coverage(place=place.kind, place_id=place.id, area_path=path, open=(*kept, *new))
    return Decision(
        after,
        [
            *(
                GapClosed(
                    place=place.kind,
                    place_id=place.id,
                    area_path=path,
                    gap=gap.gap,
                    since=gap.since,
                )
                for gap in closed
            ),
            *(
                GapFound(place=place.kind, place_id=place.id, area_path=path, gap=gap.gap)
                for gap in new
            ),
        ],
        "coverage observed",
        now,
    )

"""The coverage guarantee: no place with residents is without a team (policy, art. 6).

Pure. A `City` holds what matters of areas, grids and people; told of a change, it says which
places are touched, and of each place which gaps it has. To add a kind of place: its term in
`PlaceKind`, a method that puts it, and its teams in `_teams`.
"""

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
    """A grid in service: where it is, the communities that it serves, who serves them.

    `populated` is false where it is told that nobody lives there.
    """

    path: Path
    communities: tuple[str, ...] = ()
    organization_id: str | None = None
    leader: str | None = None
    members: tuple[str, ...] = ()
    populated: bool = True

    @property
    def people(self) -> tuple[str, ...]:
        """The leader and the members; the leader may be among them."""
        return self.members if self.leader is None else (self.leader, *self.members)

    @property
    def served(self) -> frozenset[str]:
        """The communities that it names, and its area, which may be one."""
        return frozenset((*self.communities, *self.path[-1:]))


class City:
    """Communities and grids in service, and who of their teams can be reached.

    A grid serves the communities that it lists, and its area where that is a community. The
    polygon of a whole street does not say which of its communities it serves, so it serves none.

    A community is a place that must be served (art. 6: where there are residents there is
    service), and so is each grid in service, of whatever level, unless its population is told to
    be 0: of a grid whose population is not told, that nobody lives there cannot be known.

    Of people only those are held who are in a team: of a million in a city some ten thousands. Of
    organizations only those that are retired: they are no team.
    """

    def __init__(self) -> None:
        self._communities: dict[str, Path] = {}
        self._grids: dict[str, Team] = {}
        self._serving: dict[str, tuple[str, ...]] = {}
        self._of_person: dict[str, tuple[str, ...]] = {}
        self._people: dict[str, _Person] = {}
        self._unread: set[str] = set()
        self._of_organization: dict[str, tuple[str, ...]] = {}
        self._retired: set[str] = set()
        self._touched_communities: set[str] = set()
        self._touched_grids: set[str] = set()

    def put_community(self, code: str, path: Path | None) -> None:
        """A community, or None where it is retired or none any more."""
        if path is None:
            self._communities.pop(code, None)
        else:
            self._communities[code] = path
        self._touched_communities.add(code)

    def put_grid(self, id: str, team: Team | None) -> None:
        """A grid and its team, or None where it is not in service.

        Whoever is new in a team is among `unread` until `put_person`.
        """
        before = self._grids.pop(id, None)
        if before is not None:
            for code in self._touch(id, before):
                _take_off(self._serving, code, id)
            for person in before.people:
                _take_off(self._of_person, person, id)
            _take_off(self._of_organization, before.organization_id or "", id)
        if team is not None:
            self._grids[id] = team
            _put_on(self._serving, self._touch(id, team), id)
            _put_on(self._of_person, team.people, id)
            _put_on(self._of_organization, filter(None, [team.organization_id]), id)
            self._unread.update(person for person in team.people if person not in self._people)
        for person in before.people if before is not None else ():
            if person not in self._of_person:
                self._people.pop(person, None)
                self._unread.discard(person)

    def put_person(self, id: str, *, serving: bool, reachable: bool) -> None:
        """A person; nothing where he or she is in no team.

        Serving: registered and not retired. Reachable: serving, available, with a telephone number.
        `available: false` has no end in the registry, so that it means until further notice.
        """
        grids = self._of_person.get(id)
        if grids is None:
            return
        self._people[id] = _PEOPLE[serving, reachable]
        self._unread.discard(id)
        self._touch_all(grids)

    def put_organization(self, id: str, *, retired: bool) -> None:
        """An organization; one that was never put is in service."""
        if retired:
            self._retired.add(id)
        else:
            self._retired.discard(id)
        self._touch_all(self._of_organization.get(id, ()))

    def _touch_all(self, grids: Iterable[str]) -> None:
        for grid in grids:
            if grid not in self._touched_grids:
                self._touch(grid, self._grids[grid])

    def _touch(self, id: str, team: Team) -> frozenset[str]:
        """Note a grid and the communities that it serves; these."""
        served = team.served
        self._touched_grids.add(id)
        self._touched_communities |= served
        return served

    def touched(self) -> set[Place]:
        """The places that what was put since the last call bears on."""
        found = {Place(PlaceKind.COMMUNITY, code) for code in self._touched_communities}
        found |= {Place(PlaceKind.GRID, id) for id in self._touched_grids}
        self._touched_communities, self._touched_grids = set(), set()
        return found

    def in_a_team(self, ids: Iterable[str]) -> list[str]:
        """Those of `ids` who are in a team."""
        return [id for id in ids if id in self._of_person]

    def unread(self) -> list[str]:
        """People in a team of whom nothing has been put yet."""
        return list(self._unread)

    def places(self) -> set[Place]:
        """Every place that must be served."""
        return {Place(PlaceKind.COMMUNITY, code) for code in self._communities} | {
            Place(PlaceKind.GRID, id) for id, team in self._grids.items() if team.populated
        }

    def path(self, place: Place) -> Path | None:
        """The place's area path; None where it need not be served."""
        if place.kind is PlaceKind.COMMUNITY:
            return self._communities.get(place.id)
        team = self._grids.get(place.id)
        return None if team is None or not team.populated else team.path

    def gaps(self, place: Place) -> tuple[Gap, ...]:
        """What the place lacks; nothing where it need not be served."""
        if self.path(place) is None:
            return ()
        ids = (place.id,) if place.kind is PlaceKind.GRID else self._serving.get(place.id, ())
        teams = [self._grids[id] for id in ids]
        teams = [
            team
            for team in teams
            if team.people
            or (team.organization_id is not None and team.organization_id not in self._retired)
        ]
        if not teams:
            return (Gap.NO_TEAM,)
        found = []
        people = self._people
        if not any(team.leader and people.get(team.leader, _UNKNOWN).serving for team in teams):
            found.append(Gap.NO_LEADER)
        if not any(people.get(id, _UNKNOWN).reachable for team in teams for id in team.people):
            found.append(Gap.NOBODY_REACHABLE)
        return tuple(found)


class _Person(NamedTuple):
    serving: bool
    reachable: bool


_PEOPLE = {
    (serving, reachable): _Person(serving, reachable)
    for serving in (False, True)
    for reachable in (False, True)
}
_UNKNOWN = _PEOPLE[False, False]


def _put_on(index: dict[str, tuple[str, ...]], keys: Iterable[str], id: str) -> None:
    alone = (id,)
    for key in keys:
        there = index.setdefault(key, alone)
        if there is not alone and id not in there:
            index[key] = (*there, id)


def _take_off(index: dict[str, tuple[str, ...]], key: str, id: str) -> None:
    left = tuple(other for other in index.get(key, ()) if other != id)
    if left:
        index[key] = left
    else:
        index.pop(key, None)


class OpenGap(BaseModel):
    """A gap and since when it has been known."""

    model_config = ConfigDict(frozen=True, defer_build=True)

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

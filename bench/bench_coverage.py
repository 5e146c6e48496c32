"""Gaps in coverage of a whole city, computed at once: `python -m bench.bench_coverage`."""

import time

from services.registry.coverage import City, Team

COMMUNITIES, GRIDS, PEOPLE = 7_500, 30_000, 100_000


def city_of(communities: int, grids: int, people: int) -> City:
    """A city in which one grid in ten has no leader and one person in seven no telephone."""
    city = City()
    for n in range(people):
        city.put_person(f"v{n}", retired=n % 50 == 0, reachable=n % 50 != 0 and n % 7 != 0)
    for n in range(communities):
        city.put_community(f"c{n}", ("city", f"d{n % 15}", f"s{n % 340}", f"c{n}"))
    for n in range(grids):
        code = n % (communities + 100)  # the last hundred are of no community that is there
        team = [f"v{(3 * n + k) % people}" for k in range(3)]
        path = ("city", f"d{code % 15}", f"s{code % 340}")
        leader = None if n % 10 == 0 else team[0]
        city.put_grid(f"g{n}", Team(path, (f"c{code}",), None, leader, tuple(team[1:])))
    return city


def main() -> None:
    """Print the seconds for putting the city together and for the gaps of all its places."""
    began = time.perf_counter()
    city = city_of(COMMUNITIES, GRIDS, PEOPLE)
    put = time.perf_counter()
    places = city.places()
    gaps = sum(len(city.gaps(place)) for place in places)
    done = time.perf_counter()
    print(f"{len(places)} places, {gaps} gaps: {put - began:.2f} s to put, {done - put:.2f} s")


if __name__ == "__main__":
    main()

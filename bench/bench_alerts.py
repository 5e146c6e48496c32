"""How to ask volunteers: `python -m bench.bench_alerts [picture.svg]`.

A simulated city (`bench.alert_city`) under each policy, two seeds: the share of tasks accepted
within 15 minutes, and alerts a task. No time is measured, so the machine's load does not matter;
every figure comes out the same again.
"""

import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.alert_city import Outcome, Policy, population, simulate
from bench.picture import curve
from services.volunteer_dispatch.match.chance import Prior

SEEDS = (1, 2)
PICTURE = Path(__file__).parents[1] / "docs/dispatch/alerts.svg"

PREDICTED = {
    "seven nearest at once": (0.85, 7.0),
    "one at a time, nearest": (0.75, 3.0),
    "phased, three, learnt": (0.93, 4.5),
}
"""Share and alerts a task; written before the first run."""

CAP = 7
"""Alerts a week and person in the phased policies, as the shipped table says."""
SAME_FOR_ALL = Prior(strength=1e9)
"""A prior that no answer moves: the score without what was learnt."""

AT_ONCE = [Policy(f"{k}", k, replaces=False) for k in (1, 3, 5, 7, 10)]
ONE_BY_ONE = [Policy(f"{m} min", 1, silent=60.0 * m) for m in (1, 3, 5)]
PHASED = [Policy(f"{k}", k, weekly=CAP) for k in (2, 3)]
UNLEARNT = [Policy(f"{k}", k, learnt=True, prior=SAME_FOR_ALL, weekly=CAP) for k in (1, 2, 3)]
LEARNT = [Policy(f"{k}", k, learnt=True, weekly=CAP) for k in (1, 2, 3, 5)]
SERIES = {
    "the nearest k at once": AT_ONCE,
    "one at a time, nearest, silence of m min": ONE_BY_ONE,
    "phased, nearest, k at once": PHASED,
    "phased, best score, nothing learnt": UNLEARNT,
    "phased, best score, learnt": LEARNT,
}


def play(policies: Iterable[Policy]) -> list[Outcome]:
    """Means over the seeds."""
    towns = [population(seed) for seed in SEEDS]
    found = []
    for policy in policies:
        outcomes = [simulate(of, policy, seed) for seed, of in zip(SEEDS, towns, strict=True)]
        mean = [statistics.fmean(values) for values in zip(*outcomes, strict=True)]
        found.append(Outcome(mean[0], mean[1], mean[2], round(mean[3])))
    return found


def measure() -> dict[str, list[tuple[Policy, Outcome]]]:
    """Every policy's outcome."""
    found = {}
    for name, policies in SERIES.items():
        found[name] = list(zip(policies, play(policies), strict=True))
        print(name, "played", flush=True)
    return found


def picture(found: dict[str, list[tuple[Policy, Outcome]]]) -> str:
    """The curve as SVG."""
    series = {
        name: [(one.alerts, one.share, policy.name) for policy, one in outcomes]
        for name, outcomes in found.items()
    }
    return curve(
        series,
        "Accepted within 15 minutes, by alerts sent a task",
        "alerts a task",
        "tasks accepted within 15 minutes",
        (0, 10),
        (0, 1),
    )


def rows(found: dict[str, list[tuple[Policy, Outcome]]]) -> list[str]:
    """Rows of the page's table: three ways of asking."""
    named = {name: {p.name: o for p, o in outcomes} for name, outcomes in found.items()}
    learnt, unlearnt = (
        named["phased, best score, learnt"],
        named["phased, best score, nothing learnt"],
    )
    shown = (
        ("seven nearest at once", named["the nearest k at once"]["7"]),
        ("one at a time, nearest", named["one at a time, nearest, silence of m min"]["3 min"]),
        ("one at a time, best score", learnt["1"]),
        ("phased, two at once, best score", learnt["2"]),
        ("the same with nothing learnt", unlearnt["2"]),
        ("phased, three at once, best score", learnt["3"]),
    )
    return [
        f"| simulated city, {name}: accepted within 15 min, alerts a task | reported | "
        f"**{one.share:.1%}**, **{one.alerts:.2f}** |"
        for name, one in shown
    ]


def main() -> None:
    """Play, print, draw."""
    print("predicted:", PREDICTED)
    found = measure()
    for name, outcomes in found.items():
        print(name)
        for policy, one in outcomes:
            print(
                f"  {policy.name:>6}: {one.share:.1%} in time, {one.alerts:.2f} alerts, "
                f"{one.minutes:.1f} min, busiest {one.busiest}"
            )
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()

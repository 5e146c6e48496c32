"""Protection against stuffing: which voices count, and why others do not; pure.

Five rules, in this order, each over what the ones before left: **device**, **asker** (the telephone
of follow-ups' requests) and **network** (how much of the voices one source brings), **rate** (more
at one place within a minute than people can be there), **pattern** (gaps too even for people).
A panel's seats were drawn, and often vote in one hour: of them rate and pattern say nothing.

The share of a source is measured against the voices that came alone: from a device, a network and
a telephone of their own. What an attacker adds from one source does not change that measure, so
that an attack neither hides itself by its own number nor pushes an honest household over or under
the limit. Follow-ups are judged apart from codes and panels, whose hashes have another salt.

What staff entered is no resident's device or network, and no rule of sources is for it: an honest
telephone team is few people with many calls. It is told apart, and where a city sets
`own_staff_share` what the subject's own staff entered counts up to that share only (**staff**).

What a rule sets aside is one group with its reason; a person can have it count, or set aside
others, with a reason.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from services.assessment.ratings.table import RatingRules, SourceRule
from services.assessment.ratings.votes import Entered, Source, Vote
from services.assessment.service.statistics import Sample

SourceOf = Literal["device", "asker", "network"]
Rule = Literal[SourceOf, "staff", "rate", "pattern", "person"]
FindRuns = Callable[[Sequence[Vote], RatingRules], list[list[Vote]]]
FOLLOW_UPS = "follow_ups"
"""The group of all follow-ups of the subject's cases, as judgements name it."""
OWN_STAFF = "staff:own"
_LOOKED_AT: tuple[tuple[SourceOf, tuple[Source, ...]], ...] = (
    # A device that has a code's voice and a seat's is one.
    ("device", (Source.CODE, Source.PANEL)),
    ("device", (Source.FOLLOW_UP,)),
    ("asker", (Source.FOLLOW_UP,)),
    ("network", (Source.CODE,)),
    ("network", (Source.PANEL,)),
    ("network", (Source.FOLLOW_UP,)),
)
_SHOWN = 16
"""Digits of a hash in a group's name: enough to tell groups apart."""


class Group(NamedTuple):
    """Voices that a rule (or a person) set aside: `size` of the `of` that the group has.

    `name` is what a judgement names: `device:…`, `network:…`, `rate:…`, `code:…`, `vote:…` and so
    on. `share` is of the voices that came alone (`staff`: of the follow-ups); None where the rule
    looks at no share.
    """

    name: str
    rule: Rule
    size: int
    of: int
    satisfied: int
    share: float | None = None


class Judged(NamedTuple):
    """What is left: the counted voices by source, and the groups set aside, in order of name;
    of the counted follow-ups how many were entered by whom."""

    counted: Mapping[Source, Sample]
    aside: tuple[Group, ...]
    entered: Mapping[Entered, int]


def names_of(vote: Vote) -> tuple[str, ...]:
    """Names of groups that are known of a voice alone."""
    of_case = vote.source is Source.FOLLOW_UP
    # Ids of requests begin with their time.
    names = [f"vote:{vote.id if of_case else vote.id[:_SHOWN]}"]
    names.append(f"{vote.source.value}:{vote.place}")
    if of_case:
        names.append(FOLLOW_UPS)
    if vote.entered == "own_staff":
        names.append(OWN_STAFF)
    known = {"device": vote.device, "network": vote.network, "asker": vote.asker}
    return (*names, *(f"{what}:{value[:_SHOWN]}" for what, value in known.items() if value))


def judge(votes: Iterable[Vote], judgements: Mapping[str, bool], rules: RatingRules) -> Judged:
    """Judge the voices of one subject in a round.

    Args:
        votes: in any order.
        judgements: what persons said of groups by name: True counts, False does not. Of several
            that fit a voice the one that sets it aside wins.
    """
    ordered = sorted(votes, key=lambda vote: (vote.at, vote.id))
    aside: list[Group] = []
    open_: list[Vote] = []
    vouched: list[Vote] = []
    refused: defaultdict[str, list[Vote]] = defaultdict(list)
    for vote in ordered:
        said = {name: judgements[name] for name in names_of(vote) if name in judgements}
        no = next((name for name, counts in said.items() if not counts), None)
        if no is not None:
            refused[no].append(vote)
        elif said:
            vouched.append(vote)
        else:
            open_.append(vote)
    aside += [_group(name, "person", those, len(those)) for name, those in refused.items()]

    for rule, sources in _LOOKED_AT:
        looked_at = [v for v in open_ if v.source in sources and not _by_staff(v)]
        limits = rules.network if rule == "network" else rules.device
        out = _from_one_source(rule, looked_at, limits, aside)
        open_ = [vote for vote in open_ if vote.id not in out]
    out = _beyond_own_staff(open_, rules.own_staff_share, aside)
    open_ = [vote for vote in open_ if vote.id not in out]
    runs: tuple[tuple[Rule, FindRuns], ...] = (("rate", _hurried), ("pattern", _regular))
    for run, find in runs:
        for those in find([v for v in open_ if _at_a_place(v)], rules):
            name = f"{run}:{those[0].place}:{those[0].at:%Y%m%dT%H%M%S}"
            if judgements.get(name) is True:
                continue
            out = {vote.id for vote in those}
            aside.append(_group(name, run, those, len(those)))
            open_ = [vote for vote in open_ if vote.id not in out]
    counted = [*vouched, *open_]
    entered = Counter(vote.entered for vote in counted if vote.entered is not None)
    return Judged(_samples(counted), tuple(sorted(aside)), dict(entered))


def _by_staff(vote: Vote) -> bool:
    return vote.entered in ("staff", "own_staff")


def _at_a_place(vote: Vote) -> bool:
    """Whether somebody gave it himself, at a time of his own."""
    return vote.source is Source.CODE or vote.entered == "resident"


def _from_one_source(
    rule: SourceOf, votes: Sequence[Vote], limits: SourceRule, aside: list[Group]
) -> set[str]:
    """Ids of the voices that a source brought beyond its limit; the groups go to `aside`."""
    by_source: defaultdict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        if key := getattr(vote, rule):
            by_source[key].append(vote)
    lone = _alone(votes)
    most = max(limits.most, int(limits.most_share * lone))
    out: set[str] = set()
    for key, those in by_source.items():
        if len(those) >= limits.least and len(those) > limits.share * lone:
            left = those
        elif len(those) > most:
            left = those[most:]
        else:
            continue
        share = len(those) / lone if lone else None
        name = f"{rule}:{key[:_SHOWN]}"
        aside.append(_group(name, rule, left, len(those), share))
        out |= {vote.id for vote in left}
    return out


def _alone(votes: Sequence[Vote]) -> int:
    """How many share no device, network or telephone with another one."""
    times = Counter((what, key) for vote in votes for what, key in _keys(vote))
    return sum(all(times[key] == 1 for key in _keys(vote)) for vote in votes)


def _keys(vote: Vote) -> list[tuple[str, str]]:
    keys = (("device", vote.device), ("network", vote.network), ("asker", vote.asker))
    return [(what, value) for what, value in keys if value]


def _beyond_own_staff(votes: Sequence[Vote], most: float | None, aside: list[Group]) -> set[str]:
    """Ids of what the subject's own staff entered, where that is a larger share than allowed."""
    answers = [vote for vote in votes if vote.source is Source.FOLLOW_UP]
    own = [vote for vote in answers if vote.entered == "own_staff"]
    if most is None or not own or len(own) <= most * len(answers):
        return set()
    aside.append(_group(OWN_STAFF, "staff", own, len(own), len(own) / len(answers)))
    return {vote.id for vote in own}


def _hurried(votes: Sequence[Vote], rules: RatingRules) -> list[list[Vote]]:
    """Stretches at one place with more voices within `rate_seconds` than `rate_voices`."""
    within = timedelta(seconds=rules.rate_seconds)
    found = []
    for those in _by_place(votes):
        hurried: list[int] = []
        first = done = 0
        for last, vote in enumerate(those):
            while vote.at - those[first].at >= within:
                first += 1
            if last - first + 1 > rules.rate_voices:
                hurried += range(max(first, done), last + 1)
                done = last + 1
        found += _runs(those, hurried)
    return found


def _regular(votes: Sequence[Vote], rules: RatingRules) -> list[list[Vote]]:
    """Runs at one place of at least `regular_voices` at even gaps."""
    found = []
    for those in _by_place(votes):
        gaps = [(b.at - a.at).total_seconds() for a, b in pairwise(those)]
        start = 0
        for n in range(1, len(gaps) + 1):
            even = n < len(gaps) and (
                abs(gaps[n] - gaps[start]) <= rules.regular_tolerance * gaps[start] + 0.5
            )
            if not even:
                if n - start + 1 >= rules.regular_voices:
                    found.append(those[start : n + 1])
                start = n
    return found


def _by_place(votes: Iterable[Vote]) -> list[list[Vote]]:
    found: defaultdict[str, list[Vote]] = defaultdict(list)
    for vote in votes:
        found[vote.place].append(vote)
    return [found[place] for place in sorted(found)]


def _runs(votes: Sequence[Vote], indexes: Sequence[int]) -> list[list[Vote]]:
    """Voices at `indexes`, parted where an index is missing."""
    runs: list[list[Vote]] = []
    before = None
    for index in indexes:
        if before is None or index != before + 1:
            runs.append([])
        runs[-1].append(votes[index])
        before = index
    return runs


def _group(
    name: str, rule: Rule, votes: Sequence[Vote], of: int, share: float | None = None
) -> Group:
    return Group(name, rule, len(votes), of, sum(vote.satisfied for vote in votes), share)


def _samples(votes: Iterable[Vote]) -> dict[Source, Sample]:
    counts: defaultdict[Source, list[int]] = defaultdict(lambda: [0, 0])
    for vote in votes:
        counts[vote.source][0] += vote.satisfied
        counts[vote.source][1] += 1
    return {source: Sample(*counts[source]) for source in Source if source in counts}

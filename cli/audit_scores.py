"""`lianxin audit --scores`: do the journals and the scheme give the scores of a period?

Everything that can be made of the services' journals is made of them here, beside the services:
cases of their facts and corrections, ratings of rounds, vacancies, gaps, what is late. The scheme
then gives the scores, which are compared with those kept. Inputs of which journals hold only the
newest state (funds, venues, plans' progress) are taken as they were kept, and named.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
from rich.console import Console

from cli.audit import RECOUNT_SECONDS, show_differing
from cli.audit_compare import ASSESSMENT
from cli.bars import row_bar
from cli.failures import failure
from cli.http import answer_of, connect
from cli.journals import Journals, source_of
from cli.language import tr
from cli.world import World
from services.assessment.lists.anew import STANDING, SUBJECTS, Registered, standing_of
from services.assessment.lists.judging import INPUTS_OF_LISTS
from services.assessment.schemes.periods import bounds_of
from services.assessment.scores.anew import NAMED, RATINGS, ROUNDS, CasesAnew, ratings
from services.assessment.scores.comparing import FROM_CASES, Comparison, recounted
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.kept import KeptScores
from services.assessment.service.figures import SubjectKind
from shared.contracts import topics
from shared.contracts.scores import PeriodSettled

_REGISTRY = "registry"
_PAUSE_SECONDS = 1.0
_TOLD_SECONDS = 10.0
"""Until then the journal has a settlement that was kept just now."""


def audit_scores(
    urls: Mapping[str, str],
    token: str,
    console: Console,
    period: str | None,
    *,
    quick: bool = False,
    wait: float = 0.0,
    as_json: bool = False,
) -> int:
    """Make the scores of a period anew, and report what differs.

    Args:
        urls: addresses of the services by name.
        token: an administrator's.
        period: `2026-05`; quarters and years likewise.
        quick: have assessment look at its own cases only, without the journals.
        wait: for how many seconds to look again where scores of now differ: facts are on the way.

    Returns:
        0 where every score comes out the same to the last digit; else 1.

    Raises:
        Failure: no period was named, or a service refused.
    """
    if period is None:
        raise failure("audit.scores.month")
    world = World(urls, token)
    with connect(world, ASSESSMENT) as client:
        if quick:
            query = {"period": period}
            response = client.post("/v1/audit/scores", params=query, timeout=RECOUNT_SECONDS)
            found = answer_of(response) | {"left_out": [], "gaps": [], "later": 0}
        else:
            found = _from_journals(world, client, period, wait)
    if as_json:
        console.out(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(console, found)
    return 0 if found["same"] and not found["gaps"] else 1


def _from_journals(world: World, client: httpx.Client, period: str, wait: float) -> dict[str, Any]:
    end = time.monotonic() + wait
    with Journals(world) as journals:
        while True:
            found = _once(journals, client, period)
            # What is settled stands: waiting brings nothing.
            if found["same"] or found["revision"] or time.monotonic() >= end:
                return found
            time.sleep(_PAUSE_SECONDS)


def _once(journals: Journals, client: httpx.Client, period: str) -> dict[str, Any]:
    kept = _kept(client, period)
    zone = ZoneInfo(kept.timezone)
    begin, end = bounds_of(period, zone)
    until = _settled_at(journals, kept) if kept.revision else kept.at
    known = _registered(journals)
    cases = CasesAnew(zone, known.levels, until)
    with row_bar() as bar:
        task = bar.add_task(tr("audit.scores.reading", period=period), total=kept.cases)
        for told in journals.cases(begin, end):
            cases.add(told)
            bar.advance(task)
    recount, left_out = cases.counted(kept.counts(known.traits))
    anew, given = recounted(recount, period), FROM_CASES | RATINGS
    _merge(anew, ratings(journals.every(ASSESSMENT, topics.REVIEWS.name, ROUNDS), period, until))
    inputs = {name for of in kept.classes for score in of.scores for name in score.inputs}
    if inputs & INPUTS_OF_LISTS:
        given |= INPUTS_OF_LISTS
        standing = {topic: journals.every(_REGISTRY, topic) for topic in STANDING}
        moment = min(end, until)
        _merge(anew, standing_of(known, standing, (begin, end), moment, until))
    comparison = Comparison(period, kept.scheme, anew, given)
    for one in kept.classes:
        comparison.add(one)
    for kind in anew:
        comparison.add_others(kind, known.traits[kind])
    return comparison.result() | {
        "scheme_version": kept.scheme_version,
        "revision": kept.revision,
        "until": until,
        "cases": recount.cases,
        "events": cases.events,
        "later": cases.later if kept.revision else 0,
        "left_out": [f"{event.subject}#{event.sequence}" for event in left_out],
        "gaps": cases.gaps,
    }


def _kept(client: httpx.Client, period: str) -> KeptScores:
    response = client.get("/v1/audit/scores", params={"period": period}, timeout=RECOUNT_SECONDS)
    return KeptScores.model_validate(answer_of(response))


def _settled_at(journals: Journals, kept: KeptScores) -> datetime:
    """When the scores were kept: what came later is not in them."""
    source = f"{source_of(ASSESSMENT)}/settlements"
    end = time.monotonic() + _TOLD_SECONDS
    while True:
        for event, _ in journals.of(ASSESSMENT, source, [kept.period])[kept.period]:
            if isinstance(event.data, PeriodSettled) and event.data.revision == kept.revision:
                return event.time
        if time.monotonic() > end:
            raise failure("audit.scores.untold", period=kept.period, revision=kept.revision)
        time.sleep(_PAUSE_SECONDS)


def _registered(journals: Journals) -> Registered:
    found = Registered()
    for event, _ in journals.every(_REGISTRY, topics.REGISTRY.name, SUBJECTS):
        found.add(event)
    return found


def _merge(anew: dict[SubjectKind, Numbers], more: Mapping[SubjectKind, Numbers]) -> None:
    for kind, numbers in more.items():
        for id, of in numbers.items():
            anew[kind].setdefault(id, {}).update(of)


# Reporting


def _show(console: Console, found: dict[str, Any]) -> None:
    key = "settled" if found["revision"] else "provisional"
    console.out(tr(f"audit.scores.{key}", **found), highlight=False)
    if found.get("events") is not None:
        console.out(tr("audit.scores.from_journals", **found), highlight=False)
    if found["taken_as_kept"]:
        names = ", ".join(found["taken_as_kept"])
        console.out(tr("audit.scores.as_kept", names=names), highlight=False)
    if found["later"]:
        console.out(tr("audit.scores.later", **found), highlight=False)
    if found["left_out"]:
        names = ", ".join(found["left_out"][:NAMED])
        total = len(found["left_out"])
        console.out(tr("audit.scores.left_out", total=total, names=names), highlight=False)
    if found["gaps"]:
        names = ", ".join(found["gaps"])
        console.out(tr("audit.scores.gaps", names=names), highlight=False)
    if found["same"]:
        console.print(tr("audit.scores.same", subjects=found["subjects"]), style="green")
        return
    console.out(tr("audit.scores.differing", total=found["differing_total"]), highlight=False)
    show_differing(console, found["differing"])

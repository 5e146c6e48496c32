"""`lianxin audit --scores`: are the scores of a period what its cases and its scheme give?"""

from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console

from cli.audit import RECOUNT_SECONDS, show_differing
from cli.audit_compare import ASSESSMENT
from cli.failures import failure
from cli.http import answer_of, connect
from cli.language import tr
from cli.world import World


def audit_scores(
    urls: Mapping[str, str],
    token: str,
    console: Console,
    period: str | None,
    *,
    as_json: bool = False,
) -> int:
    """Have assessment make the scores of a period anew, and report what differs.

    Args:
        urls: addresses of the services by name.
        token: an administrator's.
        period: `2026-05`; quarters and years likewise.

    Returns:
        0 where every score comes out the same to the last digit; else 1.

    Raises:
        Failure: no period was named, or the service refused.
    """
    if period is None:
        raise failure("audit.scores.month")
    with connect(World(urls, token), ASSESSMENT) as client:
        query = {"period": period}
        found = answer_of(client.post("/v1/audit/scores", params=query, timeout=RECOUNT_SECONDS))
    if as_json:
        console.out(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        _show(console, found)
    return 0 if found["same"] else 1


def _show(console: Console, found: dict[str, Any]) -> None:
    key = "settled" if found["revision"] else "provisional"
    console.out(tr(f"audit.scores.{key}", **found), highlight=False)
    if found["taken_as_kept"]:
        names = ", ".join(found["taken_as_kept"])
        console.out(tr("audit.scores.as_kept", names=names), highlight=False)
    if found["same"]:
        console.print(tr("audit.scores.same", subjects=found["subjects"]), style="green")
        return
    console.out(tr("audit.scores.differing", total=found["differing_total"]), highlight=False)
    show_differing(console, found["differing"])

"""Volunteer dispatch with a fault that can be mended, as a process.

    python -m tests.faults.shaky_dispatch

Until the file named by `SHAKY_MENDED` exists, its handler raises for every request of the
category `SHAKY_ALWAYS`; and it raises twice for each request of the category `SHAKY_SOMETIMES`.
"""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any, cast

from services.volunteer_dispatch.handlers import HANDLERS, on_request_accepted
from services.volunteer_dispatch.main import DEFINITION
from shared.contracts.envelope import Event
from shared.contracts.requests import RequestAccepted
from shared.web.process import run_service

tries: Counter[str] = Counter()


def shaky(state: Any, event: Event, context: Any) -> Any:
    """Take in a request, or fail."""
    category = cast(RequestAccepted, event.data).category
    if category == os.environ["SHAKY_ALWAYS"] and not Path(os.environ["SHAKY_MENDED"]).exists():
        raise RuntimeError("a fault in the handler")
    if category == os.environ["SHAKY_SOMETIMES"]:
        tries[event.subject] += 1
        if tries[event.subject] <= 2:
            raise RuntimeError("a fault now and then")
    return on_request_accepted(state, event, context)


if __name__ == "__main__":
    cast(dict[Any, Any], HANDLERS)[RequestAccepted] = shaky
    sys.exit(run_service(DEFINITION))

"""What corrections make of a case's bare facts, for the recount.

A second way to what `service/cases.py` does, as the recount is to the figures: it shares no code
with it, and walks from the last correction back.
"""

from collections.abc import Mapping
from typing import Any


def as_corrected(case: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The facts as corrected; None where the case counts for nobody."""
    latest_first = [one for one in reversed(case["corrections"]) if one["voided"] is None]
    facts: dict[str, Any] = {
        **case,
        "follow_ups": {round: dict(said) for round, said in case["follow_ups"].items()},
        "rounds": {round: dict(work) for round, work in case["rounds"].items()},
    }
    settled: set[tuple[str, str]] = set()

    def first(round: object, what: str, value: object) -> bool:
        """Whether this is the first word on something, and there is one."""
        if value is None or (str(round), what) in settled:
            return False
        settled.add((str(round), what))
        return True

    for one in latest_first:
        if first("", "excluded", one["excluded"]) and one["excluded"]:
            return None
        answer = str(one["answer_round"])
        if first(answer, "answer", one["without_answer"]) and one["without_answer"]:
            facts["follow_ups"].pop(answer, None)
        for what in ("contacted", "solved", "satisfied"):
            if first(answer, what, one[what]) and answer in facts["follow_ups"]:
                facts["follow_ups"][answer][what] = one[what]
        if first(one["work_round"], "verdict", one["verdict"]):
            work = facts["rounds"].setdefault(
                str(one["work_round"]), {"completed": False, "completed_at": None}
            )
            work["overdue"] = one["verdict"] == "late"
            work["in_time"] = {"in_time": True, "late": False}.get(one["verdict"])
        if first("", "responsible", one["responsible"]):
            for name, id in one["responsible"].items():
                facts[name] = facts[f"shared_{name}"] = id
    return facts

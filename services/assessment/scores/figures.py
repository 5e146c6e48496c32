"""The figures as inputs of scores."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.assessment.schemes.periods import months_of
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import COUNTS, HOURS, RATES, SubjectKind, rate
from shared.storage.batches import AN_ANSWER
from shared.storage.client import Collection as Documents
from shared.storage.client import Document

_SHOWN = {f"state.{name}": 1 for name in ("subject_id", *COUNTS, *HOURS)}


class FigureInputs:
    """Provider of the figures' numbers.

    Of a quarter or year counts are added up and rates made from the sums. Percentiles of hours do
    not add up: they are given for months only.
    """

    def __init__(self, figures: Documents) -> None:
        self._figures = figures

    async def provide(self, period: str, kind: SubjectKind, ids: Collection[str] | None) -> Numbers:
        """The numbers of a period; see `inputs.Provider`."""
        months = months_of(period)
        found = self._figures.find({"$or": [_chosen(m, kind, ids) for m in months]}, _SHOWN)
        documents = await found.batch_size(AN_ANSWER).to_list(None)
        # Thousands of them: not in the event loop.
        return await asyncio.to_thread(summed, documents, hours=len(months) == 1)


def summed(documents: Sequence[Document], *, hours: bool) -> Numbers:
    """The numbers of each subject from documents of its figures, with percentiles of hours or
    without."""
    sums: Numbers = {}
    for document in documents:
        state = document["state"]
        _add(sums.setdefault(state["subject_id"], {}), state, hours=hours)
    return {id: with_rates(numbers) for id, numbers in sums.items() if _any(numbers)}


def _chosen(month: str, kind: SubjectKind, ids: Collection[str] | None) -> Document:
    if ids is not None:
        return {"_id": {"$in": [f"{month}/{kind}/{id}" for id in ids]}}
    # `0` follows `/`: every id of this month and kind lies between the two.
    return {"_id": {"$gt": f"{month}/{kind}/", "$lt": f"{month}/{kind}0"}}


def _add(numbers: dict[str, float], state: Mapping[str, Any], *, hours: bool) -> None:
    for name in COUNTS:
        numbers[name] = numbers.get(name, 0.0) + state[name]
    if hours:
        numbers.update({name: state[name] for name in HOURS if state[name] is not None})


def _any(numbers: Mapping[str, float]) -> bool:
    return bool(numbers["requests"] or numbers["followed_up"])


def with_rates(numbers: dict[str, float]) -> dict[str, float]:
    """`numbers` and the rates that have a sample."""
    rates = {
        name: rate(int(numbers[part]), int(numbers[whole])) for name, (part, whole) in RATES.items()
    }
    return numbers | {name: value for name, value in rates.items() if value is not None}

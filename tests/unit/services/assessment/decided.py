"""What came of a decision, and what was refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.storage.aggregates import Decision, S
from shared.web.problems import Problem


def done(decision: Decision[S] | None) -> S:
    """The state after something was decided."""
    assert decision is not None
    return decision.state


@contextmanager
def refused(code: str, status: int | None = None) -> Iterator[None]:
    """What is done within is refused as this problem."""
    with pytest.raises(Problem) as found:
        yield
    assert found.value.code == code
    assert status in (None, found.value.status)

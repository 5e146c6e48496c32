"""By what the lists judge: what scores come to; how things stand, only where a scheme names it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from services.assessment.lists.basis import outcomes_of, where_named
from services.assessment.lists.judging import judge
from services.assessment.schemes.reading import read_file
from services.assessment.schemes.scheme import Scheme, WeakCriterion
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.inputs import Numbers
from services.assessment.scores.score import score_class
from services.assessment.scores.scoring import Board
from services.assessment.service.figures import SubjectKind
from services.assessment.support.groups import Bounds
from services.assessment.tables import SHIPPED
from tests.unit.services.assessment.scores.schemes import indicator, label, scheme

SHIPPED_SCHEME = read_file(SHIPPED / "schemes" / "default.yaml")
KNOWN: Numbers = {"o1": {"vacant_days": 100.0}}


@dataclass
class OneScheme:
    scheme: Scheme

    def find(self, period: str) -> SchemeVersion | None:
        return SchemeVersion(1, self.scheme, datetime.now(UTC), "file", "", "")


async def known(_period: str, _kind: SubjectKind, _ids: Collection[str] | None) -> Numbers:
    return KNOWN


async def test_a_criterion_alone_costs_no_ranking_anything_and_a_rule_gets_its_numbers() -> None:
    assert any("vacant_days" in each.when for each in SHIPPED_SCHEME.weak)
    asked = where_named(OneScheme(SHIPPED_SCHEME), known)
    assert await asked("2026-05", SubjectKind.ORGANIZATION, None) == {}
    rule = SHIPPED_SCHEME.rules[0].model_copy(update={"when": "vacant_days > 180"})
    named = SHIPPED_SCHEME.model_copy(update={"rules": (rule,)})
    asked = where_named(OneScheme(named), known)
    assert await asked("2026-05", SubjectKind.ORGANIZATION, None) == KNOWN


def test_who_lacks_promised_support_is_judged_by_its_place_among_its_like() -> None:
    """d, e and f got nothing of what they were promised; d is the last of all."""
    inputs: Numbers = {
        id: {"median_hours": hours} for id, hours in zip("abcdef", (9, 8, 7, 1, 3, 2), strict=True)
    }
    for id in "def":
        inputs[id] |= {"funds_promised": 900.0, "funds_given": 0.0}
    hours = indicator("hours", formula="median_hours", sample=None, floor=0, target=10)
    of = scheme(hours)
    scores = score_class(of, of.classes[0], inputs)
    version = SchemeVersion(1, of, datetime.now(UTC), "a", "")
    board = Board("2026-05", version, of.classes[0], scores, inputs)
    found = outcomes_of([board], Bounds())
    places = {id: (theirs["rank"], theirs["ranked"]) for id, theirs in found.items()}
    assert places == {"a": (1, 6), "b": (2, 6), "c": (3, 6), "e": (1, 3), "f": (2, 3), "d": (3, 3)}
    # A class too small to be judged by who is last: `ranked >= 5 and rank == ranked`.
    criterion = WeakCriterion.model_validate(
        {"id": "last", "label": label("last"), "when": "ranked >= 5 and rank == ranked"}
        | {"periods": 2}
    )
    both = dict.fromkeys(("2026-04", "2026-05"), found)
    [met] = judge([criterion], "schemes/1", "2026-06", "d", both).criteria
    assert met.holds is False

"""Scores ask for how things stand only where the scheme in force names it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from services.assessment.lists.basis import where_named
from services.assessment.schemes.reading import read_file
from services.assessment.schemes.scheme import Scheme
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.inputs import Numbers
from services.assessment.service.figures import SubjectKind
from services.assessment.tables import SHIPPED

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

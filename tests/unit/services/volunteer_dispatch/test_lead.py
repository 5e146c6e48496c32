"""Who leads, who assists and why, over the whole life of a task under tables of every kind.

The lives are those of `test_machine`; here each has another routing table.
"""

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.explain import KEPT, Kind
from services.volunteer_dispatch.service.reasons import NOTES, WHYS
from services.volunteer_dispatch.service.state import Status, TaskState
from services.volunteer_dispatch.service.tables import RoutingTable
from shared.contracts import tasks
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Decision
from tests.unit.services.volunteer_dispatch.city import SHIPPED, payload_of
from tests.unit.services.volunteer_dispatch.test_machine import Life

RULES: list[list[dict[str, Any]]] = [
    [],
    [{"to": "domain:state_enterprise", "assist": ["unit:agency", "unit:shut"]}],
    [{"to": "area_duty", "then": ["unit:power"], "shares": [0, 0.4]}],
    [{"to": "unit:water", "then": ["unit:shut", "volunteer", "unit:power", "unit:water"]}],
    [{"to": "unit:shut", "then": ["area_duty"], "assist": ["domain:agency"]}],
    [{"to": "volunteer", "then": ["unit:power"], "assist": ["unit:power", "unit:water"]}],
]
"""None; a domain with who assists; a person decides; one after another; nobody is there."""
TABLES = [SHIPPED, *(RoutingTable.model_validate({"rules": rules}) for rules in RULES)]


class Led(Life):
    def __init__(self) -> None:
        super().__init__()
        self.routing = SHIPPED

    @initialize(table=st.sampled_from(TABLES))
    def choose(self, table: RoutingTable) -> None:
        self.routing = table

    def begin_search(self) -> None:
        """Not a rule here: not each table sends `care` to volunteers."""

    def context(self) -> Context:
        return replace(super().context(), routing=self.routing, versions={"routing": 7})

    def take(self, decision: Decision[TaskState] | None) -> None:
        before = self.state
        super().take(decision)
        if decision is None:
            return
        told = [payload_of(item) for item in decision.events]
        taken = [t.assignee for t in told if isinstance(t, tasks.TaskAccepted)]
        after = decision.state
        # 首接负责: whatever is declined, returned, passed over, overdue or taken away.
        assert after.lead is not None
        if taken:
            assert after.lead == taken[-1]
        elif before is not None and before.lead is not None:
            assert after.lead == before.lead
        for t in told:
            if isinstance(t, tasks.TaskAssigned):
                assert t.lead is not None
                over = {part.who.unit_id for part in after.parts if not part.is_open}
                assert {one.unit_id for one in t.assisting} <= {*after.units, *over}

    @invariant()
    def who_has_accepted_leads(self) -> None:
        if self.state is not None and self.state.status is Status.ACCEPTED:
            assert self.state.lead == self.state.assignee

    @invariant()
    def every_way_is_explained(self) -> None:
        if self.state is None:
            return
        ways = [one for one in self.state.explained if one.kind not in (Kind.MATCH, Kind.HELP)]
        assert len(self.state.explained) <= KEPT
        for one in ways:
            assert [c.key for c in one.candidates if c.note == "chosen"] == [one.chosen]
            assert one.why in WHYS
            assert {c.note for c in one.candidates} <= set(NOTES)
            assert (one.table, one.version) == ("routing", 7)

    @invariant()
    def units_see_what_they_hold_lead_or_assist(self) -> None:
        if self.state is None or self.state.assignee is None:
            return
        if self.state.assignee.kind is AssigneeKind.UNIT:
            assert self.state.assignee.id in self.state.units


TestLed = Led.TestCase
TestLed.settings = settings(max_examples=150, stateful_step_count=25)

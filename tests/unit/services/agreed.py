"""What the registry decides by other bodies than an entry's: each kind's moves, by number.

A move takes the state (None: not there yet) and a small number that chooses among what is open.
What is refused changes nothing, as in the service.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from services.registry.assets.decisions import Scorecard
from services.registry.assignments import decisions as assignments
from services.registry.assignments.schemas import ReturnBody, WordsBody
from services.registry.assignments.state import snapshot as assignment
from services.registry.assignments.table import AssignmentTable
from services.registry.joint import decisions as joints
from services.registry.joint.states import JointState, Lists
from services.registry.joint.states import snapshot as joint_snapshot
from services.registry.joint.succession import dissolve
from services.registry.money import PaymentBody, SourceTable
from services.registry.pairings import decisions as pairings
from services.registry.pairings.schemas import BudgetBody, RenewBody
from services.registry.pairings.state import snapshot as pairing
from services.registry.pairings.table import PairingTable
from services.registry.plans import decisions as plans
from services.registry.schemas import ReasonBody
from services.registry.states import OrganizationState, naming
from services.registry.tables import SHIPPED
from shared.contracts.assets import AssetsChanged
from shared.contracts.payload import Payload
from shared.contracts.words import Domain, OrganizationLevel
from shared.storage.aggregates import Decision
from tests.unit.services.registry import test_assets, test_due, test_joint, test_plans
from tests.unit.services.registry.test_due import DAY, NOW, SAID

ADMIN = test_due.ADMIN
ASSIGNMENTS = AssignmentTable.model_validate_json((SHIPPED / "assignment-kinds.json").read_bytes())
PAIRINGS = PairingTable.model_validate_json((SHIPPED / "pairing-kinds.json").read_bytes())
SOURCES = SourceTable.model_validate_json((SHIPPED / "fund-sources.json").read_bytes())
WHY, WORDS = ReasonBody(reason="理由"), WordsBody(words="说明")
MEMBERS = {
    id: OrganizationState(
        **naming(id), domain=Domain.COMMUNITY, level=OrganizationLevel.GRASSROOTS, area_path=("s",)
    )
    for id in "abc"
}
Move = Callable[[Any, int], Decision[Any] | None]


def sealed(_field: str, text: str) -> str:
    return text


def payment(state: Any, n: int) -> PaymentBody:
    line = state.lines[n % len(state.lines)].id
    return PaymentBody.model_validate({"line": line, "yuan": "0.1", "at": NOW})


def new_pairing(_: Any, n: int) -> Decision[Any]:
    state = test_due.pairing(giver_summary=SAID, taker_summary=SAID)
    return Decision(state, [pairing("pair", state)], "paired")


def renewed(state: Any, n: int) -> Decision[Any]:
    until = state.term.until + (n + 1) * DAY
    goal = {"work": "household_visit", "quantity": n + 1, "by": until}
    body = RenewBody.model_validate({"until": until, "goals": [goal], "reason": "续"})
    return pairings.renew(state, "pair", body, ADMIN, PAIRINGS, test_plans.WORKS)


def budget(state: Any, n: int) -> Decision[Any] | None:
    body = BudgetBody.model_validate({"source": SOURCES.sources[0].code, "yuan": "1",
                                      "purpose": "路灯"})  # fmt: skip
    return pairings.add_money(state, "pair", f"attempt-{n}", body, ADMIN, SOURCES, sealed)


def new_task(_: Any, n: int) -> Decision[Any]:
    state = test_due.task()
    return Decision(state, [assignment("task", state)], "assigned")


def returned(state: Any, n: int) -> Decision[Any]:
    reason = ASSIGNMENTS.return_reasons[n % len(ASSIGNMENTS.return_reasons)].code
    return assignments.give_back(
        state, "task", ReturnBody(reason=reason), ADMIN, ASSIGNMENTS, sealed
    )


def new_plan(_: Any, n: int) -> Decision[Any]:
    body = test_plans.body(test_plans.UNEVEN)
    return plans.draft("plan", body, ADMIN, test_plans.around(), test_plans.WORKS)


def changed_plan(state: Any, n: int) -> Decision[Any] | None:
    parts = [test_plans.part("s1", 10 + n), test_plans.part("s2", 20)]
    body = test_plans.body(parts, of={"quantity": 30 + n}, reason="调整")
    around = test_plans.around()
    return plans.change(state, "plan", body, ADMIN, around, test_plans.WORKS, NOW, "me")


def new_joint(_: Any, n: int) -> Decision[Any]:
    lists = Lists(
        needs=(test_joint.need("n", "a"),), resources=(test_joint.resource("r", "a", 10),)
    )
    founded = test_joint.joint("a").model_copy(update={"open": lists})
    return joints.decided("joint", founded, "founded")


def joint_need(state: JointState, n: int) -> Decision[Any]:
    id = f"n{len(state.open.needs) + len(state.closed.needs)}"
    return joints.add("joint", state, test_joint.need(id, "abc"[n % 3]), ADMIN)


def joint_resource(state: JointState, n: int) -> Decision[Any]:
    id = f"r{len(state.open.resources) + len(state.closed.resources)}"
    return joints.add("joint", state, test_joint.resource(id, "abc"[n % 3], 10), ADMIN)


def claimed(state: JointState, n: int) -> Decision[Any] | None:
    if not state.open.needs or not state.open.resources:
        return None
    id = f"p{len(state.open.projects) + len(state.closed.projects)}"
    need, resource = state.open.needs[0].id, state.open.resources[0].id
    return joints.claim("joint", state, id, need, resource, 1 + n, NOW, None, ADMIN)


def ended_project(state: JointState, n: int) -> Decision[Any] | None:
    if not state.open.projects:
        return None
    outcome = {"outcome": ("done", "given_up")[n % 2], "ended": NOW, "words": ""}
    return joints.end_project("joint", state, state.open.projects[0].id, outcome, n > 1, ADMIN)


def withdrawn(state: JointState, n: int) -> Decision[Any] | None:
    offers = list(state.open.offers())
    return joints.withdraw("joint", state, offers[0].id, NOW, "收回", ADMIN) if offers else None


def looked(state: Scorecard | None, n: int) -> Decision[Any] | None:
    many = {"secretary_in_office": 1, "meetings": 4} if n % 2 else {"venue": 1, "many_uses": n}
    now = test_assets.NOW + timedelta(days=n)
    return test_assets.look(state, test_assets.found(**many), now, retired=n == 5)


def told_assets(id: str, state: Scorecard) -> Payload:
    return AssetsChanged(
        organization_id=state.organization_id,
        area_path=state.area_path,
        met=state.met,
        target=state.target_at,
        retired=state.held is None,
    )


MOVES: Mapping[str, Mapping[str, Move]] = {
    "pairings": {
        "new": new_pairing,
        "renew": renewed,
        "budget": budget,
        "pay": lambda state, n: pairings.pay(state, "pair", f"{n}", payment(state, 0), ADMIN, "me")
        if state.lines
        else None,
        "void": lambda state, n: pairings.void_payment(state, "pair", f"{n}", WHY, ADMIN),
        "due": lambda state, n: pairings.on_due("pair", state, NOW + n * 4 * DAY),
        "end": lambda state, n: pairings.closed("pair", state, "结束", NOW),
    },
    "assignments": {
        "new": new_task,
        "accept": lambda state, n: assignments.accept(state, "task", ADMIN),
        "progress": lambda state, n: assignments.progress(
            state, f"{n}", WORDS, ADMIN, NOW, sealed, "me"
        ),
        "return": returned,
        "finish": lambda state, n: assignments.finish(state, "task", WORDS, ADMIN, sealed),
        "cancel": lambda state, n: assignments.cancel(state, "task", WHY, ADMIN),
        "pay": lambda state, n: assignments.pay(
            state, "task", f"{n}", payment(state, n), ADMIN, "me"
        ),
        "void": lambda state, n: assignments.void_payment(state, "task", f"{n}", WHY, ADMIN),
        "due": lambda state, n: assignments.on_due("task", state, NOW + n * 4 * DAY),
    },
    "plans": {
        "new": new_plan,
        "start": lambda state, n: plans.start(state, "plan", ADMIN, None, NOW),
        "change": changed_plan,
        "close": lambda state, n: plans.close(state, "plan", WHY, ADMIN, NOW),
    },
    "joints": {
        "new": new_joint,
        "join": lambda state, n: joints.join(
            "joint", state, "abc"[n % 3], f"2026-01-{10 + n}", MEMBERS, ADMIN
        ),
        "leave": lambda state, n: joints.leave(
            "joint", state, "abc"[n % 3], f"2026-01-{20 + n}", NOW, "离开", ADMIN
        ),
        "need": joint_need,
        "resource": joint_resource,
        "claim": claimed,
        "end": ended_project,
        "withdraw": withdrawn,
        "dissolve": lambda state, n: dissolve("joint", state, (), "2026-02-01", "解散", ADMIN),
    },
    "scorecards": {"new": looked, "look": looked},
}  # fmt: skip
"""The first move of each makes it."""
TOLD: Mapping[str, Callable[[str, Any], Payload]] = {
    "pairings": pairing,
    "assignments": assignment,
    "plans": plans.snapshot,
    "joints": joint_snapshot,
    "scorecards": told_assets,
}
"""What others are to know of a state."""
IDS = {
    "pairings": "pair", "assignments": "task", "plans": "plan", "joints": "joint",
    "scorecards": "o1",
}  # fmt: skip
"""Ids of the moves' entries: in a city no two of any kinds are alike."""

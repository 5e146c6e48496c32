"""The page in a real browser before the real service: what a person sees and does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.volunteer_dispatch.service.alerting import Alert, Alerts
from services.volunteer_dispatch.service.state import Status
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.web.auth import Role
from tests.browser import browser, require_browser
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.page_world import (
    HOUR,
    Page,
    put_city,
    task,
)
from tests.integration.services.volunteer_dispatch.test_changes import served
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    VOLUNTEER,
    bearer,
    dropped,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

DUTY = Assignee(kind=AssigneeKind.AREA_DUTY, id="S1-1")
ENTER, DOWN, SPACE = "\ue007", "\ue015", " "
_GROUP = "section[data-column={}]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[Page]:
    require_browser()
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, f"p{uuid4().hex}")
    serving, seeing = AsyncExitStack(), AsyncExitStack()
    async with dropped(settings) as database, serving, seeing:
        await put_city(database)
        world, seen = await asyncio.gather(
            serving.enter_async_context(served(settings)), seeing.enter_async_context(browser())
        )
        yield Page(world, seen, settings, serving)
        await asyncio.gather(serving.aclose(), seeing.aclose())


def row(id: str) -> str:
    return f"[data-id={id}]"


async def test_a_leader_sees_the_worst_first_with_names_and_deadlines_in_words(page: Page) -> None:
    await page.lead(
        "g1",
        task("a-hand", 90, category="care"),
        task("a-late", -5),
        task("a-later", -30),
        task("a-danger", 2, category="safety", urgency="danger"),
        task("a-soon", 3, category="utilities", urgency="utilities"),
        task("a-accept", 30, status=Status.ASSIGNED, accept_by=datetime.now(UTC) + HOUR),
        task("a-done", 9, status=Status.COMPLETED, ended_at=datetime.now(UTC) - HOUR),
        task("a-elsewhere", -5, "g2"),
    )
    await page.until("#who", "网格长 · 1号网格")
    assert await page.texts("section h2") == [
        "⚠ 危险 (1)", "⚠ 已超期 (2)", "即将到期 (1)", "待接单 (1)", "办理中 (1)", "近期办结 (1)",
    ]  # fmt: skip
    assert await page.ids("overdue") == ["a-later", "a-late"]
    assert "超期 5 小时" in await page.text(f"{row('a-late')} .due")
    assert "剩 3 小时" in await page.text(f"{row('a-soon')} .due")
    assert "前接单" in await page.text(row("a-accept"))
    await page.until(row("a-late"), "和平里社区 · 1号网格")
    assert "住房物业" in await page.text(row("a-late"))
    address = await page.browser.run("return location.href + history.length + document.cookie")
    assert "token" not in address
    assert await page.browser.run("return localStorage.getItem('token')") is None
    assert await page.browser.complaints() == []


async def test_filters_search_and_a_whole_id_find_tasks(page: Page) -> None:
    await page.lead(
        "f1",
        task("f-care", 90, "f1", category="care"),
        task("f-late", -5, "f1"),
        task("f-unit", 80, "f1", assignee=Assignee(kind=AssigneeKind.UNIT, id="power")),
    )
    for click, wanted in (
        ("[name=overdue]", ["f-late"]),
        ("[name=overdue]", ["f-late", "f-unit", "f-care"]),
        ("[name=mine]", ["f-late", "f-care"]),
        ("[data-chip=in_hand]", ["f-care"]),
        ("[data-chip='']", ["f-late", "f-care"]),
        (".selects button", ["f-late", "f-unit", "f-care"]),
    ):
        await page.browser.click(click)
        await page.until_ids(wanted)
    await page.browser.run(
        "const s = document.querySelector('[name=category]'); s.value = 'care';"
        "s.dispatchEvent(new Event('change'))"
    )
    await page.until_ids(["f-care"])
    await page.browser.click(".selects button")
    await page.browser.type("#search", "东城供电")
    await page.until_ids(["f-unit"])
    await page.put(task("f-cancelled", 1, "f1", status=Status.CANCELLED))
    await page.browser.run("document.querySelector('#search').value = ''")
    await page.browser.type("#search", f"no-such-task{ENTER}")
    await page.until("#message", "没有找到编号 no-such-task")
    await page.browser.run("document.querySelector('#search').value = ''")
    await page.browser.type("#search", f"f-cancelled{ENTER}")
    await page.until("#task", "r-f-cancelled")


async def test_a_leader_takes_a_task_and_hands_it_over_and_reads_who_said_no_and_why(
    page: Page,
) -> None:
    headers = await page.lead("h1", task("h-duty", 30, "h1", status=Status.ASSIGNED, assignee=DUTY))
    await page.until(row("h-duty"), "可自领")
    await page.browser.click(f"{row('h-duty')} .acts button")
    await page.until("#message", "已办：自领")
    await page.until(f"{_GROUP.format('in_hand')} {row('h-duty')}", "网格团队")
    await page.browser.click(f"{row('h-duty')} .open")
    await page.browser.click("[data-command=hand-over]")
    await page.browser.click("#task form button.main")
    await page.until("#task-error", "请填写“交给谁”")
    await page.browser.type("#task input[type=search]", "供电")
    await page.browser.until("document.querySelector('[name=to]').options.length === 1", "one")
    assert await page.text("[name=to] option") == "单位 东城供电公司"
    await page.browser.type("#task textarea", "需要专业设备 13800138000")
    await page.browser.click("#task form button.main")
    await page.until("#task-error", "个人信息")
    await page.browser.run("document.querySelector('#task textarea').value = '需要专业设备'")
    # Changed behind the page's back: what matters is shown first, what does not matter is not.
    async with page.held():
        await page.change("h-duty", {"state.deadline": datetime.now(UTC) + 50 * HOUR})
        await page.browser.click("#task form button.main")
        await page.until("#task-error", "刚刚有变化")
    await page.until("#task .due", "剩 2 天")
    await page.change("h-duty", {})
    await page.browser.click("#task form button.main")
    await page.until(row("h-duty"), "正转交给 单位 东城供电公司")

    operator = bearer(Role.UNIT_OPERATOR, "op", unit_id="power")
    no = {"reason": "不是供电设施"}
    said = await page.world.post("h-duty/decline-hand-over", no, operator)
    assert said.status_code == 200, said.text
    await page.until(f"{row('h-duty')} .state", "办理中")
    await page.browser.click(f"{row('h-duty')} .open")
    await page.until("#task ul.course", "单位经办人 op")
    assert "不是供电设施" in await page.text("#task ul.course")
    assert headers


async def test_many_are_accepted_and_handed_over_at_once_each_answered_by_itself(
    page: Page,
) -> None:
    await page.lead("b1", *(task(f"b-{n}", 30 + n, "b1", status=Status.ASSIGNED) for n in range(5)))
    await page.browser.click(f"{_GROUP.format('to_accept')} .grouphead input")
    await page.until("#bulk", "已选 5 件")
    await page.change("b-4", {"state.status": "completed"})
    await page.browser.click("[data-bulk=accept]")
    await page.until("#many h2", "批量接单：5 件")
    await page.browser.click("#many form .main")
    await page.until("#many", "4 件已办成，1 件未成")
    assert "completed" in await page.text("#many .course")
    await page.browser.click("#many button")
    await page.until(f"{_GROUP.format('in_hand')} h2", "办理中 (4)")
    await page.browser.click("#bulk .quiet")  # what was not done stays chosen
    await page.until_gone("#bulk")
    for id in ("b-0", "b-1"):
        await page.browser.click(f"{row(id)} input")
    await page.browser.click("[data-bulk=hand-over]")
    await page.browser.type("#many input[type=search]", "water")
    await page.browser.until("document.querySelector('[name=to]').options.length === 1", "one")
    await page.browser.type("#many textarea", "管网问题")
    await page.browser.click("#many form .main")
    await page.until("#many", "2 件已办成，0 件未成")
    await page.browser.click("#many button")
    await page.until(row("b-1"), "正转交给 单位 东城水务公司")
    assert "办理中" in await page.text(f"{row('b-2')} .state")


async def test_others_changes_appear_and_a_lost_connection_is_said_until_it_is_back(
    page: Page,
) -> None:
    await page.lead("c1", *(task(f"c-{n}", 40 + n, "c1", status=Status.ASSIGNED) for n in range(3)))
    await page.browser.click(f"{row('c-1')} input")
    await page.browser.run(
        "document.querySelectorAll('.row').forEach(one => { one.kept = true; });"
        "document.querySelector('[data-id=c-2] .open').focus()"
    )
    assert (await page.world.post("c-0/accept")).status_code == 200
    await page.until(f"{_GROUP.format('in_hand')} {row('c-0')}", "办理中")
    kept = await page.browser.run(
        "return [...document.querySelectorAll('.row')].filter(one => one.kept)"
        ".map(one => one.dataset.id)"
    )
    assert sorted(kept) == ["c-1", "c-2"]  # the others were not made anew
    assert await page.browser.run("return document.activeElement.closest('.row').dataset.id")
    assert await page.text("#bulk strong") == "已选 1 件"

    await page.restart(lambda: page.until("#lost", "连接中断：以下是"))
    await page.until_gone("#lost")
    await page.until("#live", "实时更新")
    assert (await page.world.post("c-2/accept")).status_code == 200
    await page.until(f"{_GROUP.format('in_hand')} h2", "办理中 (2)")


async def test_it_speaks_english_too_and_works_by_keys_alone(page: Page) -> None:
    await page.lead("k1", task("k-0", -9, "k1"), task("k-1", -8, "k1"))
    await page.browser.click("#language")
    await page.until(_GROUP.format("overdue"), "9 h overdue")
    assert await page.browser.run("return document.documentElement.lang") == "en"
    assert "Housing and property management" in await page.text(row("k-0"))
    left = await page.browser.run(
        "return document.querySelector('main').innerText.match(/[\\u4e00-\\u9fff]+/g)"
    )
    assert set(left or ()) <= {"和平里社区", "号网格"}  # names are names
    await page.browser.run("document.querySelector('[data-id=k-0] .open').focus()")
    await page.browser.press(DOWN, ENTER)
    await page.until("#task h2", "Housing")
    assert "k-1" in await page.text("#task")
    assert await page.browser.run(
        "return document.querySelector('#task').contains(document.activeElement)"
    )
    await page.browser.press("\ue00c")  # Escape
    await page.until_gone("#task")
    focused = await page.browser.run("return document.activeElement.closest('.row').dataset.id")
    assert focused == "k-1"


async def test_a_volunteer_answers_works_and_reads_the_hours_on_a_telephone(page: Page) -> None:
    now = datetime.now(UTC)
    asks = Alert(volunteer_id="v1", token="t", at=now, until=now + HOUR)
    alert: dict[str, Any] = {"category": "care", "status": Status.MATCHING}
    alert["alerts"] = Alerts(full=True, wake=now + 100 * HOUR, open=(asks,), asked=("v1",))
    await page.put(task("v-one", 20, **alert), task("v-two", 20, **alert))
    await page.browser.resize(390, 844)
    await page.enter(VOLUNTEER, "/my-tasks")
    await page.live()
    await page.until("[data-kind=alerts] h2", "请您答复：能来吗？ (2)")
    wide = await page.browser.run("return document.documentElement.scrollWidth")
    assert wide <= 390
    await page.browser.click(f"{row('v-two')} .acts button:last-child")
    await page.browser.type("#task textarea", "今天在外地")
    await page.browser.click("#task form .main")
    await page.until("[data-kind=alerts] h2", "(1)")
    await page.browser.click(f"{row('v-one')} .acts .main")
    await page.until("[data-kind=holds]", "办结")
    await page.browser.click(f"{row('v-one')} .acts button")
    await page.browser.type("#task textarea", "已陪老人就诊")
    await page.browser.click("#task form .main")
    await page.until("main", "没有需要您办理的任务")
    await page.until("[data-kind=done]", "民政与关爱帮扶")

    async def hours() -> bool:
        found = await page.answer("GET", "volunteers/v1/hours", headers=ADMINISTRATOR)
        return len(found.json()["items"]) == 1

    await eventually(hours, 30, "the hours are noted")
    await page.enter(VOLUNTEER)
    await page.until("[data-kind=hours]", "待确认")
    assert await page.browser.complaints() == []


async def test_a_token_that_is_not_good_is_asked_for_again_with_the_services_sentence(
    page: Page,
) -> None:
    await page.enter({"Authorization": "Bearer no.good.token"})
    await page.until("#token-error", "令牌")
    assert await page.browser.run("return document.querySelector('#token').open")
    assert await page.browser.run("return sessionStorage.getItem('token')") is None
    leader = bearer(Role.GRID_LEADER, grids=frozenset({"nothing"}))["Authorization"]
    await page.browser.type("#token-value", leader.removeprefix("Bearer ") + ENTER)
    await page.until("main", "目前没有要办的任务")

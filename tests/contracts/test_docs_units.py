"""The code of docs/units.md, run as a unit would run it, against the real broker."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from pydantic import SecretStr

from deploy.local.servers import TansuBroker
from services.request_intake.schemas import UnitEvents
from services.request_intake.unit_reports import Read, read
from shared.contracts import topics
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.contracts.tasks import Assignee, TaskAssigned
from shared.contracts.units import (
    OrganizationReported,
    PersonReported,
    RequestReported,
    TaskProgress,
    TaskResult,
)
from shared.contracts.words import AssigneeKind
from shared.messaging.broker import Broker
from shared.messaging.producer import Outgoing, Publisher
from shared.settings import Settings
from tests.servers import embedded_broker

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/units.md").read_text(encoding="utf-8")
SECRET = SecretStr("a secret of the tests with 32 characters or more")
DEADLINE = 40.0


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


PUBLISH, READ, OWN = blocks("python")
KCAT, CURL, CURL_OWN = blocks("bash")


@pytest.fixture
def settings(kafka_bootstrap: str, unique: str) -> Settings:
    return Settings(
        topic_prefix=f"{unique}.",
        token_secret=SECRET,
        field_key=SECRET,
        kafka_partitions=2,
        kafka_idempotence=False,
        KAFKA_BOOTSTRAP_SERVERS=kafka_bootstrap,
    )


@pytest.fixture
async def broker(settings: Settings) -> AsyncIterator[Broker]:
    """The broker, with topics of this test's own."""
    broker = Broker(settings)
    await broker.ensure_topics([topics.UNITS, topics.TASKS])
    yield broker
    await broker.close()


def on_own_topics(code: str, settings: Settings) -> str:
    """The code with the test's topics in place of the city's; nothing else is changed."""
    changed = re.sub(r"lianxin\.(?=(units|tasks)\b)", f"{settings.topic_prefix}lianxin.", code)
    assert changed != code
    return changed


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {"KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers}


async def run(command: list[str], settings: Settings) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def published(broker: Broker, number: int) -> list[Event]:
    """The first `number` records of the units' topic, as Lianxin decodes them."""
    consumer = AIOKafkaConsumer(
        broker.topic(topics.UNITS.name), **broker.connection(), auto_offset_reset="earliest"
    )
    events: list[Event] = []
    await consumer.start()
    try:
        async with asyncio.timeout(DEADLINE):
            async for record in consumer:
                event = decode(record.value, record.headers)
                assert record.key == event.partition_key.encode()
                events.append(event)
                if len(events) == number:
                    return events
    finally:
        await consumer.stop()
    raise AssertionError("the consumer ended")


async def test_the_python_publisher_sends_valid_records(
    settings: Settings, broker: Broker, tmp_path: Path
) -> None:
    script = tmp_path / "publish.py"
    script.write_text(on_own_topics(PUBLISH, settings))
    output = await run([sys.executable, str(script)], settings)
    assert output.count("sent case/2026-0301-17") == 3
    events = await published(broker, 3)
    assert [event.sequence for event in events] == [1, 2, 3]
    assert {(event.source, event.subject) for event in events} == {
        ("/units/hospital-1", "case/2026-0301-17")
    }
    kinds: list[type[Payload]] = [RequestReported, TaskProgress, TaskResult]
    assert [type(event.data) for event in events] == kinds
    assert events[0].time == datetime(2026, 3, 1, 8, tzinfo=UTC)


async def test_the_python_publisher_of_own_people_sends_valid_records(
    settings: Settings, broker: Broker, tmp_path: Path
) -> None:
    script = tmp_path / "own.py"
    script.write_text(on_own_topics(OWN, settings))
    output = await run([sys.executable, str(script)], settings)
    assert output.count("sent ") == 3
    events = await published(broker, 3)
    by_subject = {(event.subject, event.sequence): type(event.data) for event in events}
    assert by_subject == {
        ("organization/hospital-1-branch-2", 1): OrganizationReported,
        ("person/hospital-1-0042", 1): PersonReported,
        ("person/hospital-1-0042", 2): PersonReported,
    }


def assigned(unit: str, task: str) -> Event:
    return Event(
        id=uuid7(),
        source="/services/volunteer-dispatch",
        type=TaskAssigned.full_type(),
        subject=task,
        sequence=2,
        time=datetime.now(UTC),
        partition_key=f"request of {task}",
        trace_parent=None,
        data=TaskAssigned(
            task_id=task,
            request_id=f"request of {task}",
            assignee=Assignee(kind=AssigneeKind.UNIT, id=unit, unit_id=unit),
            deadline=datetime(2026, 3, 2, 8, tzinfo=UTC),
            round=1,
            level=0,
        ),
    )


async def test_the_python_reader_prints_its_own_tasks(
    settings: Settings, broker: Broker, tmp_path: Path
) -> None:
    publisher = Publisher(broker, settings)
    events = [assigned("school-2", "theirs"), assigned("hospital-1", "ours")]
    results = await publisher.publish([Outgoing(topics.TASKS.name, *encode(e)) for e in events])
    await publisher.close()
    assert not [result for result in results if isinstance(result, Exception)]
    script = tmp_path / "read.py"
    script.write_text(on_own_topics(READ, settings).replace('"unit.', f'"{tmp_path.name}.'))
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), env=environment(settings), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE):
            line = (await process.stdout.readline()).decode()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
    assert line == "task ours until 2026-03-02T08:00:00Z\n"


@pytest.mark.skipif(not shutil.which("kcat"), reason="kcat is not installed here")
@pytest.mark.skipif(
    "KAFKA_BOOTSTRAP_SERVERS" not in os.environ and embedded_broker() is TansuBroker,
    reason="kcat cannot read what the embedded broker says of its versions",
)
async def test_the_kcat_line_sends_a_valid_record(settings: Settings, broker: Broker) -> None:
    await run(["bash", "-euo", "pipefail", "-c", on_own_topics(KCAT, settings)], settings)
    (event,) = await published(broker, 1)
    assert isinstance(event.data, RequestReported)
    assert (event.sequence, event.subject) == (1, "case/2026-0301-18")


def test_the_kcat_line_names_every_required_header() -> None:
    given = dict(re.findall(r"-H (\S+?)=(\S+)", KCAT))
    headers = [(name, value.encode()) for name, value in given.items()]
    value = re.search(r"echo '(.*?)'", KCAT)
    assert value is not None
    event = decode(value[1].encode(), headers)
    assert isinstance(event.data, RequestReported)
    assert f"-k {event.subject} " in KCAT


@pytest.mark.parametrize("code", [CURL, CURL_OWN], ids=["cases", "own people"])
def test_the_curl_body_is_taken(code: str) -> None:
    found = re.search(r"--data '(.*?)'", code, re.S)
    assert found is not None
    body = UnitEvents.model_validate(json.loads(found[1]))
    events = [read(event, datetime.now(UTC)) for event in body.events]
    assert [type(event) for event in events] == [Read, Read], events


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target

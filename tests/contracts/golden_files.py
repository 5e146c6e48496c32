"""The golden records, and what of one is not read as it was written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.contracts.envelope import Event, decode

FOLDER = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Golden:
    """A record as it stands in a topic, and its file's name."""

    name: str
    headers: dict[str, str]
    value: dict[str, Any]

    @property
    def type(self) -> str:
        return self.headers["ce_type"]


def goldens() -> list[Golden]:
    """All of them, by name."""
    return [
        Golden(path.name, **json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.json"))
    ]


def read(golden: Golden) -> Event:
    """Decode the record as a consumer does."""
    headers = [(name, value.encode()) for name, value in golden.headers.items()]
    return decode(json.dumps(golden.value).encode(), headers)


def lost(golden: Golden) -> list[str]:
    """What stands in the record and is not read as it stands there; a line for each."""
    event = read(golden)
    told = {
        "ce_id": event.id,
        "ce_source": event.source,
        "ce_type": event.type,
        "ce_subject": event.subject,
        "ce_time": event.time.isoformat().replace("+00:00", "Z"),
        "ce_sequence": str(event.sequence),
        "ce_partitionkey": event.partition_key,
        "ce_traceparent": event.trace_parent,
    }
    found = [f"{name}: {value}" for name, value in told.items() if golden.headers[name] != value]
    assert event.data is not None
    return found + _differences(golden.value, event.data.model_dump(mode="json"), "")


def _differences(written: Any, seen: Any, at: str) -> list[str]:
    if isinstance(written, dict) and isinstance(seen, dict):
        return [
            line
            for name, value in written.items()
            for line in _differences(value, seen.get(name), f"{at}.{name}")
        ]
    return [] if written == seen else [f"{at[1:]}: {written!r} is read as {seen!r}"]

"""docs/operators.md speaks of every metric, alert and service."""

import re

from prometheus_client import Counter, Gauge, Histogram

from shared import telemetry
from tests.unit.deploy.test_compose import OURS, ROOT
from tests.unit.deploy.test_monitoring import ALERTS

TEXT = (ROOT / "docs/operators.md").read_text(encoding="utf-8")


def test_every_metric_is_explained() -> None:
    metrics = set()
    for metric in vars(telemetry).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            name = next(iter(metric.describe())).name
            metrics.add(name + ("_total" if isinstance(metric, Counter) else ""))
    explained = re.findall(r"^\| `(lianxin_\w+)` \| \S", TEXT, re.M)
    assert len(explained) == len(set(explained))
    assert set(explained) == metrics


def test_every_alert_has_its_section() -> None:
    assert re.findall(r"^### (\w+)$", TEXT, re.M) == [alert["alert"] for alert in ALERTS]


def test_every_service_is_spoken_of() -> None:
    for name in OURS.values():
        assert re.search(rf"^\| {name} \|", TEXT, re.M), name

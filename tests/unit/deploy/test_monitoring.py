"""Alerts and dashboard speak of metrics that exist, and of every one that shows trouble."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from shared import telemetry
from tests.unit.deploy.test_compose import OURS, ROOT

ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads(
    (ROOT / "deploy/grafana/dashboards/lianxin.json").read_text()
)
CHINESE = re.compile(r"^[\u4e00-\u9fff]")
SAMPLE = re.compile(r"\b(lianxin_\w+|process_\w+|up)\b(?=[{\[])")


def samples() -> dict[str, frozenset[str]]:
    """Every sample of shared/telemetry.py with its labels."""
    found: dict[str, frozenset[str]] = {}
    for metric in vars(telemetry).values():
        if not isinstance(metric, Counter | Gauge | Histogram):
            continue
        family = next(iter(metric.describe()))
        labels = frozenset(metric._labelnames)
        if isinstance(metric, Histogram):
            found |= {f"{family.name}_{part}": labels for part in ("count", "sum")}
            found[f"{family.name}_bucket"] = labels | {"le"}
        else:
            found[family.name + ("_total" if isinstance(metric, Counter) else "")] = labels
    return found


def expressions() -> list[str]:
    return [alert["expr"] for alert in ALERTS] + [
        target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
    ]


def test_every_metric_named_exists_with_its_labels() -> None:
    known = samples()
    assert len(known) > 20
    of_target = {"service", "instance", "job"}
    for expression in expressions():
        used = set(re.findall(r"\b(lianxin_\w+)\b", expression))
        assert used <= set(known), expression
        if not used:
            assert SAMPLE.search(expression), expression
            continue
        allowed = of_target.union(*(known[name] for name in used))
        asked = {
            label.strip()
            for group in re.findall(r"by \(([^)]*)\)", expression)
            for label in group.split(",")
        }
        asked |= set(re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expression))
        assert asked <= allowed, expression


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"])
    for name in samples():
        family = re.sub(r"_(bucket|count|sum)$", "", name)
        assert family in shown, f"{family} is on no panel"


def test_panels_are_titled_in_chinese_first_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        assert CHINESE.match(panel["title"])
        assert " · " in panel["title"].replace("）·", "） ·")
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_every_alert_says_what_to_do() -> None:
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names))
    for alert in ALERTS:
        assert alert["labels"]["severity"] in ("page", "day")
        assert alert["annotations"]["runbook"].endswith(f"docs/operators.md#{alert['alert']}")
        assert " · " in alert["annotations"]["summary"].replace("）·", "） ·")


def test_every_service_is_asked_by_prometheus_and_missed() -> None:
    text = (ROOT / "deploy/prometheus/prometheus.yml").read_text()
    jobs = yaml.safe_load(text)["scrape_configs"]
    assert jobs[0]["dns_sd_configs"][0]["names"] == list(OURS)
    away = next(alert["expr"] for alert in ALERTS if alert["alert"] == "ServiceAway")
    assert re.findall(r'service="([\w-]+)"', away) == list(OURS)


def test_grafana_finds_its_data_source() -> None:
    folder = ROOT / "deploy/grafana/provisioning/datasources"
    source = yaml.safe_load((folder / "prometheus.yml").read_text())["datasources"][0]
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"]["uid"] == source["uid"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here")
def test_promtool_finds_the_rules_right() -> None:
    rules = Path(__file__).parent / "alerts_test.yml"
    subprocess.run(["promtool", "test", "rules", rules], check=True)
    subprocess.run(
        ["promtool", "check", "config", ROOT / "deploy/prometheus/prometheus.yml"], check=True
    )

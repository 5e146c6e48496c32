"""What a service's figures mean: thresholds as data, and a pure judgement. No I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from cli.language import tr


class Severity(IntEnum):
    """How bad it is; the exit status of `lianxin status` is that of the worst."""

    WELL = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Metrics:
    """What one look at a service found.

    Args:
        away: why it did not answer, or None.
        missing: what `/ready` says is missing (name, detail); empty: ready.
        samples: `/metrics`, each sample's values by metric name.
    """

    service: str
    away: str | None = None
    missing: tuple[tuple[str, str], ...] = ()
    samples: Mapping[str, Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table: what was looked at, its value, and what to do."""

    severity: Severity
    service: str
    what: str
    """Key of the figure: `away`, `ready`, or one of `WATCHES`."""
    value: float | str
    advice: str


@dataclass(frozen=True, slots=True)
class Watch:
    """A figure and from where on it is a warning or critical (None: never).

    `what` is the key of its label (`what.<what>`) and of its advice (`advice.<what>`).
    """

    what: str
    metric: str
    warning: float | None
    critical: float | None
    over: Callable[[Iterable[float]], float] = sum
    digits: int = 0


WATCHES = (
    Watch("lag", "lianxin_consumer_lag_records", 1_000, 20_000, over=max),
    Watch("outbox", "lianxin_outbox_aggregates", 1_000, 20_000),
    Watch("outbox-age", "lianxin_outbox_oldest_seconds", 10, 60, over=max),
    Watch("dead-letters", "lianxin_dead_letters_open", 1, 100),
    Watch("parked", "lianxin_parked_subjects", 1, 100),
    Watch("waiting", "lianxin_waiting_subjects", 20, 1_000),
    Watch("timers", "lianxin_timers_overdue", 50, 1_000),
    # Counters since the process started: they tell of trouble, but never that it goes on.
    Watch("retries", "lianxin_handler_retries_total", 100, None),
    Watch("consumer-restarts", "lianxin_consumer_restarts_total", 3, None),
    Watch("producer-restarts", "lianxin_producer_restarts_total", 3, None),
    Watch("refills", "lianxin_relay_refills_total", 1, None),
)


def parse(text: str) -> dict[str, list[float]]:
    """Values of each sample of Prometheus text, by name. Raises ValueError for other text."""
    samples: dict[str, list[float]] = {}
    families: Any = text_string_to_metric_families(text)
    for family in families:
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(float(sample.value))
    return samples


def assess(metrics: Metrics, watches: Sequence[Watch] = WATCHES) -> list[Finding]:
    """Judge one service: one finding for each thing looked at, in the order of looking."""
    service = metrics.service
    if metrics.away is not None:
        return [
            Finding(Severity.CRITICAL, service, "away", metrics.away, tr("advice.away")),
        ]
    found = [
        Finding(Severity.CRITICAL, service, "ready", name, detail or tr("advice.ready"))
        for name, detail in metrics.missing
    ] or [Finding(Severity.WELL, service, "ready", tr("yes"), "")]
    if metrics.samples is None:
        found.append(Finding(Severity.CRITICAL, service, "metrics", "-", tr("advice.metrics")))
        return found
    return found + [_watched(service, metrics.samples, watch) for watch in watches]


def _watched(service: str, samples: Mapping[str, Sequence[float]], watch: Watch) -> Finding:
    values = samples.get(watch.metric)
    value = round(watch.over(values), watch.digits) if values else 0.0
    severity = Severity.WELL
    if watch.critical is not None and value >= watch.critical:
        severity = Severity.CRITICAL
    elif watch.warning is not None and value >= watch.warning:
        severity = Severity.WARNING
    advice = tr(f"advice.{watch.what}", service=service) if severity else ""
    return Finding(severity, service, watch.what, value, advice)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by severity; alike ones in their order."""
    return sorted(findings, key=lambda finding: -finding.severity)

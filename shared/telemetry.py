"""Logs, traces and metrics. Every metric of the system stands here with its meaning.

Logs are one JSON object a line. A trace is W3C `traceparent`; the trace id of a request is
carried by its events, so that one id finds its lines in all services.
"""

import logging
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import Counter, Gauge, Histogram

trace_parent: ContextVar[str | None] = ContextVar("trace_parent", default=None)

_TRACE_PARENT_LENGTH = 55


def new_trace_parent() -> str:
    """A new sampled `traceparent` with fresh trace and span ids."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_of(parent: str | None) -> str:
    """A `traceparent` in the trace of `parent`, or in a new one where that is not well-formed."""
    trace = trace_id_of(parent)
    return f"00-{trace}-{secrets.token_hex(8)}-01" if trace else new_trace_parent()


def trace_id_of(parent: str | None) -> str | None:
    """The 32 hex digits of the trace id, or None where `parent` is not well-formed."""
    if parent is None or len(parent) != _TRACE_PARENT_LENGTH or not parent.startswith("00-"):
        return None
    trace = parent[3:35]
    return trace if trace.strip("0123456789abcdef") == "" and trace.strip("0") else None


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, service, logger, message, trace and `extra` fields."""

    _standard = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Render `record`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := trace_id_of(trace_parent.get()):
            line["trace_id"] = trace
        line.update({k: v for k, v in record.__dict__.items() if k not in self._standard})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def setup_logging(service: str, level: str = "INFO") -> None:
    """Send every log record of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for noisy in ("aiokafka", "httpx", "httpcore", "pymongo", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


HTTP_SECONDS = Histogram(
    "lianxin_http_request_seconds", "Time to answer an HTTP request", ["method", "route", "status"]
)

EVENTS_CONSUMED = Counter(
    "lianxin_events_consumed_total",
    "Events taken from Kafka by what became of them: applied, duplicate, waiting, skipped, newer",
    ["topic", "outcome"],
)
CONSUMER_LAG = Gauge(
    "lianxin_consumer_lag_records",
    "Records of a partition not yet read by this consumer group",
    ["topic", "partition"],
)
HANDLER_SECONDS = Histogram(
    "lianxin_handler_batch_seconds",
    "Time to apply one batch of records, writes included",
    ["topic"],
)
HANDLER_RETRIES = Counter(
    "lianxin_handler_retries_total", "Tries of a handler after a failure", ["topic"]
)
WRITE_CONFLICTS = Counter(
    "lianxin_write_conflicts_total", "Conditional writes lost to another writer and done again"
)
DEAD_LETTERS = Counter(
    "lianxin_dead_letters_total", "Records sent to the dead-letter topic", ["topic", "reason"]
)
DEAD_LETTERS_OPEN = Gauge("lianxin_dead_letters_open", "Dead letters not yet replayed or skipped")
PARKED_SUBJECTS = Gauge(
    "lianxin_parked_subjects", "Subjects that wait behind a dead letter of theirs"
)
WAITING_SUBJECTS = Gauge("lianxin_waiting_subjects", "Subjects that wait for a missing sequence")
REPLAYS_REQUESTED = Counter(
    "lianxin_replays_requested_total", "Missing sequences asked for from their owner"
)
CONSUMER_RESTARTS = Counter(
    "lianxin_consumer_restarts_total", "Consumers made anew after a silent hang or a failure"
)
OUTBOX_DEPTH = Gauge(
    "lianxin_outbox_aggregates", "Aggregates with events not yet published, whole service"
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "lianxin_outbox_oldest_seconds", "Age of the oldest event not yet published, whole service"
)
EVENTS_PUBLISHED = Counter(
    "lianxin_events_published_total", "Events acknowledged by the broker", ["topic", "cause"]
)
RELAY_REFILLS = Counter(
    "lianxin_relay_refills_total", "Refills of a topic whose log was found shorter than published"
)
PRODUCER_RESTARTS = Counter(
    "lianxin_producer_restarts_total", "Producers made anew after a fatal failure"
)
TIMERS_OVERDUE = Gauge("lianxin_timers_overdue", "Timers that are due and have not fired")
TIMERS_FIRED = Counter("lianxin_timers_fired_total", "Timers fired")
ROUTING_GAPS = Gauge(
    "lianxin_routing_gaps", "Open tasks that no rule of the routing table covered, whole service"
)
CHANGE_STREAMS = Gauge(
    "lianxin_change_streams", "Open streams of task changes (server-sent events), by replica"
)
CHANGE_STREAMS_CUT = Counter(
    "lianxin_change_streams_cut_total", "Streams of task changes cut off, as they took too little"
)
FIGURES_SECONDS = Histogram(
    "lianxin_figures_round_seconds", "Time of one round of the figures loop of assessment"
)
CASES_UNMEASURED = Gauge(
    "lianxin_cases_unmeasured", "Changed cases found by the last round of the figures loop"
)

import pytest
from prometheus_client import REGISTRY

from cli.findings import WATCHES, Metrics, Severity, Watch, assess, parse, worst_first
from shared import telemetry

WELL, WARNING, CRITICAL = Severity.WELL, Severity.WARNING, Severity.CRITICAL


def severity_of(watch: Watch, *values: float) -> Severity:
    metrics = Metrics("registry", samples={watch.metric: values})
    return next(f.severity for f in assess(metrics, [watch]) if f.what == watch.what)


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.what)
def test_each_threshold_is_where_it_says(watch: Watch) -> None:
    assert severity_of(watch) is WELL
    if watch.warning is not None:
        assert severity_of(watch, watch.warning - 1) is WELL
        assert severity_of(watch, watch.warning) is WARNING
    if watch.critical is not None:
        assert severity_of(watch, watch.critical - 1) is WARNING
        assert severity_of(watch, watch.critical) is CRITICAL
    else:
        assert severity_of(watch, 10**9) is WARNING


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.what)
def test_what_is_watched_is_measured_by_the_services(watch: Watch) -> None:
    assert telemetry.CONSUMER_LAG is not None  # imported, so that they are registered
    measured = {family.name for family in REGISTRY.collect()}
    assert watch.metric.removesuffix("_total") in measured


def test_lag_is_that_of_the_largest_partition_and_dead_letters_are_summed() -> None:
    lag, letters = (next(w for w in WATCHES if w.what == x) for x in ("lag", "dead-letters"))
    assert severity_of(lag, 600, 600) is WELL
    assert severity_of(lag, 0, 1200) is WARNING
    assert severity_of(letters, 60, 60) is CRITICAL


def test_a_service_that_is_away_is_critical_and_nothing_else_is_told_of_it() -> None:
    (finding,) = assess(Metrics("assessment", away="http://x (ConnectError)"))
    assert (finding.severity, finding.what) == (CRITICAL, "away")
    assert finding.value == "http://x (ConnectError)"
    assert finding.advice


def test_what_is_missing_is_told_with_what_the_service_says_to_do() -> None:
    metrics = Metrics("registry", missing=(("broker", "Kafka does not answer; check"),), samples={})
    finding = assess(metrics)[0]
    assert (finding.severity, finding.value) == (CRITICAL, "broker")
    assert finding.advice == "Kafka does not answer; check"


def test_every_finding_that_is_not_well_says_what_to_do() -> None:
    samples = {watch.metric: [10**9] for watch in WATCHES}
    findings = assess(Metrics("registry", samples=samples))
    bad = [finding for finding in findings if finding.severity]
    assert len(bad) == len(WATCHES)
    assert all(finding.advice for finding in bad)


def test_unreadable_metrics_are_critical() -> None:
    assert CRITICAL in {finding.severity for finding in assess(Metrics("registry"))}


def test_the_worst_comes_first_and_alike_ones_keep_their_order() -> None:
    findings = assess(Metrics("a", samples={"lianxin_parked_subjects": [1]}))
    findings += assess(Metrics("b", away="x"))
    ordered = worst_first(findings)
    assert [(f.service, f.severity) for f in ordered[:3]] == [
        ("b", CRITICAL),
        ("a", WARNING),
        ("a", WELL),
    ]
    assert [f.what for f in ordered[2:]] == [f.what for f in findings if not f.severity]


def test_prometheus_text_is_read_by_sample() -> None:
    text = (
        "# HELP lianxin_consumer_lag_records x\n# TYPE lianxin_consumer_lag_records gauge\n"
        'lianxin_consumer_lag_records{topic="a",partition="0"} 3.0\n'
        'lianxin_consumer_lag_records{topic="a",partition="1"} 5.0\n'
        "# TYPE lianxin_relay_refills counter\nlianxin_relay_refills_total 2.0\n"
    )
    found = parse(text)
    assert found["lianxin_consumer_lag_records"] == [3.0, 5.0]
    assert found["lianxin_relay_refills_total"] == [2.0]
    with pytest.raises(ValueError, match="invalid metric name"):
        parse("<html>not metrics</html>")

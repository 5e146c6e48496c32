import asyncio

import pytest

from tests.unit.shared.web.sample import client_of, sample_app


async def good() -> None:
    return None


async def missing() -> str:
    return "start the broker"


async def raising() -> None:
    raise ConnectionError("refused")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_ready_names_each_missing_dependency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.web.health.CHECK_SECONDS", 0.05)
    checks = {"database": good, "kafka": missing, "relay": raising, "clock": hanging}
    async with client_of(sample_app(**checks)) as client:
        answer = await client.get("/ready")
    assert answer.status_code == 503
    told = {entry["name"]: entry["detail"] for entry in answer.json()["missing"]}
    assert set(told) == {"kafka", "relay", "clock"}
    assert told["kafka"] == "start the broker"
    assert "refused" in told["relay"]
    assert "kafka, relay, clock" in answer.json()["detail"]


async def test_ready_live_and_metrics() -> None:
    app = sample_app(database=good)
    async with client_of(app) as client:
        assert (await client.get("/ready")).json() == {"status": "ready"}
        assert (await client.get("/live")).json() == {"status": "live"}
        metrics = await client.get("/metrics")
        assert "lianxin_http_request_seconds_bucket" in metrics.text
        assert metrics.headers["content-type"].startswith("text/plain")
        app.state.alive["stuck"] = "no poll for 40 s"
        dead = await client.get("/live")
    assert dead.status_code == 503
    assert dead.json()["reason"] == "no poll for 40 s"
    assert "no poll for 40 s" in dead.json()["detail"]

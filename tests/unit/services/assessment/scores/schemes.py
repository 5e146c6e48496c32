"""Schemes for tests of scores."""

from typing import Any

from services.assessment.schemes.scheme import Scheme


def label(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def indicator(id: str = "resolution", **more: Any) -> dict[str, Any]:
    fields = {
        "id": id,
        "label": label(id),
        "formula": "solved / contacted",
        "sample": "contacted",
        "weight": 60,
        "floor": 0.5,
        "target": 1,
        "minimum_sample": 5,
    }
    return fields | more


HOURS = {
    "formula": "median_hours",
    "sample": "timed",
    "weight": 40,
    "direction": "down",
    "floor": 72,
    "target": 24,
    "minimum_sample": 5,
}


def scheme(*indicators: dict[str, Any], **more: Any) -> Scheme:
    """One class of units; grades at 80 and 60."""
    fields: dict[str, Any] = {
        "name": label("test"),
        "source": "tests",
        "valid_from": "2026-01",
        "classes": [{"id": "units", "label": label("units"), "kind": "unit"}],
        "indicators": indicators or [indicator(), indicator("speed", **HOURS)],
        "grades": [
            {"id": "good", "label": label("good"), "at_least": 80},
            {"id": "fair", "label": label("fair"), "at_least": 60},
            {"id": "poor", "label": label("poor"), "at_least": 0},
        ],
        "steps": {"self_rating": 20, "public_rating": 40, "organizational_rating": 40},
    }
    return Scheme.model_validate(fields | more)

"""Errors in the standard's shape."""

import pytest

from services.request_intake.open311 import messages  # noqa: F401 (its sentences)
from services.request_intake.open311.answers import errors_of, status_of
from shared.web.errors import invalid
from shared.web.problems import FieldError, Problem


@pytest.mark.parametrize(
    ("given", "answered"),
    [(401, 403), (403, 403), (404, 404), (409, 400), (413, 400), (422, 400), (503, 503)],
)
def test_statuses_of_the_standard(given: int, answered: int) -> None:
    assert status_of(Problem(given, "x")) == answered


def test_one_error_for_each_field() -> None:
    wrong = invalid(
        [FieldError("lat", "field.number"), FieldError("status", "field.choice", allowed=["open"])]
    )
    assert errors_of(wrong, "zh") == [
        {"code": 400, "description": "lat：请填写数字。"},
        {"code": 400, "description": "status：请从 allowed 所列的值中选择。 (open)"},
    ]
    assert errors_of(wrong, "en")[0]["description"] == "lat: Give a number."


def test_other_problems_say_what_to_do() -> None:
    missing = Problem(403, "open311-key-missing")
    assert errors_of(missing, "zh")[0]["description"].startswith("缺少 api_key")
    assert errors_of(missing, "en")[0]["code"] == 403

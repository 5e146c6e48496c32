"""Amounts of money in bodies: told in yuan, kept in fen (1/100 yuan)."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.web.messages import register_messages

register_messages(
    {
        "field.yuan": {
            "zh": "请填写人民币金额，单位为元，最多两位小数。",
            "en": "Give an amount in yuan with at most two decimals.",
        },
    }
)


def _two_decimals(value: float) -> float:
    if abs(value * 100 - round(value * 100)) > 1e-4:
        raise PydanticCustomError("yuan", "more than two decimals")
    return round(value, 2)


Yuan = Annotated[float, Field(ge=0.01, le=1e10, allow_inf_nan=False), AfterValidator(_two_decimals)]
"""More than nothing, at most two decimals."""


def fen(yuan: float) -> int:
    """Yuan with at most two decimals in fen."""
    return round(yuan * 100)

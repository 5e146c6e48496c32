"""Short reasons that people give and others read: held to the rule of units' reasons."""

from typing import Annotated

from pydantic import AfterValidator, ValidationError
from pydantic_core import PydanticCustomError

from shared.contracts import units
from shared.web.schemas import ShortText


def _not_personal(reason: str) -> str:
    try:
        units.TaskProgress(status="declined", reason=reason)
    except ValidationError:
        raise PydanticCustomError("personal_data", "personal data") from None
    return reason


Reason = Annotated[ShortText, AfterValidator(_not_personal)]
"""1 to 200 characters without what reads as a telephone or identity-card number."""

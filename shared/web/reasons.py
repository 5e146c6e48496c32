"""Short reasons that people give and others read: held to the rule of units' reasons."""

from typing import Annotated

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from shared.contracts import units
from shared.web.schemas import ShortText, Text4000

_WORDS: TypeAdapter[str] = TypeAdapter(units.Words)


def _not_personal(text: str) -> str:
    try:
        return _WORDS.validate_python(text)
    except ValidationError:
        raise PydanticCustomError("personal_data", "personal data") from None


Reason = Annotated[ShortText, AfterValidator(_not_personal)]
"""1 to 200 characters without what reads as a telephone or identity-card number."""

LongReason = Annotated[Text4000, AfterValidator(_not_personal)]
"""1 to 4,000 characters without what reads as a telephone or identity-card number."""

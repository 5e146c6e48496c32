"""The form of POST requests, read strictly as UTF-8, and what Lianxin makes of it."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import ValidationError

from services.request_intake.filing import Filing
from services.request_intake.open311.schemas import NewServiceRequest
from services.request_intake.schemas import Place, PointIn, RequesterIn
from shared.contracts.words import Channel
from shared.web.errors import field_error, invalid
from shared.web.problems import FieldError, Problem
from shared.web.schemas import clean_text

_FIELDS = 200
_ATTRIBUTES, _ATTRIBUTE_LENGTH = 20, 200
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,60})\](?:\[\d*\])?")
_HAN = re.compile(r"[\u3400-\u9fff]")

Form = Mapping[str, list[str]]


async def read_form(request: Request) -> Form:
    """The fields that are not empty: an empty one is as none (GeoReport v2, optional arguments).

    Raises `Problem` 400 for another content type, for what is not UTF-8 and for over 200 fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem(400, "open311-form")
    try:
        # Not Starlette's reading: it takes UTF-8 that is not percent-encoded for Latin-1.
        text = (await request.body()).decode()
        pairs = parse_qsl(text, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise Problem(400, "open311-form") from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        if value.strip():
            form.setdefault(name, []).append(value)
    return form


def first(form: Form, name: str) -> str | None:
    """The first value of a field, or None."""
    values = form.get(name)
    return values[0] if values else None


def new_request(form: Form) -> NewServiceRequest:
    """The form with each field checked, and the location there.

    Raises `Problem` 422 with what is wrong field by field, 400 without a whole location.
    """
    try:
        given = NewServiceRequest.model_validate({name: values[0] for name, values in form.items()})
    except ValidationError as error:
        raise invalid(
            [field_error({**one, "loc": ("body", *one["loc"])}) for one in error.errors()]
        ) from None
    if (given.lat is None) != (given.long is None):
        raise Problem(400, "open311-half-point")
    if given.lat is None and given.address_string is None and given.address_id is None:
        raise Problem(400, "open311-location")
    return given


def filing_of(given: NewServiceRequest, attributes: tuple[str, ...]) -> Filing:
    """The request as intake takes it.

    An address in words and a picture's address have no field of their own: they stand below the
    text, where whoever finds the place by hand and does the work reads them.
    """
    notes = [
        f"{label}：{value}"
        for label, value in (("地点", given.address_string), ("图片", given.media_url))
        if value
    ]
    return Filing(
        channel=Channel.OPEN311,
        text=given.description,
        category=given.service_code,
        place=_place(given),
        requester=_requester(given),
        notes=(*notes, *attributes),
        owned=False,
    )


def attributes_of(form: Form) -> tuple[str, ...]:
    """`attribute[code]=value` as lines: no service asks for any, but somebody has typed them.

    Raises `Problem` 422 for more than 20, and for one over 200 characters.
    """
    lines: list[str] = []
    for name, values in form.items():
        found = _ATTRIBUTE.fullmatch(name)
        if not found:
            continue
        text = clean_text("、".join(values))
        if len(text) > _ATTRIBUTE_LENGTH:
            limit = {"max_length": _ATTRIBUTE_LENGTH}
            raise invalid([FieldError(name, "field.string_too_long", limit)])
        lines.append(f"{clean_text(found[1])}：{text}")
    if len(lines) > _ATTRIBUTES:
        raise invalid([FieldError("attribute", "field.too_long", {"max_length": _ATTRIBUTES})])
    return tuple(lines)


def full_name(given: str | None, family: str | None) -> str | None:
    """A name as it is written: 王芳, but John Smith."""
    if given is None or family is None:
        return given or family
    if _HAN.search(given + family):
        return f"{family}{given}"
    return f"{given} {family}"


def _place(given: NewServiceRequest) -> Place | None:
    point = None
    if given.lat is not None and given.long is not None:
        point = PointIn(longitude=given.long, latitude=given.lat)
    if point is None and given.address_id is None:
        return None
    return Place(point=point, area=given.address_id)


def _requester(given: NewServiceRequest) -> RequesterIn | None:
    name = full_name(given.first_name, given.last_name)
    if name is None and given.phone is None and given.email is None:
        return None
    return RequesterIn(name=name, telephone=given.phone, email=given.email)

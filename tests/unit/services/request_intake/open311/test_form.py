"""The form of POST requests: bytes to fields, and fields to what intake takes."""

from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Request

from services.request_intake.open311.form import (
    attributes_of,
    filing_of,
    full_name,
    new_request,
    read_form,
)
from shared.contracts.words import Channel
from shared.web.problems import Problem

FORM = "application/x-www-form-urlencoded"


async def parsed(body: bytes, content_type: str = FORM) -> dict[str, list[str]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode())]
    return dict(await read_form(Request({"type": "http", "headers": headers}, receive)))


async def test_utf8_is_read_encoded_or_not() -> None:
    text = "路灯不亮 & 井盖"
    encoded = await parsed(urlencode({"description": text}).encode())
    raw = await parsed("description=路灯不亮+%26+井盖".encode())
    assert encoded == raw == {"description": [text]}


async def test_an_empty_field_is_as_none() -> None:
    assert await parsed(b"lat=&long=+&service_code=a", f"{FORM}; charset=utf-8") == {
        "service_code": ["a"]
    }


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"description=%ff%fe", FORM),
        (b"description=\xff", FORM),
        (b"&".join(b"a%d=1" % n for n in range(201)), FORM),
        (b'{"service_code": "a"}', "application/json"),
        (b"", "multipart/form-data; boundary=x"),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(Problem) as refused:
        await parsed(body, content_type)
    assert (refused.value.status, refused.value.code) == (400, "open311-form")


def form(**fields: str) -> dict[str, list[str]]:
    return {name: [value] for name, value in ({"service_code": "traffic"} | fields).items()}


def test_each_field_has_its_place() -> None:
    given = form(
        lat="22.05123",
        long="114.05123",
        address_id="440310001001",
        address_string="南布路1号门口",
        description="路灯\x00不亮",
        first_name="芳",
        last_name="王",
        phone="138 0013 8000",
        email="wang@example.org",
        media_url="https://example.org/1.jpg",
        device_id="d-1",
        account_id="a-1",
        colour="red",
    ) | {"attribute[杆号]": ["A7"], "attribute[灯][]": ["左", "右"]}
    filing = filing_of(new_request(given), attributes_of(given))
    assert filing.channel is Channel.OPEN311
    assert (filing.text, filing.category, filing.owned) == ("路灯不亮", "traffic", False)
    assert filing.place is not None
    assert filing.place.point is not None
    assert (filing.place.point.latitude, filing.place.area) == (22.05123, "440310001001")
    assert filing.requester is not None
    assert filing.requester.model_dump() == {
        "name": "王芳",
        "telephone": "138 0013 8000",
        "address": None,
        "email": "wang@example.org",
    }
    assert filing.notes == (
        "地点：南布路1号门口",
        "图片：https://example.org/1.jpg",
        "杆号：A7",
        "灯：左、右",
    )
    assert "d-1" not in str(filing)
    assert "a-1" not in str(filing)


def test_an_address_in_words_alone_is_enough() -> None:
    filing = filing_of(new_request(form(address_string="南布路1号门口")), ())
    assert (filing.place, filing.text, filing.requester) == (None, None, None)
    assert filing.notes == ("地点：南布路1号门口",)


@pytest.mark.parametrize(
    ("given", "family", "name"),
    [
        ("芳", "王", "王芳"),
        ("John", "Smith", "John Smith"),
        (None, "王", "王"),
        ("Madonna", None, "Madonna"),
        (None, None, None),
    ],
)
def test_names(given: str | None, family: str | None, name: str | None) -> None:
    assert full_name(given, family) == name


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "open311-location"),
        ({"lat": "22"}, "open311-half-point"),
        ({"long": "114", "address_string": "here"}, "open311-half-point"),
        ({"lat": "91", "long": "114"}, "lat"),
        ({"lat": "nan", "long": "114"}, "lat"),
        ({"address_string": "字" * 201}, "address_string"),
        ({"address_id": "no/code"}, "address_id"),
        ({"description": "字" * 4001}, "description"),
        ({"description": "\x01"}, "description"),
        ({"phone": "call me"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"media_url": "javascript:alert(1)"}, "media_url"),
        ({"service_code": "a b"}, "service_code"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, str], code: str) -> None:
    with pytest.raises(Problem) as refused:
        new_request(form(**fields))
    errors = [error.field for error in refused.value.errors]
    assert code in (refused.value.code, *errors)


def test_too_many_or_too_long_attributes_are_refused() -> None:
    for given in (
        {f"attribute[{n}]": ["x"] for n in range(21)},
        {"attribute[x]": ["字" * 201]},
    ):
        with pytest.raises(Problem):
            attributes_of(given)

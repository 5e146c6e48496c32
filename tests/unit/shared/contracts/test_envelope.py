"""The envelope: what is refused with which words, and that nothing changes on the way."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts import requests, units
from shared.contracts.catalog import BY_FULL_TYPE
from shared.contracts.envelope import Event, Headers, Invalid, decode, encode
from shared.contracts.payload import Kind, Payload

VALUE = b'{"request_id":"r1","contacted":true,"round":1}'
HEADERS: dict[str, bytes | None] = {
    "ce_specversion": b"1.0",
    "ce_id": b"0198b2a0-0000-7000-8000-000000000000",
    "ce_source": b"/services/request-intake",
    "ce_type": b"lianxin.request.followed_up.v1",
    "ce_subject": b"r1",
    "ce_time": b"2026-01-31T08:00:00Z",
    "ce_sequence": b"3",
    "ce_partitionkey": b"r1",
    "ce_traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "content-type": b"application/json",
}


def read(value: bytes | None = VALUE, **changed: bytes | None) -> Event:
    """Decode the good record with some headers changed."""
    return decode(value, list((HEADERS | changed).items()))


def without(name: str) -> list[tuple[str, bytes | None]]:
    return [pair for pair in HEADERS.items() if pair[0] != name]


def refused(code: str, *words: str, value: bytes | None = VALUE, headers: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        decode(value, headers)
    assert caught.value.code == code
    assert all(word in caught.value.reason for word in words), caught.value.reason
    return caught.value


def test_a_good_record_is_read() -> None:
    event = read()
    assert event == Event(
        id="0198b2a0-0000-7000-8000-000000000000",
        source="/services/request-intake",
        type="lianxin.request.followed_up.v1",
        subject="r1",
        sequence=3,
        time=datetime(2026, 1, 31, 8, tzinfo=UTC),
        partition_key="r1",
        trace_parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data=requests.RequestFollowedUp(request_id="r1", contacted=True, round=1),
    )
    assert event.kind is Kind.FACT


REQUIRED = ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time"]


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("raw", [None, b"", b"\xff\xfe\x00"])
def test_a_header_that_is_null_empty_or_binary_is_named(name: str, raw: bytes | None) -> None:
    refused("header", f"header {name} is missing", headers=list((HEADERS | {name: raw}).items()))


@pytest.mark.parametrize("name", REQUIRED)
def test_a_header_that_is_missing_is_named(name: str) -> None:
    refused("header", f"header {name} is missing", headers=without(name))


@pytest.mark.parametrize("headers", [None, [], ()])
def test_a_record_without_headers_is_refused(headers: Any) -> None:
    refused("header", "ce_specversion", headers=headers)


def test_another_specversion_is_refused() -> None:
    refused("header", "must be 1.0", headers=list((HEADERS | {"ce_specversion": b"0.3"}).items()))


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_subject", "ce_partitionkey"])
@pytest.mark.parametrize(
    ("raw", "words"), [(b"x" * 201, "200 characters"), (b"a\x00b", "control character")]
)
def test_names_that_cannot_be_kept_are_refused(name: str, raw: bytes, words: str) -> None:
    refused("header", name, words, headers=list((HEADERS | {name: raw}).items()))


def test_long_names_and_chinese_names_within_the_limit_are_read() -> None:
    assert read(ce_subject=b"s" * 200, ce_source=b"/" * 200).subject == "s" * 200
    assert read(ce_subject="案件/连心 1".encode()).subject == "案件/连心 1"


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"-1",
        b"0",
        b"1.0",
        b"1e3",
        b" 1",
        b"one",
        "٣".encode(),
        b"\xff",
        str(2**53 + 1).encode(),
        b"9" * 17,
        b"9" * 5000,
    ],
)
def test_a_sequence_that_is_no_count_is_refused(raw: bytes | None) -> None:
    refused("sequence", "ce_sequence", headers=list((HEADERS | {"ce_sequence": raw}).items()))


def test_a_missing_sequence_is_refused() -> None:
    refused("sequence", "whole number", headers=without("ce_sequence"))


def test_the_largest_sequence_is_read() -> None:
    assert read(ce_sequence=str(2**53).encode()).sequence == 2**53


@pytest.mark.parametrize(
    "raw",
    [
        b"2026-01-31T08:00:00",
        b"2026-01-31",
        b"yesterday",
        b"1769846400",
        b"2026-13-01T08:00:00Z",
        b"0001-01-01T00:00:00+23:00",
    ],
)
def test_a_time_without_offset_or_sense_is_refused(raw: bytes) -> None:
    refused("time", "RFC 3339", headers=list((HEADERS | {"ce_time": raw}).items()))


def test_a_time_of_another_zone_is_brought_to_utc() -> None:
    event = read(ce_time=b"2026-01-31T16:00:00.5+08:00")
    assert event.time == datetime(2026, 1, 31, 8, 0, 0, 500_000, tzinfo=UTC)
    assert event.time.tzinfo is UTC


def test_a_null_value_is_refused() -> None:
    error = refused("null-value", "null", value=None, headers=list(HEADERS.items()))
    assert error.envelope == {
        "source": "/services/request-intake",
        "subject": "r1",
        "sequence": "3",
        "type": "lianxin.request.followed_up.v1",
    }


@pytest.mark.parametrize("value", [b"", b"{", b"not json", b"[]", b'"text"', b"\xff", b"null"])
def test_what_is_not_the_payload_as_json_is_refused(value: bytes) -> None:
    refused("payload", value=value, headers=list(HEADERS.items()))


def test_the_first_wrong_field_is_named_and_the_others_counted() -> None:
    refused("payload", "request_id", "and 2 more", value=b"{}", headers=list(HEADERS.items()))


def test_a_value_over_the_limit_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        decode(b" " * 101, list(HEADERS.items()), limit_bytes=100)
    assert caught.value.code == "too-large"
    assert "101 bytes" in caught.value.reason


@pytest.mark.parametrize(
    "type",
    [
        b"lianxin.request.invented.v1",
        b"lianxin.request.followed_up",
        b"lianxin.request.followed_up.v0",
        b"lianxin.request.followed_up.vx",
        b"lianxin.request.followed_up.v99999",
        b"other",
    ],
)
def test_an_unknown_type_is_refused(type: bytes) -> None:
    refused("type", "is not known", headers=list((HEADERS | {"ce_type": type}).items()))


@pytest.mark.parametrize("version", [b"2", b"17", b"9999"])
def test_a_newer_version_is_read_without_its_data(version: bytes) -> None:
    event = read(b"whatever", ce_type=b"lianxin.request.followed_up.v" + version)
    assert event.data is None
    assert event.kind is Kind.FACT
    assert read(ce_type=b"lianxin.area.changed.v2").kind is Kind.SNAPSHOT


def test_headers_that_are_not_needed_may_be_anything() -> None:
    event = read(ce_partitionkey=None, ce_traceparent=b"\xff", extra=b"\x00\x01", more=None)
    assert event.partition_key == "r1"
    assert event.trace_parent is None


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.sampled_from([*HEADERS, "x"]), st.none() | st.binary(max_size=40)),
        max_size=12,
    ),
    st.none() | st.binary(max_size=60),
)
def test_whatever_comes_is_an_event_or_invalid(
    changed: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    try:
        event = decode(value, list((HEADERS | dict(changed)).items()))
    except Invalid as error:
        told = error
    else:
        assert event.sequence >= 1
        assert event.time.tzinfo is UTC
        return
    assert told.code
    assert told.reason
    assert set(told.envelope) == {"source", "subject", "sequence", "type"}


PERSONAL = [
    "请致电13800138000联系",
    "身份证 44030719900101123X",
    "440307199001011234",
    "座机0755-12345678",
    "020 或 02012345678",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_texts_of_units_with_numbers_of_persons_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="telephone or identity-card number"):
        units.RequestReported(text=text)
    with pytest.raises(ValueError, match="telephone or identity-card number"):
        units.TaskResult(words=text)
    with pytest.raises(ValueError, match="telephone or identity-card number"):
        units.TaskProgress(status="returned", reason=text)


@pytest.mark.parametrize(
    "text", ["路灯坏了, 12345 热线", "3号楼2单元1201", "工单 20260131000123456789"]
)
def test_other_numbers_in_texts_are_taken(text: str) -> None:
    assert units.RequestReported(text=text).text == text


# Round trips of every payload

_WORDS = st.text(st.characters(exclude_categories=["C", "Z", "N"], exclude_characters="|/"))
_ASCII = st.characters(codec="ascii", exclude_categories=["C"])
_MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))


def values(  # noqa: PLR0912
    schema: dict[str, Any], definitions: dict[str, Any]
) -> st.SearchStrategy[Any]:
    """What fits the part of JSON Schema that payloads use."""
    if "$ref" in schema:
        return values(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return st.one_of([values(part, definitions) for part in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    low, high = schema.get("minimum"), schema.get("maximum")
    match schema.get("type"):
        case "string" if schema.get("format") == "date-time":
            return _MOMENTS.map(lambda moment: moment.isoformat())
        case "string" if schema.get("format") == "date":
            return _MOMENTS.map(lambda moment: moment.date().isoformat())
        case "string" if "pattern" in schema and "^[^" not in schema["pattern"]:
            return st.from_regex(schema["pattern"], fullmatch=True, alphabet=_ASCII)
        case "string":
            least, most = schema.get("minLength", 0), schema.get("maxLength", 50)
            return _WORDS.map(lambda text: text[:most]).filter(lambda text: len(text) >= least)
        case "integer":
            return st.integers(low if low is not None else -(2**53), high or 2**53)
        case "number":
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(values(schema["items"], definitions), max_size=3)
        case "null":
            return st.none()
        case "object" if "properties" in schema:
            needed = schema.get("required", [])
            parts = {n: values(part, definitions) for n, part in schema["properties"].items()}
            return st.fixed_dictionaries(
                {name: parts[name] for name in needed},
                optional={name: part for name, part in parts.items() if name not in needed},
            )
        case _:
            return st.just({"type": "Polygon", "coordinates": [[[114.0, 22.5]]]})


def payload_of(full_type: str) -> st.SearchStrategy[Payload]:
    model = BY_FULL_TYPE[full_type]
    schema = model.model_json_schema()

    def fits(value: dict[str, Any]) -> Payload | None:
        try:
            return model.model_validate(value)
        except ValidationError:  # a rule between fields
            return None

    made = values(schema, schema.get("$defs", {})).map(fits)
    return made.filter(lambda found: found is not None).map(lambda found: cast(Payload, found))


@pytest.mark.parametrize("full_type", sorted(BY_FULL_TYPE))
def test_every_payload_survives_the_way(full_type: str) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(
        payload_of(full_type),
        st.integers(1, 2**53),
        _MOMENTS,
        st.none() | st.just("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    )
    def survives(data: Payload, sequence: int, time: datetime, trace: str | None) -> None:
        event = Event("id", "/units/医院", full_type, "主题", sequence, time, "键", trace, data)
        key, value, headers = encode(event)
        kept: Headers = list(headers)
        assert key == "键".encode()
        assert decode(value, kept) == event
        assert all(isinstance(raw, bytes) for _, raw in headers)

    survives()


def test_an_event_without_data_is_not_published() -> None:
    with pytest.raises(ValueError, match="without data"):
        encode(read(ce_type=b"lianxin.request.followed_up.v2"))

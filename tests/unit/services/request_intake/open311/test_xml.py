"""XML as in the standard's own examples (wiki.open311.org/GeoReport_v2)."""

from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from services.request_intake.open311.xml import ITEMS, document


def spark(element: ElementTree.Element) -> Any:
    """JSON of an XML element by the Spark convention; scalars stay texts."""
    if element.tag in ITEMS:
        assert {child.tag for child in element} <= {ITEMS[element.tag]}
        return [spark(child) for child in element]
    if len(element):
        return {child.tag: spark(child) for child in element}
    return element.text


def test_services_as_in_the_standard() -> None:
    service = {
        "service_code": "001",
        "service_name": "Cans left out 24x7",
        "metadata": True,
        "type": "realtime",
        "keywords": "lorem, ipsum, dolor",
        "group": None,
    }
    assert document("services", [service]).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<services><service><service_code>001</service_code>"
        "<service_name>Cans left out 24x7</service_name><metadata>true</metadata>"
        "<type>realtime</type><keywords>lorem, ipsum, dolor</keywords><group />"
        "</service></services>"
    )


def test_errors_and_discovery_as_in_the_standard() -> None:
    error = {"code": 403, "description": "无效的 <api_key> & 其他"}
    written = document("errors", [error, error])
    assert "无效的 &lt;api_key&gt; &amp; 其他".encode() in written
    assert [child.tag for child in ElementTree.fromstring(written)] == ["error", "error"]
    endpoint = {"url": "http://city/v2", "formats": ["text/xml", "application/json"]}
    content = {"changeset": "2011-02-03 14:18", "endpoints": [endpoint]}
    root = ElementTree.fromstring(document("discovery", content))
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == [
        "text/xml",
        "application/json",
    ]
    assert spark(root) == content


def test_an_empty_list_is_an_empty_container() -> None:
    assert document("service_requests", []).endswith(b"<service_requests />")


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_read_again(text: str) -> None:
    root = ElementTree.fromstring(document("errors", [{"description": text}]))
    read = root.findtext("error/description") or ""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
    kept = kept.replace("\ufffe", "").replace("\uffff", "")
    assert read == kept.replace("\r\n", "\n").replace("\r", "\n")

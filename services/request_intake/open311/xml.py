"""Answers as XML: the same structure as in JSON, by the Spark convention of Open311.

A list stands in a container whose name says what its items are called (`services` holds `service`),
so that either form can be made from the other (wiki.open311.org/JSON_and_XML_Conversion).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""Container -> item."""

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def document(root: str, content: Any) -> bytes:
    """`content` (mappings, lists, scalars) below the element `root`, in UTF-8 with declaration."""
    element = Element(root)
    _fill(element, content)
    written: bytes = tostring(element, encoding="utf-8", xml_declaration=False)
    return _DECLARATION + written


def _fill(element: Element, content: Any) -> None:
    if isinstance(content, Mapping):
        for name, value in content.items():
            _fill(SubElement(element, name), value)
    elif isinstance(content, Sequence) and not isinstance(content, str):
        for item in content:
            _fill(SubElement(element, ITEMS[element.tag]), item)
    elif isinstance(content, bool):
        element.text = "true" if content else "false"
    elif content is not None:
        element.text = _NOT_XML.sub("", str(content))

"""Whether a changed JSON Schema still reads every record that the old one allowed.

A published version of a type may only grow: new optional fields, wider limits, more values.
Covers the JSON Schema that pydantic writes for payloads, not all of JSON Schema.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def breaks(old: Schema, new: Schema) -> list[str]:
    """What an old record could fail on, or be read otherwise, under `new`; empty: nothing.

    Each is a sentence that begins with the field's path (`assignee.kind`).
    """
    return list(_breaks(old, new, old, new, ""))


def _breaks(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    where = at or "the payload"
    if "default" in old and old["default"] != new.get("default"):
        yield f"{where}: its default changed"
    choices, offered = _choices(old), _choices(new)
    if len(choices) > 1 or len(offered) > 1:
        for choice in choices:
            tries = [list(_breaks(choice, offer, old_root, new_root, at)) for offer in offered]
            if all(tries):
                yield min(tries, key=len)[0]
        return
    was, now = old.get("type"), new.get("type")
    if now not in (None, was) and (was, now) != ("integer", "number"):
        yield f"{where}: its type changed from {was or 'any'} to {now}"
        return
    yield from _narrower(old, new, where)
    yield from _fields(old, new, old_root, new_root, at)
    if "items" in new:
        yield from _breaks(old.get("items", {}), new["items"], old_root, new_root, f"{at}[]")


def _narrower(old: Schema, new: Schema, where: str) -> Iterator[str]:
    allowed = _values(new)
    if allowed is not None:
        for value in _values(old) or ["any other value"]:
            if value not in allowed:
                yield f"{where}: {value!r} is not allowed any more"
    for names, narrows in ((_UPPER, _less), (_LOWER, _more)):
        for name in names:
            if name in new and (name not in old or narrows(new[name], old[name])):
                yield f"{where}: {name} became narrower"
    for name in ("pattern", "format"):
        if name in new and old.get(name) != new[name]:
            yield f"{where}: its {name} changed"


def _fields(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    had, has = old.get("properties", {}), new.get("properties", {})
    for name, field in had.items():
        path = f"{at}.{name}" if at else name
        if name not in has:
            yield f"{path}: the field was removed"
        else:
            yield from _breaks(field, has[name], old_root, new_root, path)
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{f'{at}.{name}' if at else name}: the field was made required"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{at or 'the payload'}: unknown fields are refused now"


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Schema = root["$defs"][reference.removeprefix("#/$defs/")]
    return target | {name: value for name, value in schema.items() if name != "$ref"}


def _choices(schema: Schema) -> list[Schema]:
    return list(schema.get("anyOf", [schema]))


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _less(new: float, old: float) -> bool:
    return new < old


def _more(new: float, old: float) -> bool:
    return new > old

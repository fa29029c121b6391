"""Values that a schema allows: examples for tests, seeds and error bodies.

The contract's own examples come first; what it leaves open is made up, the same way every time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from apiwright.ir.schemas import Direction, Json, NamedSchema, Schema
from apiwright.ir.shapes import dropped, flat

_DEPTH = 6
_ENDLESS = 20
_FORMATS: Mapping[str, str] = {
    "date": "2026-01-15",
    "date-time": "2026-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "P1D",
    "uuid": "0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "/example",
    "byte": "YXBp",
    "binary": "api",
    "decimal": "1.00",
    "password": "correct horse battery staple",
}


class NoSampleError(Exception):
    """No value could be made up that the schema allows."""


def sample(schema: Schema, named: Mapping[str, NamedSchema], direction: Direction) -> Json:
    """A value of `schema` as it would travel in `direction`.

    Raises NoSampleError where the schema gives no example and none can be made up (a pattern).
    """
    return _sample(schema, named, direction, 0)


def _sample(
    schema: Schema, named: Mapping[str, NamedSchema], direction: Direction, depth: int
) -> Json:
    if depth > _ENDLESS:
        raise NoSampleError(schema.pointer)
    whole = flat(schema, named)
    if whole.examples and not whole.properties:
        return whole.examples[0]
    if "const" in whole.keywords:
        return whole.keywords["const"]
    if whole.enum:
        return whole.enum[0]
    if whole.default and whole.default[0] is not None:
        return whole.default[0]
    options = (*whole.any_of, *whole.one_of)
    if options:
        return _sample(options[0], named, direction, depth + 1)
    return _of_type(whole, named, direction, depth)


def _of_type(
    schema: Schema, named: Mapping[str, NamedSchema], direction: Direction, depth: int
) -> Json:
    kind = schema.types[0] if schema.types else ("object" if schema.properties else "string")
    if kind == "object":
        return _object(schema, named, direction, depth)
    if kind == "array":
        return _array(schema, named, direction, depth)
    if kind in {"integer", "number"}:
        return _number(schema, kind)
    if kind == "boolean":
        return True
    return None if kind == "null" else _string(schema)


def _object(
    schema: Schema, named: Mapping[str, NamedSchema], direction: Direction, depth: int
) -> Json:
    found: dict[str, Json] = {}
    for prop in schema.properties:
        needed = prop.required or prop.name in schema.required
        if dropped(flat(prop.schema, named), direction) or not (needed or depth == 0):
            continue
        if depth > _DEPTH:
            if needed:
                raise NoSampleError(schema.pointer)
            continue
        try:
            found[prop.name] = _sample(prop.schema, named, direction, depth + 1)
        except NoSampleError:
            if needed:
                raise
    return found


def _array(
    schema: Schema, named: Mapping[str, NamedSchema], direction: Direction, depth: int
) -> Json:
    least = schema.keywords.get("minItems", 0)
    wanted = least if isinstance(least, int) else 0
    if wanted == 0 and (depth > 1 or schema.items is None):
        return []
    items = schema.items or Schema(position=schema.position, pointer=schema.pointer)
    if wanted > 1 and schema.keywords.get("uniqueItems"):
        return _different(items, named, wanted)
    return [_sample(items, named, direction, depth + 1) for _ in range(max(wanted, 1))]


def _different(items: Schema, named: Mapping[str, NamedSchema], wanted: int) -> Json:
    values = flat(items, named).enum
    if len(values) < wanted:
        raise NoSampleError(items.pointer)
    return list(values[:wanted])


def _number(schema: Schema, kind: str) -> Json:
    words = schema.keywords
    step = Decimal(str(words.get("multipleOf", 1 if kind == "integer" else "0.5")))
    low = _bound(words, "minimum", "exclusiveMinimum", step)
    high = _bound(words, "maximum", "exclusiveMaximum", -step)
    value = step if low is None else (low / step).to_integral_value("ROUND_CEILING") * step
    if high is not None and value > high:
        value = (high / step).to_integral_value("ROUND_FLOOR") * step
        if low is not None and value < low:
            raise NoSampleError(schema.pointer)
    whole = value == value.to_integral_value()
    return int(value) if kind == "integer" or whole else float(value)


def _bound(
    words: Mapping[str, Json], inclusive: str, exclusive: str, step: Decimal
) -> Decimal | None:
    if inclusive in words:
        return Decimal(str(words[inclusive]))
    return Decimal(str(words[exclusive])) + step if exclusive in words else None


def _string(schema: Schema) -> str:
    text = _FORMATS.get(schema.format, "example")
    least, most = schema.keywords.get("minLength", 0), schema.keywords.get("maxLength")
    if isinstance(least, int) and len(text) < least:
        text += "e" * (least - len(text))
    if isinstance(most, int) and len(text) > most:
        text = text[:most]
    pattern = schema.keywords.get("pattern")
    if isinstance(pattern, str) and not _matches(pattern, text):
        return _fitting(schema, pattern)
    return text


def _fitting(schema: Schema, pattern: str) -> str:
    for candidate in ("a", "A", "1", "aa", "AA", "12", "a1", "abc", "ABC", "123", "1234",
                      "12345", "0.00", "1.00", "a-b", "a_b", "a.b", "#aabbcc", "+4912345678",
                      "en", "en-US", "EUR", "1.0.0", "v1", "12:00", "2026-01-15"):  # fmt: skip
        size = len(candidate)
        least, most = schema.keywords.get("minLength", 0), schema.keywords.get("maxLength", size)
        fits = isinstance(least, int) and isinstance(most, int) and least <= size <= most
        if fits and _matches(pattern, candidate):
            return candidate
    raise NoSampleError(schema.pointer)


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False

"""Values without parts: whether one version takes, or shows, what the other doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apiwright.ir.emit import json_schema
from apiwright.ir.schemas import Direction, Json, NamedSchema, Schema
from apiwright.ir.shapes import references

_LEAST = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_MOST = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_RULES = ("pattern", "multipleOf", "uniqueItems", "const")


@dataclass(frozen=True, slots=True)
class Difference:
    """What the older version promises, and what the newest does instead, in words."""

    older: str
    newer: str


def differences(older: Schema, newer: Schema, direction: Direction) -> Iterator[Difference]:
    """Where values that come may be none of those that may go on."""
    request = direction is Direction.REQUEST
    comes, goes = (older, newer) if request else (newer, older)
    if _types_differ(comes, goes):
        yield Difference(_list(older.types or ("anything",)), _list(newer.types or ("anything",)))
        return
    if goes.format and comes.format != goes.format:
        yield Difference(_named("format", older.format), _named("format", newer.format))
    if goes.enum and not set(map(str, comes.enum or ("",))) <= set(map(str, goes.enum)):
        yield Difference(_list(older.enum), _list(newer.enum))
    for word in (*_LEAST, *_MOST, *_RULES):
        if not _fits(word, comes.keywords.get(word), goes.keywords.get(word)):
            yield Difference(
                _named(word, older.keywords.get(word)), _named(word, newer.keywords.get(word))
            )


def _fits(word: str, comes: Json, goes: Json) -> bool:
    """Whether everything that obeys the rule of what comes obeys that of where it goes."""
    if goes is None or comes == goes or goes is False:
        return True
    if isinstance(comes, int | float) and isinstance(goes, int | float):
        if word in _LEAST:
            return comes >= goes
        if word in _MOST:
            return comes <= goes
    return word in _LEAST and goes == 0


def _types_differ(comes: Schema, goes: Schema) -> bool:
    """Whether a type may come that can't go on."""
    taken = set(goes.types)
    if "number" in taken:
        taken.add("integer")
    return bool(taken) and not (bool(comes.types) and set(comes.types) <= taken)


def _list(values: tuple[Json, ...]) -> str:
    return " or ".join(str(value) for value in values) or "any value"


def _named(word: str, value: Json) -> str:
    return f"no {word}" if value is None or value == "" else f"{word} {value}"


def same(
    older: Schema,
    newer: Schema,
    before: Mapping[str, NamedSchema],
    after: Mapping[str, NamedSchema],
    direction: Direction,
) -> bool:
    """Whether two schemas say the same of values, to the letter."""
    waiting, seen = [(older, newer)], set[str]()
    while waiting:
        one, other = waiting.pop()
        if json_schema(one, before, direction, str) != json_schema(other, after, direction, str):
            return False
        for name in set(references(one)) - seen:
            seen.add(name)
            if name in before and name in after:
                waiting.append((before[name].schema, after[name].schema))
            elif (name in before) != (name in after):
                return False
    return True

"""Columns on the wire: what each type of PostgreSQL is in a contract."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apiwright.adopt.facts import ColumnFact, PartFact
from apiwright.understand.patterns import for_postgres

_NO_NUL = "^[^\\u0000]*$"
_PLAIN: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "character varying": {"type": "string"},
    "smallint": {"type": "integer", "format": "int32", "minimum": -32768, "maximum": 32767},
    "integer": {"type": "integer", "format": "int32"},
    "bigint": {"type": "integer", "format": "int64"},
    "real": {"type": "number", "format": "float"},
    "double precision": {"type": "number", "format": "double"},
    "numeric": {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$"},
    "boolean": {"type": "boolean"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "timestamp with time zone": {"type": "string", "format": "date-time"},
    "timestamp without time zone": {"type": "string", "format": "date-time"},
    "bytea": {"type": "string", "format": "byte"},
    "jsonb": {},
}
_STORED_AS = {
    "smallint": "smallint",
    "real": "real",
    "character varying": "varchar",
    "timestamp without time zone": "timestamp",
}
_ITEMS = frozenset(
    {"text", "character varying", "integer", "bigint", "boolean", "uuid", "double precision"}
)
_LENGTH = re.compile(r"(character varying|character)\((\d+)\)")
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_TIME = re.compile(r"timestamp\(\d\) (with|without) time zone")
_TEXTS = frozenset({"text", "character varying", "character"})
_WHOLE = frozenset({"smallint", "integer", "bigint"})
_NUMBERS = frozenset({*_WHOLE, "real", "double precision"})

_EMPTY = re.compile(r"'\{\}'::[a-z ]+\[\]|ARRAY\[\]::[a-z ]+\[\]")
_QUOTED = re.compile(r"'((?:[^']|'')*)'(?:::[a-z ]+(?:\(\d+\))?(?:\[\])?)?")
_NUMBER = re.compile(r"\(?'?(-?\d+(?:\.\d+)?)'?\)?(?:::[a-z ]+(?:\(\d+(?:,\d+)?\))?)?")
_LITERAL = r"\(?('(?:[^']|'')*')(?:::[a-z ]+)*\)?(?:::text)?(?:, |$)"
_LITERALS = re.compile(_LITERAL)
_ONLY_LITERALS = re.compile(f"(?:{_LITERAL})+")


@dataclass(frozen=True, slots=True)
class Wire:
    """A column as a contract tells it: the schema of its values, and what `x-column` says."""

    schema: dict[str, Any]
    column: dict[str, Any] = field(default_factory=dict)


def wire(column: ColumnFact) -> Wire | None:
    """The schema for a column; None for a type that no contract has."""
    if column.enum:
        return Wire({"type": "string", "enum": list(column.enum)}, {"enum-type": column.enum_name})
    if not column.builtin:
        return None
    kind, array = column.type.removesuffix("[]"), column.type.endswith("[]")
    found = _one(kind)
    if found is None or (array and base(kind) not in _ITEMS):
        return None
    schema = dict(found.schema)
    if array:
        return Wire({"type": "array", "items": schema}, found.column)
    return Wire(schema, found.column)


def base(kind: str) -> str:
    """A type without what stands in brackets behind it."""
    time = _TIME.fullmatch(kind)
    return f"timestamp {time[1]} time zone" if time else kind.partition("(")[0]


def _one(kind: str) -> Wire | None:
    length, sized = _LENGTH.fullmatch(kind), _NUMERIC.fullmatch(kind)
    if length is not None:
        word = "varchar" if length[1] == "character varying" else "char"
        size = int(length[2])
        schema = {"type": "string", "maxLength": size, "pattern": _NO_NUL}
        return Wire(schema, {"type": f"{word}({size})"})
    if sized is not None:
        precision, scale = int(sized[1]), int(sized[2])
        if scale > precision:
            return None
        whole = rf"\d{{1,{precision - scale}}}" if precision > scale else "0"
        after = rf"(\.\d{{1,{scale}}})?" if scale else ""
        schema = {"type": "string", "format": "decimal", "pattern": f"^-?{whole}{after}$"}
        return Wire(schema, {"precision": precision, "scale": scale})
    known = base(kind)
    if known not in _PLAIN or (kind != known and _TIME.fullmatch(kind) is None):
        return None
    schema = dict(_PLAIN[known])
    if known in _TEXTS:
        schema["pattern"] = _NO_NUL
    return Wire(schema, {"type": _STORED_AS[known]} if known in _STORED_AS else {})


def constant_default(column: ColumnFact) -> tuple[Any, ...]:
    """The default as a value of JSON, in a tuple; empty where it is none that JSON has."""
    if column.type.endswith("[]"):
        return ([],) if _EMPTY.fullmatch(column.default) else ()
    return _plain_default(column, base(column.type), column.default)


def _plain_default(column: ColumnFact, kind: str, written: str) -> tuple[Any, ...]:
    quoted, number = _QUOTED.fullmatch(written), _NUMBER.fullmatch(written)
    if kind in _TEXTS or column.enum:
        text = quoted[1].replace("''", "'") if quoted is not None else ""
        fits = quoted is not None and (not column.enum or text in column.enum)
        return (text,) if fits else ()
    if kind == "boolean" and written in {"true", "false"}:
        return (written == "true",)
    if kind == "jsonb" and quoted is not None:
        try:
            value = json.loads(quoted[1].replace("''", "'"))
        except ValueError:
            return ()
        return (value,) if value is not None else ()
    if number is None:
        return ()
    if kind == "numeric":
        return (number[1],)
    if kind in _WHOLE and "." not in number[1]:
        return (int(number[1]),)
    return (float(number[1]),) if kind in {"real", "double precision"} else ()


def limits(column: ColumnFact, checks: Iterable[PartFact]) -> dict[str, Any]:
    """What the checks of a column alone say in words that a contract has."""
    found: dict[str, Any] = {}
    for check in checks:
        if check.valid and check.columns == (column.name,):
            for condition in _conditions(check.definition):
                found.update(_limit(column, condition))
    return found


def _conditions(definition: str) -> list[str]:
    inner = definition.removeprefix("CHECK (").removesuffix(")")
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    return inner.split(") AND (") if ") AND (" in inner and "'" not in inner else [inner]


def _limit(column: ColumnFact, condition: str) -> dict[str, Any]:
    kind = base(column.type)
    if " OR " in condition or "NOT " in condition:
        return {}
    name = rf"\(*\"?{re.escape(column.name)}\"?\)?(?:::text)?"
    if kind in _TEXTS:
        return _text_limit(name, condition)
    bound = re.fullmatch(rf"{name} (<=|>=|<|>) (\S.*?)\)?", condition)
    number = _NUMBER.fullmatch(bound[2]) if bound is not None else None
    if kind not in _NUMBERS or bound is None or number is None:
        return {}
    value = float(number[1]) if "." in number[1] else int(number[1])
    words = {"<=": "maximum", ">=": "minimum", "<": "exclusiveMaximum", ">": "exclusiveMinimum"}
    return {words[bound[1]]: value}


def _text_limit(name: str, condition: str) -> dict[str, Any]:
    listed = re.fullmatch(rf"{name} = ANY \(+ARRAY\[(.*?)\]\)?(?:::text\[\])?\)+", condition)
    if listed is not None and _ONLY_LITERALS.fullmatch(listed[1]) is None:
        return {}
    if listed is not None:
        values = [_text(value) for value in _LITERALS.findall(listed[1])]
        return {"enum": values} if values and len(set(values)) == len(values) else {}
    one = re.fullmatch(rf"{name} = ('(?:[^']|'')*')(?:::[a-z ]+)*\)*", condition)
    if one is not None:
        return {"enum": [_text(one[1])]}
    long = re.fullmatch(
        rf"\(*(?:char_length|length|character_length)\({name}\) (<=|>=|<|>) (\d+)\)*", condition
    )
    if long is not None:
        sign, size = long[1], int(long[2])
        if sign in {"<=", "<"}:
            return {"maxLength": size - (sign == "<")}
        return {"minLength": size + (sign == ">")}
    like = re.fullmatch(rf"{name} ~ ('(?:[^']|'')*')::text\)*", condition)
    pattern = _text(like[1]) if like is not None else ""
    return {"pattern": pattern} if pattern and for_postgres(pattern) == pattern else {}


def _text(literal: str) -> str:
    """What a literal in single quotes stands for."""
    return literal[1:-1].replace("''", "'")

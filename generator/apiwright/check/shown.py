"""Whether answers may show all that requests may store.

A row keeps what a client has sent. Where the schema of a body takes more than the schemas that show
the row allow, the service can only break one of its two promises: it keeps the first, and answers
with something that its own contract forbids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction
from apiwright.ir.schemas import Json, NamedSchema, Property, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import flat, properties
from apiwright.ir.storage import Fill
from apiwright.problems import Position, Problem, Report, Severity
from apiwright.understand.exchange import body_content

CODE = "more-taken-than-shown"
_LENGTHS = {
    "maxLength": ("more", "characters"),
    "minLength": ("less", "characters"),
    "maxItems": ("more", "items"),
    "minItems": ("less", "items"),
    "maxProperties": ("more", "properties"),
    "minProperties": ("less", "properties"),
}
_DEPTH = 8


@dataclass(frozen=True, slots=True)
class _Taken:
    """A property of a body that is stored, and the column that it is stored in."""

    operation: Operation
    entity: str
    column: str
    prop: Property


def check_shown(service: Service, report: Report) -> None:
    """Warn of every property that takes values which no answer may show."""
    seen: set[tuple[Position, Position]] = set()
    views = _views(service)
    for taken in _taken(service):
        for name, shown in _shown(service, taken, views.get(taken.entity, set())):
            places = (taken.prop.schema.position, shown.schema.position)
            if places in seen:
                continue
            seen.add(places)
            excess = _Excess(service.schemas).of(taken.prop.schema, shown.schema)
            if excess is None and shown.required and _only_taken_as_null(service, taken, shown):
                excess = "null"
            if excess is not None:
                report.add(
                    Problem(
                        CODE,
                        f"{taken.operation.id} takes {excess} as {taken.prop.name!r}, "
                        f"which {name} must not show",
                        taken.prop.schema.position,
                        hint="let both allow the same, or answers more than requests",
                        severity=Severity.WARNING,
                        related=((shown.schema.position, f"what {name} shows"),),
                    )
                )


def _taken(service: Service) -> Iterator[_Taken]:
    for operation in service.operations.values():
        action = operation.action
        content = body_content(operation)
        if not isinstance(action, CreateAction | RowAction) or content is None:
            continue
        assert content.schema is not None, "a body is read by its schema"
        known = {p.attribute: p for p in properties(content.schema, service.schemas).values()}
        for write in action.writes:
            prop = known.get(write.attribute)
            if prop is not None:
                yield _Taken(operation, action.entity, write.column, prop)


def _shown(service: Service, taken: _Taken, views: set[str]) -> Iterator[tuple[str, Property]]:
    """The properties that show a column, with the names of their schemas."""
    column = service.entities[taken.entity].column(taken.column)
    for name in sorted(views):
        prop = properties(service.schemas[name].schema, service.schemas).get(column.property)
        if prop is None or column.hashed or column.fill not in (Fill.CLIENT, Fill.DEFAULT):
            continue
        if not flat(prop.schema, service.schemas).write_only:
            yield name, prop


def _views(service: Service) -> dict[str, set[str]]:
    """The schemas that show rows, by the entities that these are of."""
    found: dict[str, set[str]] = {}
    for operation in service.operations.values():
        action = operation.action
        if isinstance(action, CreateAction | RowAction | ListAction) and action.view is not None:
            found.setdefault(action.view.entity, set()).add(action.view.schema)
    return found


def _only_taken_as_null(service: Service, taken: _Taken, shown: Property) -> bool:
    """Whether null is taken and must not be shown, and the property may not be left out."""
    one, other = (flat(p.schema, service.schemas) for p in (taken.prop, shown))
    return one.nullable and bool(other.types or other.enum) and not other.nullable


@dataclass(frozen=True, slots=True)
class _Excess:
    """Finds what one schema allows and another doesn't, where that is plain; in words."""

    named: Mapping[str, NamedSchema]

    def of(self, taken: Schema, shown: Schema, depth: int = 0) -> str | None:
        """Something that `taken` allows and `shown` forbids; None where there is nothing plain."""
        one, other = flat(taken, self.named), flat(shown, self.named)
        if depth > _DEPTH or one == other:
            return None
        return (
            _by_type(one, other)
            or _by_values(one, other)
            or _by_length(one, other)
            or _by_size(one, other)
            or _by_form(one, other)
            or self._inside(one, other, depth)
        )

    def _inside(self, one: Schema, other: Schema, depth: int) -> str | None:
        if one.items is not None and other.items is not None:
            inner = self.of(one.items, other.items, depth + 1)
            if inner is not None:
                return f"lists with {inner}"
        known = {prop.name: prop for prop in other.properties}
        for prop in one.properties:
            if prop.name in known:
                inner = self.of(prop.schema, known[prop.name].schema, depth + 1)
                if inner is not None:
                    return f"objects with {inner} as {prop.name!r}"
        return None


def _by_type(one: Schema, other: Schema) -> str | None:
    allowed = {*other.types, *({"integer"} if "number" in other.types else ())}
    more = [kind for kind in one.types if kind != "null" and kind not in allowed]
    return f"values of type {more[0]}" if more and allowed - {"null"} else None


def _by_values(one: Schema, other: Schema) -> str | None:
    if not other.enum:
        return None
    allowed = {json.dumps(value) for value in other.enum}
    more = [value for value in one.enum if value is not None and json.dumps(value) not in allowed]
    if more:
        return json.dumps(more[0], ensure_ascii=False)
    return None if one.enum else "other values than the listed ones"


def _by_length(one: Schema, other: Schema) -> str | None:
    if one.enum:
        return None
    for word, (beyond, what) in _LENGTHS.items():
        mine, limit = one.keywords.get(word), other.keywords.get(word)
        upper = word.startswith("max")
        if not isinstance(limit, int | float) or (not upper and limit <= 0):
            continue
        if isinstance(mine, int | float):
            more = mine > limit if upper else mine < limit
        else:
            # A pattern or a format may say as much in other words.
            more = not (what == "characters" and ("pattern" in one.keywords or one.format))
        if more:
            return f"{beyond} than {limit} {what}"
    return None


def _by_size(one: Schema, other: Schema) -> str | None:
    if one.enum or not set(one.types) & {"integer", "number"}:
        return None
    for word, sign, beyond in (("maximum", 1, "above"), ("minimum", -1, "below")):
        mine, limit = (_end(schema, word, sign) for schema in (one, other))
        if limit is not None and (mine is None or mine > limit):
            reach = beyond if limit[1] else f"{beyond} or equal to"
            return f"numbers {reach} {sign * limit[0]}"
    step, allowed = (schema.keywords.get("multipleOf") for schema in (one, other))
    if isinstance(allowed, int | float):
        whole = one.types == ("integer",) and Decimal(1) % Decimal(str(allowed)) == 0
        fits = isinstance(step, int | float) and Decimal(str(step)) % Decimal(str(allowed)) == 0
        if not (whole or fits):
            return f"numbers that are no multiple of {allowed}"
    return None


def _end(schema: Schema, word: str, sign: int) -> tuple[Decimal, int] | None:
    """The end of a range, turned so that more is wider; an end that is left out comes before."""
    ends = []
    for name, included in ((word, 1), (f"exclusive{word.capitalize()}", 0)):
        value: Json = schema.keywords.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            ends.append((sign * Decimal(str(value)), included))
    if schema.format == "int32":
        ends.append((Decimal(2**31 - 1 if sign > 0 else 2**31), 1))
    return min(ends) if ends else None


def _by_form(one: Schema, other: Schema) -> str | None:
    if one.enum or "string" not in one.types:
        return None
    if other.format and not one.format:
        return f"text of any format (not {other.format})"
    if isinstance(other.keywords.get("pattern"), str) and "pattern" not in one.keywords:
        return "text of any pattern"
    return None

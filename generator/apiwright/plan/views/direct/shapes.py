"""Shapes: rows as JSON that PostgreSQL builds, and which views can be written that way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.operations import Load, View
from apiwright.ir.schemas import Direction, NamedSchema, Property, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import array_items, dropped, flat, properties, target
from apiwright.ir.storage import Column, ColumnType, Entity, ManyToMany, Relation, ToMany, ToOne
from apiwright.understand.views import column_for, shown_by

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}", re.ASCII)
# json_build_object takes a hundred arguments (PostgreSQL, section 9.16).
_MOST_NESTED = 50


class NotDirectError(Exception):
    """Something that PostgreSQL can't build as the contract wants it; the text says what."""


@dataclass(frozen=True, slots=True)
class PropertyView:
    """A property on the wire, and the expression of its value."""

    name: str
    value: Code


@dataclass(frozen=True, slots=True)
class ShapeView:
    """A function that gives the properties of a schema for a model, and what it needs."""

    function: Code
    constant: Code
    model: Code
    docstring: Code
    aliases: tuple[tuple[Code, Code], ...]
    properties: tuple[PropertyView, ...]
    strip: bool
    options: Code
    needs: tuple[str, ...]
    names: frozenset[str]


def shape_function(schema: str, service: Service) -> Code:
    """The name of the function for a schema."""
    class_name = service.schemas[schema].class_name
    return ident(f"{names.snake(class_name).strip('_')}_shape")


def view_constant(schema: str, service: Service) -> Code:
    """The name of the constant that shows rows as a schema."""
    class_name = service.schemas[schema].class_name
    return ident(f"{names.snake(class_name).upper().strip('_')}_VIEW")


class Shapes:
    """The shapes of views, made when they are asked for; each is made once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[tuple[str, str], ShapeView | NotDirectError] = {}

    def of(self, view: View) -> ShapeView:
        """The shape of `view`; raises NotDirectError for one that PostgreSQL can't build."""
        return self._shape(view.schema, view.entity, view.loads)

    def needed(self, shown: Iterable[ShapeView]) -> tuple[ShapeView, ...]:
        """Shapes, and those that they are made of."""
        known = {str(s.function): s for s in self._known.values() if isinstance(s, ShapeView)}
        found: dict[str, ShapeView] = {}
        waiting = list(shown)
        while waiting:
            shape = waiting.pop()
            found[shape.function] = shape
            waiting += [known[name] for name in shape.needs if name not in found]
        return tuple(found[name] for name in sorted(found))

    def _shape(self, schema: str, entity: str, loads: tuple[Load, ...]) -> ShapeView:
        key = (schema, entity)
        if key not in self._known:
            try:
                self._known[key] = self._made(schema, self._service.entities[entity], loads)
            except NotDirectError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, NotDirectError):
            raise known
        return known

    def _made(self, schema: str, entity: Entity, loads: tuple[Load, ...]) -> ShapeView:
        named = self._service.schemas
        whole = flat(named[schema].schema, named)
        if whole.any_of or whole.one_of:
            raise NotDirectError(f"{schema} has several forms")
        found: list[PropertyView] = []
        aliases: list[tuple[Code, Code]] = []
        needs: list[str] = []
        required_nulls, omitted = False, False
        inner = {load.attribute: load for load in loads}
        for name, prop in properties(named[schema].schema, named).items():
            if dropped(flat(prop.schema, named), Direction.RESPONSE):
                continue
            relation = shown_by(name, entity)
            column = column_for(name, entity)
            if relation is None and column is None:
                continue
            if not _NAME.fullmatch(name):
                raise NotDirectError(f"'{name}' is no name for PostgreSQL")
            nullable = column.nullable if column is not None else isinstance(relation, ToOne)
            nulls = "null" in flat(prop.schema, named).types
            omitted |= nullable and not prop.required and not nulls
            required_nulls |= nullable and (prop.required or nulls)
            if relation is not None:
                value = self._related(entity, relation, prop, name, aliases, needs, inner)
                required_nulls |= not _keys_only(relation, name)
            else:
                assert column is not None
                value = _value(column, prop.schema, named)
                required_nulls |= column.type is ColumnType.JSON
            found.append(PropertyView(name, value))
        if omitted and required_nulls:
            raise NotDirectError(f"{schema} leaves some nulls out and shows others")
        if not found:
            raise NotDirectError(f"{schema} shows nothing that is stored")
        return ShapeView(
            function=shape_function(schema, self._service),
            constant=view_constant(schema, self._service),
            model=compose("models.{}", ident(entity.class_name)),
            docstring=docstring(f"The properties of {named[schema].class_name}", 4),
            aliases=tuple(aliases),
            properties=tuple(found),
            strip=omitted,
            options=_options(entity, strip=omitted),
            needs=tuple(needs),
            names=frozenset(prop.name for prop in found),
        )

    def _related(
        self,
        owner: Entity,
        relation: Relation,
        prop: Property,
        name: str,
        aliases: list[tuple[Code, Code]],
        needs: list[str],
        loads: Mapping[str, Load],
    ) -> Code:
        entity = self._service.entities[relation.target]
        key = ident(entity.key_column.attribute)
        alias = ident(f"of_{names.attribute(name).strip('_')}")
        own = compose("row.{}", ident(owner.key_column.attribute))
        links = constant("")
        if isinstance(relation, ManyToMany):
            links = compose("links({}).c", literal(relation.table))
            if _keys_only(relation, name):
                column = compose("{}[{}]", links, literal(relation.target_column))
                inner = compose("many({}, {})", column, column)
                condition = compose("{}[{}] == {}", links, literal(relation.column), own)
                return compose(
                    "select({}).where({}).correlate(row).scalar_subquery()", inner, condition
                )
        shape = self._inner(prop.schema, relation.target, loads[relation.attribute])
        aliases.append((alias, compose("models.{}", ident(entity.class_name))))
        needs.append(shape.function)
        shown = compose("nested({}({}))", shape.function, alias)
        of_key = compose("{}.{}", alias, key)
        if isinstance(relation, ToOne):
            column = ident(owner.column(relation.column).attribute)
            condition = compose("{} == row.{}", of_key, column)
            return compose(
                "select({}).where({}).correlate(row).scalar_subquery()", shown, condition
            )
        listed = compose("many({}, {})", shown, of_key)
        if isinstance(relation, ToMany):
            column = ident(entity.column(relation.target_column).attribute)
            condition = compose("{}.{} == {}", alias, column, own)
            return compose(
                "select({}).where({}).correlate(row).scalar_subquery()", listed, condition
            )
        condition = joined(
            [
                compose("{}[{}] == {}", links, literal(relation.column), own),
                compose("{}[{}] == {}", links, literal(relation.target_column), of_key),
            ]
        )
        return compose("select({}).where({}).correlate(row).scalar_subquery()", listed, condition)

    def _inner(self, schema: Schema, entity: str, load: Load) -> ShapeView:
        named = self._service.schemas
        items = array_items(schema, named)
        name = target(schema)
        if not (name in named and flat(schema, named).properties) and items is not None:
            name = target(items)
        shape = self._shape(name, entity, load.loads)
        if shape.strip:
            raise NotDirectError(f"{name} leaves nulls out within another object")
        if len(shape.properties) > _MOST_NESTED:
            raise NotDirectError(f"{name} has more than {_MOST_NESTED} properties")
        return shape


def _options(entity: Entity, *, strip: bool) -> Code:
    """The further arguments of a view."""
    parts = [constant(", strip=True")] if strip else []
    if entity.version is not None:
        parts.append(compose(", version={}", literal(entity.version.attribute)))
    return joined(parts, "")


def _keys_only(relation: Relation, name: str) -> bool:
    return isinstance(relation, ManyToMany) and relation.ids_property == name


def _value(column: Column, schema: Schema, named: Mapping[str, NamedSchema]) -> Code:
    """The expression of a column, in the format that the contract has for it."""
    as_text = column.type is ColumnType.DECIMAL and _is_text(schema, column, named)
    return column_value(column, as_text=as_text)


def column_value(column: Column, *, as_text: bool) -> Code:
    """The expression of a column in JSON; raises NotDirectError for one that there is none for.

    A decimal is a number, or `as_text`.
    """
    attribute = compose("row.{}", ident(column.attribute))
    if column.type is ColumnType.BYTES:
        if column.array:
            raise NotDirectError(f"'{column.property}' is a list of bytes")
        return compose("base64({})", attribute)
    if column.stored_as == "timestamp":
        return compose("in_utc({})", attribute)
    if as_text and column.type is ColumnType.DECIMAL:
        kind = constant("ARRAY(Text())" if column.array else "Text()")
        return compose("cast({}, {})", attribute, kind)
    return attribute


def _is_text(schema: Schema, column: Column, named: Mapping[str, NamedSchema]) -> bool:
    whole = flat(schema, named)
    if column.array and whole.items is not None:
        whole = flat(whole.items, named)
    return "string" in whole.types

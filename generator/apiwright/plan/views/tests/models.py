"""Tests of the tables: what the database refuses, whoever sends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from apiwright import names
from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.schemas import Json
from apiwright.ir.storage import Column, ColumnType, Entity, Fill, OnDelete
from apiwright.plan.views.seeds import needed_references
from apiwright.plan.views.tests.bounds import refusals
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.sign_in import absent_key

_LONG = 60


@dataclass(frozen=True, slots=True)
class RefusedView:
    """A value that a column refuses, and the constraint that says so."""

    factory: Code
    attribute: str
    value: Code
    constraint: str


@dataclass(frozen=True, slots=True)
class NeededView:
    """A column that is never null."""

    factory: Code
    attribute: str
    column: str


@dataclass(frozen=True, slots=True)
class AlikeView:
    """Attributes in which no two rows agree, and the index that says so.

    `fold` tells that upper and lower case make no difference.
    """

    factory: Code
    attributes: tuple[str, ...]
    fold: bool
    constraint: str


@dataclass(frozen=True, slots=True)
class PointerView:
    """A foreign key: `arguments` are those of its entry in the test."""

    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ModelTestsView:
    """What the database refuses; pointers by what deleting their targets does."""

    refused: tuple[RefusedView, ...]
    needed: tuple[NeededView, ...]
    alike: tuple[AlikeView, ...]
    pointers: tuple[PointerView, ...]
    restricts: bool
    cascades: bool
    empties: bool


def model_tests_view(kit: Kit, called: Mapping[str, str]) -> ModelTestsView | None:
    """The rules that rows can be made for; None if there are none.

    `called` are the names that rules have in the database where those are others; a rule that is
    not there has none.
    """
    entities = [e for e in kit.service.entities.values() if kit.rows.can_make(e.name)]
    pointers = [
        (e, column)
        for e in entities
        for column in e.columns
        if _points(kit, column) and called.get(_key_name(kit, e, column), "x")
    ]
    ends = {column.reference.on_delete for _, column in pointers if column.reference is not None}
    view = ModelTestsView(
        refused=tuple(
            _known(found, called)
            for entity in entities
            for found in _refused(kit, entity)
            if called.get(found.constraint, "x")
        ),
        needed=tuple(found for entity in entities for found in _needed(kit, entity)),
        alike=tuple(
            _known(found, called)
            for entity in entities
            for found in _alike(kit, entity)
            if called.get(found.constraint, "x")
        ),
        pointers=tuple(_pointer(kit, entity, column, called) for entity, column in pointers),
        restricts=OnDelete.RESTRICT in ends,
        cascades=OnDelete.CASCADE in ends,
        empties=OnDelete.SET_NULL in ends,
    )
    return view if view.refused or view.needed or view.alike or view.pointers else None


Rule = TypeVar("Rule", RefusedView, AlikeView)


def _known(rule: Rule, called: Mapping[str, str]) -> Rule:
    """A rule under the name that the database has for it."""
    return replace(rule, constraint=called.get(rule.constraint, rule.constraint))


def _refused(kit: Kit, entity: Entity) -> Iterator[RefusedView]:
    for column in entity.columns:
        # Rows that are made with others of their tenant have those break the rule first.
        follows = column.fill is Fill.TENANT and (needed_references(entity) or entity.relations)
        if column.reference is not None or follows:
            continue
        for found in refusals(column, entity):
            yield RefusedView(
                kit.rows.factory(entity.name),
                column.attribute,
                _shortened(found.value),
                found.constraint,
            )


_FILLED = frozenset({Fill.CREATED, Fill.UPDATED, Fill.DATABASE, Fill.VERSION})


def _needed(kit: Kit, entity: Entity) -> Iterator[NeededView]:
    """Columns that are never null, where nothing else gives them a value."""
    for column in entity.columns:
        filled = column.default or column.fill in _FILLED
        # Null in a column of JSON is JSON's own null, which is a value.
        if column.nullable or filled or column.type is ColumnType.JSON or column.name == entity.key:
            continue
        yield NeededView(kit.rows.factory(entity.name), column.attribute, column.name)


def _alike(kit: Kit, entity: Entity) -> Iterator[AlikeView]:
    for rule in entity.uniques:
        columns = [entity.column(name) for name in rule.columns]
        if not all(kit.rows.has_value(column, entity) for column in columns):
            continue
        fold = rule.ignore_case and not any(c.enum or c.bounds.pattern for c in columns)
        attributes = tuple(column.attribute for column in columns)
        yield AlikeView(kit.rows.factory(entity.name), attributes, fold, rule.name)


def _points(kit: Kit, column: Column) -> bool:
    """Whether tests can look at a foreign key; rows are tied to tenants in many ways."""
    if column.fill is Fill.TENANT:
        return False
    return column.reference is not None and kit.rows.can_make(column.reference.entity)


def _key_name(kit: Kit, entity: Entity, column: Column) -> str:
    assert column.reference is not None
    target = kit.service.entities[column.reference.entity]
    return names.sql(f"fk_{entity.table}_{column.name}_{target.table}")


def _pointer(kit: Kit, entity: Entity, column: Column, called: Mapping[str, str]) -> PointerView:
    assert column.reference is not None
    target = kit.service.entities[column.reference.entity]
    given, whole = kit.rows.argument(column)
    constraint = _key_name(kit, entity, column)
    constraint = called.get(constraint, constraint)
    arguments = [
        compose("factories.{}", kit.rows.factory(entity.name)),
        compose("models.{}.{}", ident(entity.class_name), ident(entity.key_column.attribute)),
        compose("models.{}.{}", ident(entity.class_name), ident(column.attribute)),
        compose("factories.{}", kit.rows.factory(target.name)),
        compose("models.{}.{}", ident(target.class_name), ident(target.key_column.attribute)),
        literal(given),
        absent_key(column),
        literal(constraint),
        literal(column.reference.on_delete.value),
    ]
    return PointerView((*arguments, *([] if whole else [constant("whole=False")])))


def _shortened(value: Json) -> Code:
    """A value as code; a text that is only long is told by its length."""
    if isinstance(value, str) and len(value) > _LONG:
        return compose("{} * {}", literal(value[0]), literal(len(value)))
    return literal(value)

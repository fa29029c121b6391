"""Models of SQLAlchemy: a class for each entity."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, constant, docstring, ident, joined, label, literal
from apiwright.ir.service import Service
from apiwright.ir.storage import (
    Column,
    ColumnType,
    Entity,
    Fill,
    ManyToMany,
    Relation,
    ToMany,
    ToOne,
)
from apiwright.plan.storage.sql import name_quoted
from apiwright.plan.storage.tables import ForeignKey, Table, TableColumn, TableIndex
from apiwright.plan.storage.types import INFERRED, NAIVE, annotation, python_type, sqlalchemy_type
from apiwright.plan.views.api_keys import ShownKeyView, shown_key_view


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: its attribute, type and definition."""

    attribute: Code
    annotation: Code
    definition: Code


@dataclass(frozen=True, slots=True)
class RelationView:
    """A relationship."""

    attribute: Code
    annotation: Code
    arguments: Code


@dataclass(frozen=True, slots=True)
class KeyListView:
    """A property that lists the keys of related rows."""

    attribute: Code
    relation: Code
    key: Code
    key_type: Code


@dataclass(frozen=True, slots=True)
class LinkTableView:
    """A table of pairs, defined beside the first of the two models."""

    variable: Code
    table: str
    columns: tuple[Code, ...]
    indexes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ModelView:
    """The model of an entity."""

    class_name: Code
    table: str
    table_label: Code
    docstring: Code
    table_args: tuple[Code, ...]
    columns: tuple[ColumnView, ...]
    relations: tuple[RelationView, ...]
    key_lists: tuple[KeyListView, ...]
    link_tables: tuple[LinkTableView, ...]
    type_imports: tuple[Code, ...]
    version: Code
    uses_json: bool
    own_types: bool
    shown_key: ShownKeyView | None


def model_view(entity: Entity, service: Service, tables: dict[str, Table]) -> ModelView:
    """The model of `entity`."""
    table = tables[entity.table]
    links = [r for r in entity.relations if isinstance(r, ManyToMany)]
    others = sorted({r.target for r in entity.relations if r.target != entity.name})
    return ModelView(
        class_name=ident(entity.class_name),
        table=entity.table,
        table_label=label(entity.table),
        docstring=docstring(entity.description or f"A row of the table {entity.table}"),
        table_args=tuple(_table_args(table)),
        columns=tuple(_column(column, table) for column in entity.columns),
        relations=tuple(_relation(r, entity, service) for r in entity.relations),
        key_lists=tuple(_key_list(link, service) for link in links if link.ids_property),
        link_tables=tuple(
            _link_table(link, tables) for link in links if _defines(link, entity, service)
        ),
        type_imports=tuple(
            compose(
                "from app.models.{} import {}",
                ident(service.entities[name].module),
                ident(service.entities[name].class_name),
            )
            for name in others
        ),
        version=ident(entity.version.attribute) if entity.version is not None else constant(""),
        uses_json=any(column.type.value == "json" for column in entity.columns),
        own_types=any(needs_own_type(column) for column in entity.columns),
        shown_key=shown_key_view(entity, service),
    )


def _defines(link: ManyToMany, entity: Entity, service: Service) -> bool:
    """Whether the table of pairs is defined in this model's module: in the first one's."""
    sides = [
        other.name
        for other in service.entities.values()
        if any(isinstance(r, ManyToMany) and r.table == link.table for r in other.relations)
    ]
    return sides[0] == entity.name


def _table_args(table: Table) -> list[Code]:
    checks = [
        compose(
            "CheckConstraint({}, name={})", literal(_escaped(check.condition)), literal(check.name)
        )
        for check in table.checks
    ]
    return checks + [index_code(index) for index in table.indexes if not index.retained]


def _escaped(condition: str) -> str:
    """SQL for `text()`, in which a colon would begin a parameter."""
    return condition.replace(":", "\\:")


def index_code(index: TableIndex) -> Code:
    """An Index."""
    if index.expression:
        parts = [compose("text({})", literal(_escaped(part))) for part in index.parts]
    else:
        parts = [literal(part) for part in index.parts]
    arguments = [literal(index.name), *parts]
    if index.unique:
        arguments.append(constant("unique=True"))
    if index.method != "btree":
        arguments.append(compose("postgresql_using={}", literal(index.method)))
    if index.where:
        arguments.append(compose("postgresql_where=text({})", literal(_escaped(index.where))))
    return compose("Index({})", joined(arguments))


def _column(column: Column, table: Table) -> ColumnView:
    stored = table.column(column.name)
    if stored is None:
        raise KeyError(column.name)
    arguments: list[Code] = []
    if column.name != column.attribute:
        arguments.append(literal(column.name))
    found = table.found.column(column.name) if table.found is not None else None
    if stored.type not in INFERRED:
        arguments.append(_type(stored))
    arguments += [foreign_key_code(k) for k in table.foreign_keys if k.column == column.name]
    if stored.identity:
        arguments.append(constant("Identity()"))
    if table.key == (column.name,):
        arguments.append(constant("primary_key=True"))
    if column.type is ColumnType.JSON and stored.nullable:
        arguments.append(constant("nullable=True"))
    if stored.default:
        # A column that was there before may lack the default: then each statement says it.
        word = "server_default" if found is None or found.default else "default"
        arguments.append(compose("{}={}", constant(word), _default(stored)))
    elif column.fill is Fill.DATABASE:
        arguments.append(constant("server_default=FetchedValue()"))
    if column.fill is Fill.UPDATED:
        arguments.append(constant("onupdate=func.now()"))
    if column.fill is Fill.VERSION:
        arguments.append(compose("onupdate=text({})", literal(f"{name_quoted(column.name)} + 1")))
    written = compose(" = mapped_column({})", joined(arguments)) if arguments else constant("")
    return ColumnView(ident(column.attribute), annotation(column), written)


def _type(stored: TableColumn) -> Code:
    if stored.type == NAIVE:
        return constant("NaiveTimestamp()")
    return constant("Json()") if stored.type == "jsonb" else sqlalchemy_type(stored.type)


def needs_own_type(column: Column) -> bool:
    """Whether a column needs a type of SQLAlchemy that is made for it."""
    return column.stored_as == "timestamp" or bool(column.enum_type)


def _default(stored: TableColumn) -> Code:
    functions = {"now()": "func.now()", "gen_random_uuid()": "func.gen_random_uuid()"}
    if stored.default in functions:
        return constant(functions[stored.default])
    return compose("text({})", literal(_escaped(stored.default)))


def foreign_key_code(key: ForeignKey) -> Code:
    """A ForeignKey."""
    rule = "" if key.on_delete == "RESTRICT" else key.on_delete
    arguments = [literal(f"{key.table}.{key.target}"), compose("name={}", literal(key.name))]
    arguments.append(compose("ondelete={}", literal(rule or "RESTRICT")))
    return compose("ForeignKey({})", joined(arguments))


def _relation(relation: Relation, entity: Entity, service: Service) -> RelationView:
    target = service.entities[relation.target]
    own, other = ident(entity.class_name), ident(target.class_name)
    arguments: list[Code] = []
    if isinstance(relation, ToOne):
        kind = compose("{} | None", other) if entity.column(relation.column).nullable else other
        attribute = ident(entity.column(relation.column).attribute)
        arguments.append(compose("foreign_keys={}", attribute))
    elif isinstance(relation, ToMany):
        kind = compose("list[{}]", other)
        foreign = ident(target.column(relation.target_column).attribute)
        arguments.append(constant(f'foreign_keys="{other}.{foreign}"'))
        arguments.append(constant(f'order_by="{other}.{target.key_column.attribute}"'))
    else:
        kind = compose("list[{}]", other)
        arguments.append(compose("secondary={}", literal(relation.table)))
        arguments.append(constant(f'order_by="{other}.{target.key_column.attribute}"'))
        if relation.target == entity.name:
            key, pairs = ident(entity.key_column.attribute), _variable(relation.table)
            for side, column in (
                (constant("primaryjoin"), relation.column),
                (constant("secondaryjoin"), relation.target_column),
            ):
                condition = compose("{}.{} == {}.c[{}]", own, key, pairs, literal(column))
                arguments.append(compose("{}=lambda: {}", side, condition))
    arguments.append(constant('lazy="raise"'))
    if isinstance(relation, ToMany) or _is_mirrored(relation, service):
        arguments.append(constant("viewonly=True"))
    return RelationView(ident(relation.attribute), kind, joined(arguments))


def _is_mirrored(relation: Relation, service: Service) -> bool:
    """Whether the other side writes these pairs: this one lists no keys to be written."""
    if not isinstance(relation, ManyToMany) or relation.ids_property:
        return isinstance(relation, ToOne)
    target = service.entities[relation.target]
    return any(
        isinstance(r, ManyToMany) and r.table == relation.table and r.ids_property
        for r in target.relations
    )


def _key_list(link: ManyToMany, service: Service) -> KeyListView:
    target = service.entities[link.target]
    return KeyListView(
        attribute=ident(names.attribute(link.ids_property)),
        relation=ident(link.attribute),
        key=ident(target.key_column.attribute),
        key_type=python_type(target.key_column),
    )


def _variable(table: str) -> Code:
    return ident(table.upper())


def _link_table(link: ManyToMany, tables: dict[str, Table]) -> LinkTableView:
    table = tables[link.table]
    columns = []
    for column in table.columns:
        key = next(k for k in table.foreign_keys if k.column == column.name)
        columns.append(
            compose(
                "Column({}, {}, {}, primary_key=True)",
                literal(column.name),
                sqlalchemy_type(column.type),
                foreign_key_code(key),
            )
        )
    return LinkTableView(
        variable=_variable(link.table),
        table=link.table,
        columns=tuple(columns),
        indexes=tuple(index_code(index) for index in table.indexes),
    )

"""What a method stores: the values of a body, what path and caller give, and links."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.operations import (
    CreateAction,
    LinkWrite,
    Operation,
    RowAction,
    Rows,
    RowVerb,
    Write,
)
from apiwright.ir.schemas import Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import properties, takes_null
from apiwright.ir.storage import Column, ColumnType, Entity, Fill
from apiwright.plan.models.document import has_default
from apiwright.plan.views.services.known import linked
from apiwright.plan.views.services.methods import Assignment, Exchange
from apiwright.understand.exchange import body_content


def stored_values(
    operation: Operation, entity: Entity, writes: tuple[Write, ...], service: Service
) -> Iterator[tuple[Column, Code]]:
    """The columns that a body fills, each with the code of its value."""
    yield from values_of(constant("body"), _body_schema(operation), entity, writes, service)


def values_of(
    variable: Code,
    schema: Schema | None,
    entity: Entity,
    writes: tuple[Write, ...],
    service: Service,
) -> Iterator[tuple[Column, Code]]:
    """The columns that an object fills, each with the code of its value.

    `variable` is what the object is called, `schema` what it is like.
    """
    optional = _left_out(schema, service)
    for write in writes:
        column = entity.column(write.column)
        value = compose("{}.{}", variable, ident(write.attribute))
        yield column, _stored(column, value, write.attribute in optional)


def writes_of(
    operation: Operation, entity: Entity, writes: tuple[Write, ...], service: Service
) -> Iterator[Assignment]:
    """The attributes that a body fills; an API key gets no scopes that its maker hasn't."""
    keys = service.api_keys
    for column, value in stored_values(operation, entity, writes, service):
        scopes = keys is not None and (entity.name, column.name) == (keys.entity, keys.scopes)
        passed = compose("self.passed_on({})", value) if scopes else value
        yield Assignment(ident(column.attribute), passed)


def links_of(
    entity: Entity, links: tuple[LinkWrite, ...], service: Service
) -> Iterator[Assignment]:
    """The relations that a body fills by lists of keys."""
    for link in links:
        relation = linked(entity, link)
        target = service.entities[relation.target]
        found = compose(
            "await self.{}.get_all(body.{} or [], {})",
            ident(target.plural),
            ident(link.attribute),
            literal(relation.ids_property),
        )
        yield Assignment(ident(relation.attribute), found)


def given(rows: Rows, entity: Entity, service: Service) -> Iterator[Assignment]:
    """What a new row gets from the path, and its owner."""
    for parent in rows.parents:
        yield Assignment(ident(entity.column(parent.column).attribute), ident(parent.attribute))
    identity = service.identity
    if entity.owner is None or identity is None:
        return
    owner = entity.column(entity.owner.column)
    if owner.fill is Fill.OWNER:
        key = compose("self.caller.account.{}", ident(identity.key_column.attribute))
        yield Assignment(ident(owner.attribute), key)


def given_to_key(action: CreateAction, entity: Entity, service: Service) -> Iterator[Assignment]:
    """The key that a row is made for, and its scopes where no body lists them."""
    keys = service.api_keys
    if keys is None or not action.issues:
        return
    yield Assignment(ident(keys.shown), constant("new_key()"))
    if all(write.column != keys.scopes for write in action.writes):
        scopes = ident(entity.column(keys.scopes).attribute)
        yield Assignment(scopes, constant("self.passed_on(None)"))


def exchanges(
    operation: Operation, entity: Entity, action: RowAction, service: Service
) -> Iterator[Exchange]:
    """What a partial change has to treat apart: hashes, lists of keys, other names."""
    if action.verb is not RowVerb.UPDATE:
        return
    nullable = _nullable(operation, service)
    for write in action.writes:
        column = entity.column(write.column)
        sent = literal(write.attribute)
        taken = compose("changes.pop({})", sent)
        if column.hashed:
            if write.attribute in nullable:
                value = _hashed(constant("given"), compose("(given := {})", taken))
            else:
                value = _hashed(taken)
            yield Exchange(sent, literal(column.attribute), value)
        elif write.attribute != column.attribute:
            yield Exchange(sent, literal(column.attribute), taken)
    for link in action.links:
        relation = linked(entity, link)
        target = service.entities[relation.target]
        sent = literal(link.attribute)
        value = compose(
            "await self.{}.get_all(changes.pop({}), {})",
            ident(target.plural),
            sent,
            literal(relation.ids_property),
        )
        yield Exchange(sent, literal(relation.attribute), value)


def _body_schema(operation: Operation) -> Schema | None:
    content = body_content(operation)
    return content.schema if content is not None else None


def _left_out(schema: Schema | None, service: Service) -> frozenset[str]:
    """The attributes of an object that may be None because they were left out."""
    if schema is None:
        return frozenset()
    return frozenset(
        prop.attribute
        for prop in properties(schema, service.schemas).values()
        if not prop.required and not has_default(prop.schema, service.schemas)
    )


def _nullable(operation: Operation, service: Service) -> frozenset[str]:
    """The attributes of the body that a client may set to null."""
    schema = _body_schema(operation)
    if schema is None:
        return frozenset()
    return frozenset(
        prop.attribute
        for prop in properties(schema, service.schemas).values()
        if takes_null(prop.schema, service.schemas)
    )


def _hashed(value: Code, given: Code | None = None) -> Code:
    """The hash of a password; None where `given`, which tells whether there is one, is None."""
    hashed = compose("await self.context.passwords.hash({})", value)
    return hashed if given is None else compose("{} if {} is not None else None", hashed, given)


def _stored(column: Column, value: Code, optional: bool) -> Code:
    """The value of a column from the attribute of a body."""
    if column.hashed:
        return _hashed(value, value if optional else None)
    if optional and column.default and not column.nullable:
        default = literal(column.default[0])
        if column.type is ColumnType.DECIMAL:
            default = compose("Decimal({})", literal(str(column.default[0])))
        return compose("{} if {} is None else {}", default, value, value)
    return value

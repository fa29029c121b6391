"""The audit trail: which columns of which rows are kept in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apiwright.code import Code, compose, ident, joined, literal
from apiwright.ir.schemas import Direction
from apiwright.ir.service import Service
from apiwright.ir.shapes import dropped, flat, properties
from apiwright.ir.storage import Column, Entity, ManyToMany

_SECRET = re.compile(
    r"passw|passphrase|passcode|secret|token|credential|private_?key|api_?key|otp|(^|_)(pin|cvv|cvc|ssn)(_|$)"
)


@dataclass(frozen=True, slots=True)
class AuditedView:
    """A model and what is kept of its rows."""

    model: Code
    arguments: Code


def audited_views(service: Service) -> tuple[AuditedView, ...]:
    """The models whose rows are audited."""
    return tuple(_view(service.entities[name], service) for name in service.audited)


def audited_columns(entity: Entity, service: Service) -> tuple[Column, ...]:
    """The columns that may be shown to whoever reads the trail.

    Not what is hashed, not what clients may only write, not what is called like a secret. What no
    property stands for, such as the time of deletion, is the service's own.
    """
    shown = {
        name
        for name, prop in properties(service.schemas[entity.name].schema, service.schemas).items()
        if not dropped(flat(prop.schema, service.schemas), Direction.RESPONSE)
    }
    return tuple(
        column
        for column in entity.columns
        if not column.hashed and column.property in shown | {""} and not _SECRET.search(column.name)
    )


def _view(entity: Entity, service: Service) -> AuditedView:
    columns = tuple(column.attribute for column in audited_columns(entity, service))
    links = tuple(
        relation.attribute
        for relation in entity.relations
        if isinstance(relation, ManyToMany) and relation.ids_property
    )
    arguments = [literal(entity.table), literal(columns)]
    if links:
        arguments.append(compose("links={}", literal(links)))
    if entity.soft_delete:
        attribute = entity.column(entity.soft_delete).attribute
        arguments.append(compose("soft_delete={}", literal(attribute)))
    return AuditedView(ident(entity.class_name), joined(arguments))

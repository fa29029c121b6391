"""Tenants, as templates see them: what tells them apart, and what refers to their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, ident, joined
from apiwright.ir.service import Service
from apiwright.ir.storage import Column, Entity, Fill, ManyToMany
from apiwright.plan.storage.tables import Table
from apiwright.plan.storage.types import python_type


@dataclass(frozen=True, slots=True)
class TenantedView:
    """A table whose rows have a tenant; `is_tenant` where its rows are the tenants themselves."""

    model: Code
    column: Code
    table: str
    unless: str
    is_tenant: bool


@dataclass(frozen=True, slots=True)
class ReferenceView:
    """A foreign key to rows that have a tenant, and the constraint that keeps it."""

    column: Code
    key: Code
    tenant: Code
    constraint: str


@dataclass(frozen=True, slots=True)
class PairsView:
    """A many-to-many relation between rows that have tenants, and what clients call it."""

    relation: Code
    key: Code
    field: str


@dataclass(frozen=True, slots=True)
class TenancyView:
    """The tenants of a service."""

    kind: Code
    account: Code
    accounts: str
    tables: tuple[TenantedView, ...]
    themselves: Code
    references: tuple[ReferenceView, ...]
    pairs: tuple[PairsView, ...]


def tenancy_view(service: Service, tables: dict[str, Table]) -> TenancyView | None:
    """The view of the tenants; None where there are none."""
    identity = service.identity
    if identity is None or identity.tenant is None:
        return None
    tenanted = tuple(_tenanted(entity) for entity in service.entities.values() if entity.tenant)
    own = identity.column(identity.tenant.column)
    return TenancyView(
        kind=python_type(own),
        account=ident(own.attribute),
        accounts=identity.table,
        tables=tenanted,
        themselves=joined([known.model for known in tenanted if known.is_tenant]),
        references=tuple(_references(service, tables)),
        pairs=tuple(_pairs(service)),
    )


def tenant_column(entity: Entity) -> Column | None:
    """The column that a new row gets its tenant in; None where it has none, or is one itself."""
    if entity.tenant is None or entity.tenant.column == entity.key:
        return None
    return entity.column(entity.tenant.column)


def tenant_references(entity: Entity, service: Service) -> Iterator[tuple[Column, Entity]]:
    """The foreign keys that clients can point at rows of a tenant, with what they point at.

    Not that of the tenant itself, nor that of the owner: nobody chooses those.
    """
    for column in entity.columns:
        target = service.entities[column.reference.entity] if column.reference else None
        if target is not None and target.tenant and column.fill not in {Fill.TENANT, Fill.OWNER}:
            yield column, target


def _tenanted(entity: Entity) -> TenantedView:
    assert entity.tenant is not None
    return TenantedView(
        model=_model(entity),
        column=_attribute(entity, entity.tenant.column),
        table=entity.table,
        unless=entity.tenant.unless,
        is_tenant=entity.tenant.column == entity.key,
    )


def _references(service: Service, tables: dict[str, Table]) -> Iterator[ReferenceView]:
    for entity in service.entities.values():
        keys = {key.column: key.name for key in tables[entity.table].foreign_keys}
        for column, target in tenant_references(entity, service):
            assert target.tenant is not None
            yield ReferenceView(
                column=_attribute(entity, column.name),
                key=_attribute(target, target.key),
                tenant=_attribute(target, target.tenant.column),
                constraint=keys[column.name],
            )


def _pairs(service: Service) -> Iterator[PairsView]:
    for entity in service.entities.values():
        for relation in entity.relations:
            if not isinstance(relation, ManyToMany) or not relation.ids_property:
                continue
            target = service.entities[relation.target]
            if entity.tenant is not None and target.tenant is not None:
                yield PairsView(
                    relation=compose("{}.{}", _model(entity), ident(relation.attribute)),
                    key=_attribute(target, target.key),
                    field=relation.ids_property,
                )


def _model(entity: Entity) -> Code:
    return compose("models.{}", ident(entity.class_name))


def _attribute(entity: Entity, column: str) -> Code:
    return compose("{}.{}", _model(entity), ident(entity.column(column).attribute))

"""Tests of the walls between tenants: the tables that have them, and how rows of those are made."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, ident
from apiwright.ir.storage import Entity, ManyToMany
from apiwright.plan.views.tenancy import tenant_column
from apiwright.plan.views.tests.kit import Kit


@dataclass(frozen=True, slots=True)
class WallView:
    """A table whose rows have a tenant."""

    factory: Code
    model: Code
    column: Code


@dataclass(frozen=True, slots=True)
class PairsWallView:
    """A table of pairs, of which both ends have tenants; a new row at the one comes with a pair."""

    table: str
    factory: Code
    model: Code
    key: Code
    tenant: Code
    relation: Code
    column: str
    target: str


def pairs_walls_view(kit: Kit) -> tuple[PairsWallView, ...]:
    """The tables of pairs of which tests can make rows."""
    return tuple(
        PairsWallView(
            table=link.table,
            factory=kit.rows.factory(entity.name),
            model=ident(entity.class_name),
            key=ident(entity.key_column.attribute),
            tenant=ident(tenant.attribute),
            relation=ident(link.attribute),
            column=link.column,
            target=link.target_column,
        )
        for entity in kit.service.entities.values()
        for tenant in [tenant_column(entity)]
        for link in entity.relations
        if tenant is not None
        if isinstance(link, ManyToMany) and _ties_tenants(link, entity, kit)
    )


def _ties_tenants(link: ManyToMany, entity: Entity, kit: Kit) -> bool:
    """Whether the other end has a tenant too, and a new row comes with one there."""
    other = tenant_column(kit.service.entities[link.target])
    return bool(link.ids_property) and other is not None and kit.rows.linked(link, entity)


def walls_view(kit: Kit) -> tuple[WallView, ...]:
    """The tables with tenants of which tests can make rows; none where nobody can sign in."""
    identity = kit.service.identity
    if identity is None or not kit.people.known:
        return ()
    found = []
    for entity in kit.service.entities.values():
        column = tenant_column(entity)
        if column is not None and kit.rows.can_make(entity.name):
            factory = kit.rows.factory(entity.name)
            found.append(WallView(factory, ident(entity.class_name), ident(column.attribute)))
    return tuple(found)

"""Tests of the walls between tenants: the tables that have them, and how rows of those are made."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, ident
from apiwright.plan.views.tenancy import tenant_column
from apiwright.plan.views.tests import Kit


@dataclass(frozen=True, slots=True)
class WallView:
    """A table whose rows have a tenant."""

    factory: Code
    model: Code
    column: Code


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

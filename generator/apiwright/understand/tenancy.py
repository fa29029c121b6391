"""Tenants: which column says to which one a row belongs (`x-tenant`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apiwright.ir.policies.tenancy import Tenancy
from apiwright.ir.schemas import Schema
from apiwright.ir.storage import Column
from apiwright.load import Node

WORD = "x-tenant"


def names_tenant(whole: Schema) -> bool:
    """Whether a property says to which tenant a row belongs."""
    written = whole.extensions.get(WORD)
    return written is not None and written.value is not False


def tenancy_of(
    columns: Iterable[Column], words: Mapping[str, Mapping[str, Node]]
) -> Tenancy | None:
    """The column of an entity that says so, if there is one: its key, where rows are tenants."""
    for column in columns:
        written = words.get(column.property, {}).get(WORD)
        if written is not None and written.value is not False:
            return Tenancy(column.name, written.string("unless"))
    return None

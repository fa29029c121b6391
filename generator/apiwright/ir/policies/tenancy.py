"""Tenancy: whose rows are seen by whom, where one database serves several organizations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Rows belong to a tenant: the column that says which, and the scope that lifts the rule."""

    column: str
    unless: str = ""

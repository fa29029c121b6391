"""The roles of the contract, and the scopes that each of them grants."""

from __future__ import annotations

from collections.abc import Iterable

ROLES: dict[str, frozenset[str]] = {
    "member": frozenset(("profile", "items:write")),
    "admin": frozenset(("profile", "items:write", "items:admin", "users:admin")),
}


def granted(roles: Iterable[str]) -> frozenset[str]:
    """Every scope that one of `roles` grants; an unknown role grants nothing."""
    return frozenset(scope for role in roles for scope in ROLES.get(role, ()))

"""Operations that PostgreSQL answers by itself, as long as nobody overrides them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from app.direct import items_answers, users_answers
from app.direct.calls import Direct
from app.services import bindings, item_service, user_service
from app.services.base import Service

RESOURCES: tuple[tuple[type[Service], type[Service], Mapping[str, Direct]], ...] = (
    (bindings.UserService, user_service.UserService, users_answers.OPERATIONS),
    (bindings.ItemService, item_service.ItemService, items_answers.OPERATIONS),
)
"""The class that answers for each resource, the default one, and what it would answer directly."""

HELPERS = frozenset(
    name
    for name, value in vars(Service).items()
    if inspect.isfunction(value) or isinstance(value, property)
)
"""What every operation relies on: who overrides that has a say in all of them."""


def operations() -> list[Direct]:
    """The operations to answer directly."""
    return [
        direct
        for bound, default, found in RESOURCES
        if not _changes_helpers(bound, default)
        for name, direct in found.items()
        if getattr(bound, name) is getattr(default, name)
    ]


def _changes_helpers(bound: type[Service], default: type[Service]) -> bool:
    own = bound.__mro__[: bound.__mro__.index(default)]
    return any(name in HELPERS for kind in own for name in vars(kind))

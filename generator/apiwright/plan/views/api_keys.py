"""API keys as generated code keeps them."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, constant, ident, label
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity
from apiwright.plan.storage.types import python_type
from apiwright.plan.views.routers import key_scopes, needed_scopes

_SHOWN_DIGITS = 6
_LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class ApiKeysView:
    """The model of the keys, its attributes, and how keys look and travel.

    Attributes that a contract doesn't have are empty. `alone` tells that some operations take a
    key and no token.
    """

    class_name: Code
    key: Code
    key_type: Code
    shown: Code
    digest: Code
    owner: Code
    scopes: Code
    expires: Code
    last_used: Code
    soft_delete: Code
    header: str
    header_code: Code
    prefix: str
    alone: bool


@dataclass(frozen=True, slots=True)
class ShownKeyView:
    """What a row of keys does with the key that it is made for.

    `start` is the attribute that keeps its first `length` characters; empty for none.
    """

    attribute: Code
    digest: Code
    start: Code
    length: int


def api_keys_view(service: Service) -> ApiKeysView | None:
    """The keys of a service; None where it has none."""
    keys = service.api_keys
    if keys is None:
        return None
    entity = service.entities[keys.entity]
    operations = service.operations.values()
    return ApiKeysView(
        class_name=ident(entity.class_name),
        key=ident(entity.key_column.attribute),
        key_type=python_type(entity.key_column),
        shown=ident(keys.shown),
        digest=_attribute(entity, keys.digest),
        owner=_attribute(entity, keys.owner),
        scopes=_attribute(entity, keys.scopes),
        expires=_attribute(entity, keys.expires),
        last_used=_attribute(entity, keys.last_used),
        soft_delete=_attribute(entity, entity.soft_delete),
        header=keys.header,
        header_code=label(keys.header),
        prefix=_prefix(service),
        alone=any(
            not operation.public
            and key_scopes(operation, service) is not None
            and needed_scopes(operation, service) is None
            for operation in operations
        ),
    )


def shown_key_view(entity: Entity, service: Service) -> ShownKeyView | None:
    """What rows of an entity do with keys; None for one that holds no keys."""
    keys = service.api_keys
    if keys is None or keys.entity != entity.name:
        return None
    length = len(_prefix(service)) + _SHOWN_DIGITS
    most = entity.column(keys.start).bounds.max_length if keys.start else None
    return ShownKeyView(
        attribute=ident(keys.shown),
        digest=_attribute(entity, keys.digest),
        start=_attribute(entity, keys.start),
        length=length if most is None else min(length, most),
    )


def _attribute(entity: Entity, column: str) -> Code:
    return ident(entity.column(column).attribute) if column else constant("")


def _prefix(service: Service) -> str:
    """What all keys begin with, so that people and scanners know one where they see it."""
    return names.snake(service.title, "service")[:_LONGEST_NAME].strip("_") + "_"

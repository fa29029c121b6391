"""Kept answers: the policies of operations, and what ends what they keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction
from apiwright.ir.policies.caching import Caching
from apiwright.ir.service import Service
from apiwright.plan.views.service import service_slug
from apiwright.understand.caching import ended_with


@dataclass(frozen=True, slots=True)
class KeptView:
    """An operation whose answers are kept."""

    name: Code
    operation: str
    seconds: int
    public: bool
    vary: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CachingView:
    """All that is kept, the tables that it is made of, and those that end with rows of others."""

    kept: tuple[KeptView, ...]
    watched: list[str]
    ended_with: dict[str, tuple[str, ...]]
    prefix: str


def caching_view(service: Service) -> CachingView:
    """The view of the answers that a service keeps."""
    kept = [(o, o.caching) for o in service.operations.values() if o.caching is not None]
    tables = [entity.table for entity in service.entities.values()]
    return CachingView(
        kept=tuple(_kept(operation, caching) for operation, caching in kept),
        watched=sorted({table for _, caching in kept for table in caching.tables}),
        ended_with={table: ended_with(table, service.entities) for table in sorted(tables)},
        # In braces: a cluster keeps all of these keys in one place.
        prefix=f"{{{service_slug(service)}:cache}}",
    )


def policy(operation: Operation) -> Code:
    """The constant that says how answers of an operation are kept."""
    return compose("policies.{}", ident(operation.name.upper().strip("_")))


def direct_options(
    operation: Operation, service: Service, binders: tuple[Code, ...]
) -> Iterator[Code]:
    """What a direct operation has to know of kept answers: its own, and those that it ends."""
    watched = {
        table for o in service.operations.values() if o.caching for table in o.caching.tables
    }
    action = operation.action
    writes = isinstance(action, CreateAction | RowAction) and operation.method != "get"
    if writes and isinstance(action, CreateAction | RowAction):
        table = service.entities[action.entity].table
        if table in watched:
            yield compose("touches=frozenset({{{}}})", literal(table))
    if operation.caching is not None and isinstance(action, ListAction | RowAction):
        yield compose("kept={}", policy(operation))
        if binders:
            yield compose("asked=({},)", joined(list(binders)))


def _kept(operation: Operation, caching: Caching) -> KeptView:
    return KeptView(
        name=ident(operation.name.upper().strip("_")),
        operation=operation.id,
        seconds=caching.seconds,
        public=caching.public,
        vary=caching.vary,
        tables=caching.tables,
    )


def asked_values(call: Code) -> Code:
    """The arguments of a handler that tell answers apart, after a comma."""
    return compose(", {}", call) if call else constant("")

"""Operations that go away, with the headers that tell clients so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from apiwright.code import Code, compose, literal
from apiwright.ir.operations import Operation
from apiwright.ir.service import Service
from apiwright.plan.views.routers import route_path


@dataclass(frozen=True, slots=True)
class DeprecationView:
    """A deprecated operation: its method, its route, and its headers as pairs of bytes."""

    method: Code
    path: Code
    headers: tuple[tuple[Code, Code], ...]


def deprecations(services: Iterable[Service]) -> tuple[DeprecationView, ...]:
    """Every deprecated operation of every version, in the order of the contracts."""
    return tuple(
        DeprecationView(
            literal(operation.method.upper()),
            literal(f"{service.base_path}{route_path(operation)}"),
            tuple((_bytes(name), _bytes(value)) for name, value in _headers(operation)),
        )
        for service in services
        for operation in service.operations.values()
        if operation.deprecated
    )


def _headers(operation: Operation) -> list[tuple[str, str]]:
    # RFC 9745 wants a moment; whoever names none says that it has passed.
    since = operation.deprecated_since
    headers = [("deprecation", f"@{int(_moment(since).timestamp()) if since else 0}")]
    if operation.sunset is not None:
        headers.append(("sunset", format_datetime(_moment(operation.sunset), usegmt=True)))
    return headers


def _bytes(text: str) -> Code:
    return compose("b{}", literal(text))


def _moment(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)

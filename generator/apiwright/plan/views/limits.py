"""Limits as generated code keeps them: each once, and which operations have which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.policies.limits import Limit, Per
from apiwright.ir.service import Service


@dataclass(frozen=True, slots=True)
class LimitView:
    """A limit: the name of its constant, and what makes it."""

    constant: Code
    arguments: Code


@dataclass(frozen=True, slots=True)
class LimitsView:
    """The limits of a service; `operations` are pairs of an operation id and its limits."""

    limits: tuple[LimitView, ...]
    operations: tuple[tuple[Code, Code], ...]


def limits_view(service: Service) -> LimitsView:
    """The limits of all operations, in the order of the contract."""
    known = {limit.name: limit for limits in service.limits.values() for limit in limits}
    constants = names.distinct((name, names.snake(name, "limit").upper()) for name in known)
    return LimitsView(
        limits=tuple(
            LimitView(ident(constants[name]), _arguments(limit, service))
            for name, limit in known.items()
        ),
        operations=tuple(
            (literal(operation), _tuple(ident(constants[limit.name]) for limit in limits))
            for operation, limits in service.limits.items()
        ),
    )


def _tuple(parts: Iterable[Code]) -> Code:
    found = list(parts)
    return compose("({},)", *found) if len(found) == 1 else compose("({})", joined(found))


def _arguments(limit: Limit, service: Service) -> Code:
    numbers = compose(
        "{}, {}, {}, {}",
        literal(limit.name),
        literal(limit.quota),
        literal(limit.window),
        literal(limit.burst),
    )
    if service.identity is None:
        return numbers
    # Where there are no keys, the account stands in for its key.
    per = Per.USER if limit.per is Per.KEY and service.api_keys is None else limit.per
    return compose("{}, {}", numbers, constant(f"Per.{per.name}"))

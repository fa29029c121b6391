"""Measuring a service that runs: one load for each of its public operations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from apiwright.bench.measure import MeasureError, exchange, look, put
from apiwright.bench.plan import Load
from apiwright.bench.targets import LeftOut, Target, targets
from apiwright.ir.schemas import Json
from apiwright.ir.service import Service


@dataclass(frozen=True, slots=True)
class Effort:
    """How much load: so many connections, for so long."""

    connections: int
    seconds: float
    warm_up: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of the load on one operation.

    Requests a second; milliseconds; microseconds of the service's CPU time for each request; the
    bytes of memory that the service holds afterwards.
    """

    operation: str
    path: str
    rate: float
    p50: float
    p95: float
    p99: float
    cpu: float
    memory: int
    errors: dict[str, int]


def bench(
    service: Service, address: str, pid: int, effort: Effort, names: frozenset[str] = frozenset()
) -> Iterator[Figures | LeftOut]:
    """Put a load on each public GET operation of the service that answers at `address`.

    `pid` is its process. `names` limits the operations, by their ids; empty, it does not.
    """
    for target in targets(service, lambda path: _ask(address + path)):
        if names and target.operation not in names:
            continue
        if isinstance(target, LeftOut):
            yield target
            continue
        try:
            yield _figures(target, address, pid, effort)
        except MeasureError as error:
            yield LeftOut(target.operation, str(error))


def _figures(target: Target, address: str, pid: int, effort: Effort) -> Figures:
    parts = urlsplit(address)
    outcome = put(
        Load(
            host=parts.hostname or "",
            port=parts.port or 80,
            exchanges=tuple(exchange(address + path) for path in target.paths),
            connections=effort.connections,
            seconds=effort.seconds,
            warm_up=effort.warm_up,
            watched={"service": pid},
        )
    )
    return Figures(
        operation=target.operation,
        path=target.template,
        rate=outcome.rate,
        p50=outcome.latency.p50,
        p95=outcome.latency.p95,
        p99=outcome.latency.p99,
        cpu=outcome.microseconds("service"),
        memory=outcome.memory["service"][-1],
        errors=dict(outcome.errors),
    )


def _ask(url: str) -> Json:
    """The JSON at an address; null where there is none."""
    status, content = look(url)
    if status != 200:
        return None
    try:
        answer: Json = json.loads(content)
    except ValueError:
        return None
    return answer

"""The dashboard of a service for Grafana: made of the contract's operations, and of its figures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apiwright.ir.schemas import Json
from apiwright.ir.service import Service
from apiwright.plan.views.routers import route_path
from apiwright.plan.views.service import keeps_answers

PROBES = 'endpoint!~"/health/.*|/metrics|<unmatched>"'
"""A condition of PromQL for requests that clients make, to what is there."""

_WIDTH = 24
_HEIGHT = 8
_INTERVAL = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class _Panel:
    """Curves over time: expressions, each with what its curves are called."""

    title: str
    unit: str
    curves: tuple[tuple[str, str], ...]


def dashboard(service: Service) -> dict[str, Json]:
    """The dashboard: a row for all requests, one for each resource, one for each part below."""
    resources = ((r.name, _of(_matcher(r.operations, service))) for r in service.resources)
    rows = [
        ("Service", _overview()),
        *resources,
        ("Database", _database()),
        ("Redis", _redis()),
        *((("Kept answers", _caches()),) if keeps_answers(service) else ()),
        *((("Limits", _limits()),) if service.limited else ()),
        *((("Events", _events()),) if service.events else ()),
        ("Workers", _workers()),
    ]
    source: dict[str, Json] = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    return {
        "uid": hashlib.sha256(service.title.encode()).hexdigest()[:16],
        "title": service.title,
        "tags": ["apiwright"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [source]},
        "panels": list(_laid_out(rows)),
    }


def _overview() -> tuple[_Panel, ...]:
    asked = _rate("http_requests_total", PROBES)
    failed = _rate("http_requests_total", PROBES, 'status=~"5.."')
    duration = "http_request_duration_seconds"
    return (
        _Panel("Requests", "reqps", ((f"sum by (status) ({asked})", "{{status}}"),)),
        _Panel("Part that fails", "percentunit", ((f"sum({failed}) / sum({asked})", "5xx"),)),
        _Panel(
            "Latency",
            "s",
            tuple((_quantile(p, duration, "", PROBES), f"p{p * 100:g}") for p in (0.5, 0.95, 0.99)),
        ),
        _Panel("In progress", "short", (("sum(http_requests_in_progress)", "requests"),)),
    )


def _of(where: str) -> tuple[_Panel, ...]:
    """Panels for the operations of a resource."""
    each, name = "method, endpoint", "{{method}} {{endpoint}}"
    asked = _rate("http_requests_total", where)
    failed = _rate("http_requests_total", where, 'status=~"[45].."')
    refused = f"sum by ({each}, status) ({failed})"
    latency = _quantile(0.95, "http_request_duration_seconds", each, where)
    return (
        _Panel("Requests", "reqps", ((f"sum by ({each}) ({asked})", name),)),
        _Panel("Refused and failed", "reqps", ((refused, f"{name} {{{{status}}}}"),)),
        _Panel("Latency, p95", "s", ((latency, name),)),
    )


def _database() -> tuple[_Panel, ...]:
    each, name = "operation, statement", "{{operation}} {{statement}}"
    slow = f"sum by ({each}) ({_rate('database_slow_statements_total')})"
    connections = (
        ("sum by (state) (database_pool_connections)", "{{state}}"),
        ("sum(database_pool_limit)", "limit"),
        ("sum(database_pool_waiting)", "waiting"),
    )
    duration = _quantile(0.95, "database_query_duration_seconds", each)
    return (
        _Panel("Statements, p95", "s", ((duration, name),)),
        _Panel("Slow statements", "ops", ((slow, name),)),
        _Panel("Connections", "short", connections),
    )


def _redis() -> tuple[_Panel, ...]:
    duration = _quantile(0.95, "redis_command_duration_seconds", "command")
    failures = f"sum by (command) ({_rate('redis_failures_total')})"
    return (
        _Panel("Commands, p95", "s", ((duration, "{{command}}"),)),
        _Panel("Failures", "ops", ((failures, "{{command}}"),)),
    )


def _caches() -> tuple[_Panel, ...]:
    looked = _rate("cache_lookups_total")
    found = _rate("cache_lookups_total", 'outcome="hit"')
    outcomes = f"sum by (operation, outcome) ({looked})"
    part = f"sum by (operation) ({found}) / sum by (operation) ({looked})"
    return (
        _Panel("Looks at what is kept", "ops", ((outcomes, "{{operation}} {{outcome}}"),)),
        _Panel("Part that is found", "percentunit", ((part, "{{operation}}"),)),
    )


def _limits() -> tuple[_Panel, ...]:
    refused = f"sum by (limit) ({_rate('rate_limit_refusals_total')})"
    local = f"sum({_rate('rate_limit_local_total')})"
    return (
        _Panel("Refused", "reqps", ((refused, "{{limit}}"),)),
        _Panel("Counted without Redis", "reqps", ((local, "requests"),)),
    )


def _events() -> tuple[_Panel, ...]:
    outcomes = f"sum by (destination, outcome) ({_rate('outbox_deliveries_total')})"
    return (
        _Panel("Deliveries", "ops", ((outcomes, "{{destination}} {{outcome}}"),)),
        _Panel("Still to be made", "short", (("max by (stage) (outbox_pending)", "{{stage}}"),)),
        _Panel("Age of the oldest", "s", (("max(outbox_lag_seconds)", "age"),)),
    )


def _workers() -> tuple[_Panel, ...]:
    lag = tuple((_quantile(p, "event_loop_lag_seconds"), f"p{p * 100:g}") for p in (0.5, 0.99))
    processes = (
        ("sum(service_workers)", "workers"),
        ("max(worker_open_files)", "most open files"),
        ("count by (version) (service_build_info)", "{{version}}"),
    )
    cpu = f"sum({_rate('worker_cpu_seconds_total')})"
    return (
        _Panel("How late the event loop is", "s", lag),
        _Panel(
            "Memory of the largest", "bytes", (("max(worker_resident_memory_bytes)", "memory"),)
        ),
        _Panel("CPU, in cores", "short", ((cpu, "all workers"),)),
        _Panel("Processes", "short", processes),
    )


def _rate(name: str, *conditions: str) -> str:
    """How fast a counter grows."""
    where = f"{{{','.join(conditions)}}}" if conditions else ""
    return f"rate({name}{where}[{_INTERVAL}])"


def _quantile(part: float, name: str, by: str = "", *conditions: str) -> str:
    """Below what a part of a histogram is."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({part}, sum by ({labels}) ({_rate(f'{name}_bucket', *conditions)}))"


def _laid_out(rows: Iterable[tuple[str, Sequence[_Panel]]]) -> Iterator[Json]:
    """Rows below each other, the panels of each side by side."""
    number, y = 0, 0
    for title, panels in rows:
        number += 1
        place: dict[str, Json] = {"x": 0, "y": y, "w": _WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": title, "gridPos": place, "panels": []}
        width = _WIDTH // len(panels)
        for column, panel in enumerate(panels):
            number += 1
            place = {"x": column * width, "y": y + 1, "w": width, "h": _HEIGHT}
            yield _panel(number, panel, place)
        y += _HEIGHT + 1


def _panel(number: int, panel: _Panel, place: dict[str, Json]) -> Json:
    source: dict[str, Json] = {"type": "prometheus", "uid": "${datasource}"}
    defaults: dict[str, Json] = {"unit": panel.unit, "min": 0}
    targets: list[Json] = [
        {
            "refId": letter,
            "datasource": source,
            "expr": expression,
            "legendFormat": name,
        }
        for letter, (expression, name) in zip("ABCDEF", panel.curves, strict=False)
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": targets,
    }


def _matcher(operations: Iterable[str], service: Service) -> str:
    """A condition of PromQL for the routes of operations, as the figures call them."""
    found = (service.operations[name] for name in operations)
    paths = dict.fromkeys(
        f"{operation.home or service.base_path}{route_path(operation)}" for operation in found
    )
    return f'endpoint=~"{"|".join(map(_escaped, paths))}"'


def _escaped(path: str) -> str:
    """A path as an expression of RE2, within a string of PromQL."""
    pattern = re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", path)
    return "".join(_in_string(character) for character in pattern)


def _in_string(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"

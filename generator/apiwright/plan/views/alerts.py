"""When somebody should look at a service: rules for Prometheus, made of its figures."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, quoted
from apiwright.ir.service import Service
from apiwright.plan.views.dashboard import PROBES


@dataclass(frozen=True, slots=True)
class AlertView:
    """A rule: when it fires, after how long, and what is told then."""

    name: Code
    expression: Code
    lasting: Code
    severity: Code
    summary: Code
    description: Code


def alerts(service: Service) -> tuple[AlertView, ...]:
    """The rules; those about requests tell the operation, and leave out probes."""
    events = _of_events() if service.events else ()
    rules = (*_of_requests(), *_of_the_database(), *events, *_of_the_rest())
    return tuple(AlertView(*map(quoted, rule)) for rule in rules)


_Rule = tuple[str, str, str, str, str, str]

_ALLOWED = 0.001
"""The part of all requests that may fail: the objective is 99.9 %."""

_FAST = 14.4
"""How many times faster than allowed errors come, if those of a month are used up in two days."""


def _failed(window: str, by: str = "") -> str:
    """The part of the requests that fail."""
    each = f" by ({by}) " if by else ""
    asked = f"rate(http_requests_total{{{PROBES}}}[{window}])"
    failed = f'rate(http_requests_total{{{PROBES},status=~"5.."}}[{window}])'
    return f"sum{each}({failed}) / sum{each}({asked})"


def _of_requests() -> tuple[_Rule, ...]:
    operation = "{{ $labels.method }} {{ $labels.endpoint }}"
    bucket = f"rate(http_request_duration_seconds_bucket{{{PROBES}}}[10m])"
    limit = f"{_FAST} * {_ALLOWED}"
    return (
        (
            "ServiceGone",
            "absent(service_build_info)",
            "2m",
            "critical",
            "No worker is seen",
            "Prometheus finds no process of the service, or may not read /metrics.",
        ),
        (
            "RequestsFail",
            f"{_failed('5m', 'method, endpoint')} > 0.05",
            "5m",
            "critical",
            f"{operation} fails",
            "More than 5 % of the requests are answered with 5xx.",
        ),
        (
            "ErrorBudgetBurns",
            f"{_failed('5m')} > {limit} and {_failed('1h')} > {limit}",
            "2m",
            "critical",
            "Requests fail at a rate that uses up a month's errors in two days",
            "More than 14 of a thousand requests fail; an objective of 99.9 % allows 1.",
        ),
        (
            "RequestsAreSlow",
            f"histogram_quantile(0.95, sum by (method, endpoint, le) ({bucket})) > 1",
            "10m",
            "warning",
            f"{operation} is slow",
            "One request in twenty takes longer than a second.",
        ),
    )


def _of_the_database() -> tuple[_Rule, ...]:
    waiting = "min_over_time(database_pool_waiting[2m]) > 0"
    return (
        (
            "ConnectionsRunOut",
            waiting,
            "3m",
            "warning",
            "Requests wait for a connection to the database",
            "All connections of a pool are in use; slow statements are the usual reason.",
        ),
        (
            "StatementsAreSlow",
            "sum by (operation, statement) (rate(database_slow_statements_total[10m])) > 0.1",
            "10m",
            "warning",
            "Statements of {{ $labels.operation }} are slow",
            "The log has their texts and the shapes of their plans.",
        ),
    )


def _of_events() -> tuple[_Rule, ...]:
    return (
        (
            "EventsAreLate",
            "max(outbox_lag_seconds) > 60",
            "5m",
            "warning",
            "Events reach nobody for more than a minute",
            "The relay is not running, or a destination does not take them.",
        ),
        (
            "EventsAreGivenUp",
            'max(outbox_pending{stage="dead"}) > 0',
            "1m",
            "warning",
            "Events could not be delivered",
            "They wait among the dead letters for somebody to look at them.",
        ),
    )


def _of_the_rest() -> tuple[_Rule, ...]:
    lag = "sum by (le) (rate(event_loop_lag_seconds_bucket[5m]))"
    return (
        (
            "RedisFails",
            "sum(rate(redis_failures_total[5m])) > 0.1",
            "5m",
            "warning",
            "Commands to Redis fail",
            "The service goes on without it, only less well.",
        ),
        (
            "EventLoopIsLate",
            f"histogram_quantile(0.99, {lag}) > 0.25",
            "5m",
            "warning",
            "Workers are too busy, or something blocks them",
            "The event loop wakes up more than a quarter of a second late.",
        ),
        (
            "MemoryIsHigh",
            "worker_resident_memory_bytes > 512 * 1024 * 1024",
            "15m",
            "warning",
            "A worker holds more than half a gigabyte",
            "That is several times what workers need; something may not be let go of.",
        ),
    )

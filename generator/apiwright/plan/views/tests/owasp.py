"""Tests of OWASP's API Security Top 10, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.media import is_json
from apiwright.ir.operations import (
    CreateAction,
    ListAction,
    Location,
    Operation,
    RowAction,
    RowVerb,
)
from apiwright.ir.shapes import properties
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.people import Guard
from apiwright.plan.views.tests.writes import staged
from apiwright.understand.exchange import body_content

_TEMPTING = ("is_admin", "isAdmin", "is_superuser", "role", "tenant_id", "password_hash")
"""What attackers send along, whether or not there is such a thing."""


@dataclass(frozen=True, slots=True)
class ClosedView:
    """A test that sends properties which a client has no business with, one after the other."""

    name: Code
    parameters: Code
    arrange: tuple[Code, ...]
    call: Code
    closed: Code
    invalid: Code


@dataclass(frozen=True, slots=True)
class LimitedView:
    """A list that is asked for more than it shows: its operation, and the pair of the query."""

    operation: str
    query: Code


@dataclass(frozen=True, slots=True)
class OwaspView:
    """What there is to test. `fetching` are the modules that call somebody else, if there are."""

    closed: tuple[ClosedView, ...]
    limited: tuple[LimitedView, ...]
    guarded: bool
    bodies: bool
    guarded_bodies: bool
    reads: bool
    fetching: Code


def owasp_view(kit: Kit) -> OwaspView:
    """The tests that a contract has what is tested for."""
    operations = [o for o in kit.service.operations.values() if kit.requests.has(o)]
    guarded = [o for o in operations if kit.people.guard(o) is not Guard.OPEN]
    return OwaspView(
        closed=tuple(view for o in operations for view in _closed(kit, o)),
        limited=tuple(view for o in operations for view in _limited(kit, o)),
        guarded=bool(guarded),
        bodies=any(_takes_json(o) and kit.people.reachable(o) for o in operations),
        guarded_bodies=any(_takes_json(o) for o in guarded),
        reads=any(o.method == "get" and kit.people.reachable(o) for o in operations),
        fetching=constant('"relay/webhooks.py",' if kit.service.webhooks else ""),
    )


def _takes_json(operation: Operation) -> bool:
    content = body_content(operation)
    return content is not None and is_json(content.media_type)


def _closed(kit: Kit, operation: Operation) -> Iterator[ClosedView]:
    """The test of an operation that writes a row, with what the row has and a body has not."""
    action = operation.action
    changes = {RowVerb.UPDATE, RowVerb.REPLACE}
    writes = isinstance(action, CreateAction | RowAction)
    if not writes or not _takes_json(operation):
        return
    if isinstance(action, RowAction) and action.verb not in changes:
        return
    assert isinstance(action, CreateAction | RowAction)
    scene, row, body = staged(kit, operation, action)
    if scene is None or body is None:
        return
    content = body_content(operation)
    schema = content.schema if content is not None else None
    sent = properties(schema, kit.service.schemas) if schema is not None else {}
    open_ = {name for name, prop in sent.items() if not prop.schema.read_only}
    entity = kit.service.entities[action.entity]
    names = [name for column in entity.columns for name in (column.property, column.name)]
    closed = [name for name in dict.fromkeys((*names, *_TEMPTING)) if name and name not in open_]
    scene.arranged.append(compose("body: dict[str, Any] = {}", body))
    scene.fixtures["scratch"] = "Scratch"
    test = scene.test("", "", call=scene.call(row, body=constant("sent")), status=literal(0))
    yield ClosedView(
        name=ident(f"api3_{operation.name.strip('_')}_writes_no_more_than_it_is_meant_to"),
        parameters=test.parameters,
        arrange=test.arrange,
        call=test.call,
        closed=literal(tuple(closed)),
        invalid=scene.invalid,
    )


def _limited(kit: Kit, operation: Operation) -> Iterator[LimitedView]:
    action = operation.action
    if not isinstance(action, ListAction) or not action.page.limit:
        return
    if not kit.people.reachable(operation):
        return
    for parameter in operation.located(Location.QUERY):
        if parameter.attribute == action.page.limit:
            pair = compose("({}, {})", literal(parameter.name), literal(str(10**9)))
            yield LimitedView(operation.id, pair)

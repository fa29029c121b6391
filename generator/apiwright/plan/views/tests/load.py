"""The test of many requests at once: of the first list that everybody may read."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, compose, constant, literal
from apiwright.ir.operations import ListAction, Location, Operation
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.people import Guard
from apiwright.plan.views.tests.rows import wire_key
from apiwright.plan.views.tests.writes import shown_key

_ROWS = 3


@dataclass(frozen=True, slots=True)
class LoadView:
    """A list, and how a test knows it: `found` is made of an answer's `body`, `stored` of rows."""

    path: str
    factory: Code
    rows: int
    stored: Code
    found: Code


def load_view(kit: Kit) -> LoadView | None:
    """The first list that everybody may read; None if there is none that tests can fill."""
    return next((v for o in kit.service.operations.values() if (v := _view(kit, o))), None)


def _view(kit: Kit, operation: Operation) -> LoadView | None:
    action = operation.action
    if not isinstance(action, ListAction) or kit.people.guard(operation) is not Guard.OPEN:
        return None
    entity = kit.service.entities[action.entity]
    needed = any(parameter.required for parameter in operation.parameters)
    if operation.method != "get" or needed or not kit.rows.can_make(entity.name):
        return None
    if action.rows.owned or operation.located(Location.PATH):
        return None
    limit = action.page.default_limit or _ROWS
    rows = min(_ROWS, limit) if kit.rows.repeats(entity) else 1
    key = shown_key(kit, action.view, entity)
    page = action.page
    items = compose("body[{}]", literal(page.items)) if page.envelope else constant("body")
    if key:
        found = compose("{{one[{}] for one in {}}}", literal(key), items)
        stored = compose("{{{} for row in rows}}", wire_key(constant("row"), entity.key_column))
    else:
        found, stored = compose("len({})", items), constant("len(rows)")
    return LoadView(
        path=f"{kit.service.base_path}{operation.path}",
        factory=kit.rows.factory(entity.name),
        rows=rows,
        stored=stored,
        found=found,
    )

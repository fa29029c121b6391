"""Kept answers: which operations have them, and which tables they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from apiwright.ir.operations import Action, CreateAction, ListAction, Load, RowAction
from apiwright.ir.policies.caching import Caching
from apiwright.ir.storage import Entity, OnDelete
from apiwright.load import Node


def read_caching(node: Node, action: Action, entities: Mapping[str, Entity]) -> Caching | None:
    """What `x-cache` of an operation says; None where it says nothing."""
    written = node.get("x-cache")
    if written is None:
        return None
    seconds = written if isinstance(written.value, int) else written.get("seconds")
    found = seconds.value if seconds is not None else None
    return Caching(
        seconds=found if isinstance(found, int) else 0,
        public=written.flag("public"),
        vary=tuple(sorted({item.text.lower() for item in written.list_of("vary")})),
        tables=tuple(
            sorted(
                {
                    *_tables(action, entities),
                    *(
                        entities[item.text].table
                        for item in written.list_of("depends-on")
                        if item.text in entities
                    ),
                }
            )
        ),
    )


def _tables(action: Action, entities: Mapping[str, Entity]) -> Iterator[str]:
    """The tables whose rows an answer may show, or depend on: all where nobody knows."""
    if not isinstance(action, ListAction | RowAction | CreateAction):
        yield from (entity.table for entity in entities.values())
        return
    entity = entities[action.entity]
    yield entity.table
    if action.view is not None:
        yield from (entities[name].table for name in _loaded(action.view.loads))
    yield from (entities[p.parent].table for p in action.rows.parents if p.parent)
    if isinstance(action, ListAction):
        sought = {rule.relation for rule in action.filters if rule.relation}
        targets = (r.target for r in entity.relations if r.attribute in sought)
        yield from (entities[name].table for name in targets)


def _loaded(loads: Iterable[Load]) -> Iterator[str]:
    for load in loads:
        yield load.target
        yield from _loaded(load.loads)


def ended_with(table: str, entities: Mapping[str, Entity]) -> tuple[str, ...]:
    """The tables that change when a row of `table` is deleted, that one among them."""
    known = {entity.name: entity.table for entity in entities.values()}
    refers = [
        (known[column.reference.entity], entity.table)
        for entity in entities.values()
        for column in entity.columns
        if column.reference is not None and column.reference.on_delete is not OnDelete.RESTRICT
    ]
    found, waiting = {table}, [table]
    while waiting:
        target = waiting.pop()
        reached = {source for end, source in refers if end == target} - found
        found |= reached
        waiting += reached
    return tuple(sorted(found))

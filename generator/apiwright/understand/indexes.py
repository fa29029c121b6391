"""Indexes: those that foreign keys and the lists of a contract need to be answered fast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from apiwright import names
from apiwright.ir.operations import Compare, ListAction, Operation
from apiwright.ir.storage import ColumnType, Entity, Index, IndexMethod, Unique

_WITH_ORDER = frozenset({Compare.EQ})
_RANGES = frozenset({Compare.GT, Compare.GTE, Compare.LT, Compare.LTE, Compare.IN})


def with_own_names(entities: Iterable[Entity], taken: Iterable[str]) -> dict[str, Entity]:
    """The entities with indexes whose names are all different, and none of `taken`.

    Tables and indexes share one space of names in a database. `ix_a_b_c` may be an index of the
    columns b_c, or of b and c, or one of the table a_b.
    """
    listed = list(entities)
    wanted: list[tuple[str, str]] = []
    for entity in listed:
        wanted += [(_place(entity, rule), rule.name) for rule in entity.uniques]
        wanted += [(_place(entity, index), index.name) for index in entity.indexes]
    found = names.distinct(wanted, taken)
    return {
        entity.name: replace(
            entity,
            uniques=tuple(
                replace(rule, name=names.sql(found[_place(entity, rule)]))
                for rule in entity.uniques
            ),
            indexes=tuple(
                replace(index, name=names.sql(found[_place(entity, index)]))
                for index in entity.indexes
            ),
        )
        for entity in listed
    }


def _place(entity: Entity, index: Index | Unique) -> str:
    """What tells an index from every other one."""
    kind = f"{index.method.value} {index.search}" if isinstance(index, Index) else "unique"
    return f"{kind} {entity.table} {' '.join(index.columns)}"


def with_indexes(entity: Entity, operations: Iterable[Operation]) -> Entity:
    """`entity` with an index for each foreign key, filter, sort and search of its lists.

    A filter for equality gets the columns of the usual order behind its own, so that a page needs
    no sorting; an array gets a GIN index, a search one over the words of its columns.
    """
    partial = bool(entity.soft_delete)
    found: dict[tuple[tuple[str, ...], IndexMethod, bool], str] = {}

    def want(columns: tuple[str, ...], reason: str, *, words: bool = False) -> None:
        first = entity.column(columns[0])
        if first.type is ColumnType.JSON:
            return
        method = IndexMethod.GIN if first.array or words else IndexMethod.BTREE
        found.setdefault((columns, method, words), reason)

    for operation in operations:
        action = operation.action
        if not isinstance(action, ListAction) or action.entity != entity.name:
            continue
        order = tuple(step.column for step in action.order if step.column != entity.key)
        want((*order, entity.key), f"the usual order of {operation.id}")
        for key in action.sort.keys if action.sort is not None else ():
            want(_ended(key.column, entity), f"{operation.id} sorts by it")
        if action.search is not None:
            want(action.search.columns, f"{operation.id} searches it", words=True)
        for rule in action.filters:
            if not rule.column:
                continue
            if entity.column(rule.column).array:
                want((rule.column,), f"{operation.id} filters by it")
            elif rule.compare in _WITH_ORDER and rule.column not in order:
                want((rule.column, *order, entity.key), f"{operation.id} filters by it")
            elif rule.compare in _RANGES:
                want(_ended(rule.column, entity), f"{operation.id} filters by it")
    derived = [
        Index(_name(entity, columns, words), columns, method, words, partial, reason)
        for (columns, method, words), reason in found.items()
        if columns != (entity.key,) and not _covered(columns, method, found)
    ]
    derived += _for_references(entity, derived)
    derived += _for_tenants(entity, derived)
    taken = {index.columns for index in derived}
    declared = [index for index in entity.indexes if index.columns not in taken]
    return replace(entity, indexes=(*declared, *derived))


def _for_references(entity: Entity, derived: Iterable[Index]) -> list[Index]:
    """An index for each foreign key that has none yet over all rows, deleted ones included."""
    served = {index.columns[0] for index in derived if not index.partial}
    return [
        Index(_name(entity, (column.name,), False), (column.name,), reason="it is a foreign key")
        for column in entity.columns
        if column.reference is not None and column.name not in served
    ]


def _for_tenants(entity: Entity, derived: Iterable[Index]) -> list[Index]:
    """An index of the column that says to which tenant rows belong: every statement asks for it."""
    tenant = entity.tenant.column if entity.tenant is not None else entity.key
    served = {entity.key, *(index.columns[0] for index in derived if not index.partial)}
    if tenant in served:
        return []
    return [Index(_name(entity, (tenant,), False), (tenant,), reason="it tells tenants apart")]


def _ended(column: str, entity: Entity) -> tuple[str, ...]:
    """A column, with the key behind it, which makes every order a total one."""
    return (column,) if column == entity.key else (column, entity.key)


def _covered(
    columns: tuple[str, ...],
    method: IndexMethod,
    found: Iterable[tuple[tuple[str, ...], IndexMethod, bool]],
) -> bool:
    """Whether a longer index begins with the same columns."""
    return method is IndexMethod.BTREE and any(
        other[: len(columns)] == columns and other != columns and kind is IndexMethod.BTREE
        for other, kind, _ in found
    )


def _name(entity: Entity, columns: tuple[str, ...], words: bool) -> str:
    tail = "_".join(columns) + ("_words" if words else "")
    return names.sql(f"ix_{entity.table}_{tail}")

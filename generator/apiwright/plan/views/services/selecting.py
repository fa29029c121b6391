"""Which rows a method touches: by the path, and by whom they belong to."""

from __future__ import annotations

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.operations import PathColumn, RowAction, Rows, RowVerb
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity
from apiwright.plan.views.repositories import links_name, loads_name
from apiwright.plan.views.services.methods import ParentView


def parents(rows: Rows, service: Service) -> tuple[ParentView, ...]:
    """The rows that have to be there: those that the path names before its end."""
    found = []
    for parent in rows.parents:
        if parent.parent:
            entity = service.entities[parent.parent]
            named = PathColumn(parent.attribute, entity.key)
            found.append(ParentView(ident(entity.plural), _condition(named, entity)))
    return tuple(found)


def all_conditions(rows: Rows, entity: Entity) -> list[Code]:
    """The conditions of a method that shows many rows: those of others aren't among them."""
    conditions = _path_conditions(rows, entity)
    if rows.owned and entity.owner is not None:
        conditions.append(compose("*{}", _owned(entity)))
    return conditions


def own_conditions(rows: Rows, entity: Entity) -> list[Code]:
    """The conditions of a method that works with named rows: as if those of others weren't there.

    Where anybody may see them, they are refused instead, by `guard`.
    """
    return _path_conditions(rows, entity) if rows.visible else all_conditions(rows, entity)


def get(action: RowAction, entity: Entity, service: Service, *, lock: bool) -> Code:
    """The code that finds the row."""
    loads = constant("")
    if action.links:
        loads = compose("loads={}", ident(links_name(entity)))
    elif not action.writes and action.view is not None and action.view.loads:
        loads = compose("loads={}", ident(loads_name(action.view, service)))
    if action.key is not None:
        conditions = [_condition(action.key, entity)]
    elif loads:
        key, model = ident(entity.key_column.attribute), ident(entity.class_name)
        conditions = [compose("models.{}.{} == self.caller.account.{}", model, key, key)]
    else:
        return constant("self.caller.account")
    conditions += own_conditions(action.rows, entity)
    if lock:
        conditions.append(constant("lock=True"))
    if loads:
        conditions.append(loads)
    method = constant("restore" if action.verb is RowVerb.RESTORE else "get")
    return compose("await self.{}.{}({})", ident(entity.plural), method, joined(conditions))


def guard(rows: Rows, entity: Entity, variable: Code) -> Code:
    """The call that refuses rows of others, where anybody may see them; else empty."""
    if not (rows.owned and rows.visible) or entity.owner is None:
        return constant("")
    column = entity.column(entity.owner.column)
    unless = _unless(entity)
    return compose("self.require_owner({}.{}{})", variable, ident(column.attribute), unless)


def _path_conditions(rows: Rows, entity: Entity) -> list[Code]:
    return [_condition(parent, entity) for parent in rows.parents]


def _condition(named: PathColumn, entity: Entity) -> Code:
    column = ident(entity.column(named.column).attribute)
    model = ident(entity.class_name)
    return compose("models.{}.{} == {}", model, column, ident(named.attribute))


def _owned(entity: Entity) -> Code:
    assert entity.owner is not None
    column = ident(entity.column(entity.owner.column).attribute)
    model = ident(entity.class_name)
    return compose("self.owned(models.{}.{}{})", model, column, _unless(entity))


def _unless(entity: Entity) -> Code:
    unless = entity.owner.unless if entity.owner is not None else ""
    return compose(", unless={}", literal(unless)) if unless else constant("")

"""Methods that show, make and change rows, one at a time or page by page."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction, RowVerb
from apiwright.ir.shapes import properties
from apiwright.ir.storage import Entity
from apiwright.plan.views.repositories import page_values
from apiwright.plan.views.services.known import Known, row_variable
from apiwright.plan.views.services.methods import (
    Assignment,
    CreateMethod,
    ExportMethod,
    ListMethod,
    RowMethod,
)
from apiwright.plan.views.services.selecting import all_conditions, get, guard, parents
from apiwright.plan.views.services.values import exchanges, given, given_to_key, links_of, writes_of


def list_method(operation: Operation, action: ListAction, known: Known) -> ListMethod:
    """A method that shows a page."""
    entity = known.service.entities[action.entity]
    query = known.classes.parameter_class(operation.id, "query") is not None
    arguments = [constant("query")] if query else []
    arguments += all_conditions(action.rows, entity)
    call = compose("self.{}.{}({})", ident(entity.plural), ident(operation.name), joined(arguments))
    items = compose("[{}.model_validate(row) for row in page.rows]", known.view(action.view))
    envelope = known.shown(action.page.envelope) if action.page.envelope else constant("")
    return ListMethod(
        parents=parents(action.rows, known.service),
        call=call,
        items=items,
        envelope=envelope,
        fields=tuple(_page_fields(operation, action, items, known)),
    )


def export_method(operation: Operation, listing: ListAction, known: Known) -> ExportMethod:
    """A method that says which rows an export has, in which order."""
    entity = known.service.entities[listing.entity]
    conditions = all_conditions(listing.rows, entity)
    query = known.classes.parameter_class(operation.id, "query") is not None
    sent = constant("query" if query else "")
    if listing.filters or listing.search:
        conditions.append(compose("*{}({})", ident(f"{operation.name}_conditions"), sent))
    rows = compose("self.{}.rows()", ident(entity.plural))
    if conditions:
        rows = compose("{}.where({})", rows, joined(conditions))
    order = [compose("{}({})", ident(f"{operation.name}_order"), sent)]
    return ExportMethod(
        parents=parents(listing.rows, known.service),
        arguments=joined([rows, *(order if listing.sort is not None else [])]),
    )


def create_method(operation: Operation, action: CreateAction, known: Known) -> CreateMethod:
    """A method that makes a row."""
    service = known.service
    entity = service.entities[action.entity]
    return CreateMethod(
        parents=parents(action.rows, service),
        repository=ident(entity.plural),
        model=ident(entity.class_name),
        assignments=(
            *writes_of(operation, entity, action.writes, service),
            *given_to_key(action, entity, service),
            *links_of(entity, action.links, service),
            *given(action.rows, entity, service),
        ),
        note=_note(operation, constant("row")),
        view=known.view(action.view),
        loads=known.loads(action.view),
    )


def row_method(operation: Operation, action: RowAction, known: Known) -> RowMethod:
    """A method that works with one row."""
    service = known.service
    entity = service.entities[action.entity]
    variable = row_variable(operation, entity)
    assignments: tuple[Assignment, ...] = ()
    if action.verb is RowVerb.REPLACE:
        assignments = (
            *writes_of(operation, entity, action.writes, service),
            *links_of(entity, action.links, service),
        )
    locked = action.verb not in {RowVerb.READ, RowVerb.RESTORE}
    return RowMethod(
        repository=ident(entity.plural),
        variable=variable,
        get=get(action, entity, service, lock=locked),
        guard=guard(action.rows, entity, variable),
        assignments=assignments,
        exchanges=tuple(exchanges(operation, entity, action, service)),
        require=_require(operation, entity),
        raise_version=_raise_version(entity, action, variable),
        note=_note(operation, variable),
        view=known.view(action.view),
        loads=known.loads(action.view),
    )


def _page_fields(
    operation: Operation, action: ListAction, items: Code, known: Known
) -> Iterator[Assignment]:
    page, service = action.page, known.service
    if not page.envelope:
        return
    found = properties(service.schemas[page.envelope].schema, service.schemas)
    yield Assignment(ident(found[page.items].attribute), items)
    told = page_values(
        page,
        operation,
        service,
        total=constant("page.total"),
        more=constant("page.next_cursor is not None"),
    )
    for name, code in told:
        yield Assignment(ident(found[name].attribute), code)


def _require(operation: Operation, entity: Entity) -> Code:
    """The call that holds the row to what the client asks; empty where that is nothing."""
    asked = operation.conditional
    if asked is None or not asked.holds:
        return constant("")
    version = compose("{}.{}", row_variable(operation, entity), ident(asked.version))
    if not asked.own:
        return compose("self.require_version({})", version)
    key = ident(entity.key_column.attribute)
    return compose("self.require_version({}, account=self.caller.account.{})", version, key)


def _raise_version(entity: Entity, action: RowAction, variable: Code) -> Code:
    """The statement that counts a change which writes other tables than that of the row."""
    if entity.version is None or not action.links:
        return constant("")
    version = entity.version.attribute
    return compose("changes[{}] = {}.{} + 1", literal(version), variable, ident(version))


def _note(operation: Operation, variable: Code) -> Code:
    """The call that tells which version an answer shows; empty for one that has no tag."""
    asked = operation.conditional
    if asked is None or not asked.mark:
        return constant("")
    return compose("self.note_version({}.{})", variable, ident(asked.version))

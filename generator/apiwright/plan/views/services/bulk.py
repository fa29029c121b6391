"""Methods that work on many rows at once."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.operations import BulkAction, Operation
from apiwright.ir.policies.bulk import BulkAnswer, BulkVerb
from apiwright.ir.schemas import Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import array_items, properties
from apiwright.ir.storage import ColumnType, Entity, Fill
from apiwright.plan.views.services.known import Known
from apiwright.plan.views.services.methods import BulkMethod
from apiwright.plan.views.services.selecting import guard, own_conditions, parents
from apiwright.plan.views.services.values import given, values_of
from apiwright.understand.exchange import body_content

_STATUSES = {BulkVerb.CREATE: 201, BulkVerb.UPDATE: 200, BulkVerb.DELETE: 204}
_ENTRY = constant("entry")
"""What one entry of the body is called."""


def bulk_method(operation: Operation, action: BulkAction, known: Known) -> BulkMethod:
    """A method that works on many rows."""
    service = known.service
    entity = service.entities[action.entity]
    creating = action.verb is BulkVerb.CREATE
    return BulkMethod(
        parents=parents(action.rows, service),
        repository=ident(entity.plural),
        model=ident(entity.class_name),
        entries=_listed(action),
        assignments=tuple(_new_row(operation, action, service)) if creating else (),
        mark=_mark(action, entity),
        work=_work(action, entity),
        answer=_answer(action, known),
    )


def _new_row(
    operation: Operation, action: BulkAction, service: Service
) -> Iterator[tuple[Code, Code]]:
    """The attributes of a new row."""
    entity = service.entities[action.entity]
    yield from _generated_key(entity)
    schema = _entry_schema(operation, service)
    for column, value in values_of(_ENTRY, schema, entity, action.writes, service):
        yield ident(column.attribute), value
    for assigned in given(action.rows, entity, service):
        yield assigned.attribute, assigned.value


def _work(action: BulkAction, entity: Entity) -> Code:
    """The call that writes."""
    partial = constant(", partial=True") if action.partial else constant("")
    bulk = compose("Bulk(self.{}{})", ident(entity.plural), partial)
    narrowed = own_conditions(action.rows, entity)
    refused = guard(action.rows, entity, constant("row"))
    if refused:
        narrowed.append(compose("allowed=lambda row: {}", refused))
    entries = _listed(action)
    if action.verb is BulkVerb.CREATE:
        return compose("await {}.add(rows)", bulk)
    if action.verb is BulkVerb.UPDATE:
        change = compose("[(entry.{}, sent(entry)) for entry in {}]", ident(action.key), entries)
        return compose("await {}.change({})", bulk, joined([change, *narrowed]))
    if entity.soft_delete:
        gone = compose("[(key, gone) for key in {}]", entries)
        return compose("await {}.change({})", bulk, joined([gone, *narrowed]))
    return compose("await {}.remove({})", bulk, joined([entries, *narrowed]))


def _mark(action: BulkAction, entity: Entity) -> Code:
    """The attribute that marks rows as deleted, where that is what the action does."""
    if action.verb is not BulkVerb.DELETE or not entity.soft_delete:
        return constant("")
    return ident(entity.column(entity.soft_delete).attribute)


def _listed(action: BulkAction) -> Code:
    """The list in the body."""
    return compose("body.{}", ident(action.items)) if action.items else constant("body")


def _generated_key(entity: Entity) -> Iterator[tuple[Code, Code]]:
    """A key for each new row, where its kind can be made here: rows go in one statement then."""
    column = entity.key_column
    if column.fill is Fill.GENERATED and column.type is ColumnType.UUID:
        yield ident(column.attribute), constant("uuid4()")


def _entry_schema(operation: Operation, service: Service) -> Schema | None:
    """The schema of an entry of the body."""
    content = body_content(operation)
    schema = content.schema if content is not None else None
    if schema is None:
        return None
    items = array_items(schema, service.schemas)
    if items is not None:
        return items
    inner = (
        array_items(prop.schema, service.schemas)
        for prop in properties(schema, service.schemas).values()
    )
    return next((found for found in inner if found is not None), None)


def _answer(action: BulkAction, known: Known) -> Code:
    """What the method returns, made of `outcomes`; empty where it returns nothing."""
    answer = action.answer
    if answer is None:
        return constant("")
    if answer.result:
        found = _results(action, answer, known)
    else:
        found = compose("[{}.model_validate(row) for row in outcomes]", known.view(action.view))
    if not answer.envelope:
        return found
    return compose("{}({}={})", known.shown(answer.envelope), ident(answer.items), found)


def _results(action: BulkAction, answer: BulkAnswer, known: Known) -> Code:
    place = [compose("{}=at", ident(answer.index))] if answer.index else []
    status = _STATUSES[action.verb] if not answer.item else min(201, _STATUSES[action.verb])
    if action.verb is BulkVerb.DELETE and answer.item:
        status = 200
    done = [*place, compose("{}={}", ident(answer.status), literal(status))]
    failed = [*place, compose("{}=found.status", ident(answer.status))]
    if answer.item:
        done.append(
            compose("{}={}.model_validate(found)", ident(answer.item), known.view(action.view))
        )
    if answer.error and answer.error_schema:
        told = joined(
            [compose("{}=found.{}", ident(name), _told(part)) for name, part in answer.told]
        )
        error = compose("{}({})", known.shown(answer.error_schema), told)
        failed.append(compose("{}={}", ident(answer.error), error))
    elif answer.error:
        failed.append(compose("{}=found.detail", ident(answer.error)))
    one = known.shown(answer.result)
    return compose(
        "[{}({}) if isinstance(found, ApiError) else {}({}) for at, found in enumerate(outcomes)]"
        if place
        else "[{}({}) if isinstance(found, ApiError) else {}({}) for found in outcomes]",
        one,
        joined(failed),
        one,
        joined(done),
    )


def _told(part: str) -> Code:
    return constant("status.phrase") if part == "title" else ident(part)

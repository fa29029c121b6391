"""Methods of services that work on many rows at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.operations import BulkAction, Operation
from apiwright.ir.policies.bulk import BulkAnswer, BulkVerb
from apiwright.ir.schemas import Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import array_items, properties
from apiwright.ir.storage import ColumnType, Fill
from apiwright.understand.exchange import body_content

_STATUSES = {BulkVerb.CREATE: 201, BulkVerb.UPDATE: 200, BulkVerb.DELETE: 204}
ENTRY = constant("entry")
"""What one entry of the body is called."""


@dataclass(frozen=True, slots=True)
class BulkMethod:
    """A method that works on many rows: the lines that prepare, the call, and the answer."""

    parents: tuple[object, ...]
    repository: Code
    model: Code
    entries: Code
    assignments: tuple[tuple[Code, Code], ...]
    mark: Code
    work: Code
    answer: Code


def bulk_work(
    action: BulkAction,
    service: Service,
    *,
    narrowed: list[Code],
    guard: Code,
) -> Code:
    """The call that writes.

    `narrowed` are the conditions that rows have to meet, `guard` refuses those of others, if it
    isn't empty.
    """
    entity = service.entities[action.entity]
    partial = constant(", partial=True") if action.partial else constant("")
    bulk = compose("Bulk(self.{}{})", ident(entity.plural), partial)
    more = [*narrowed, compose("allowed=lambda row: {}", guard)] if guard else narrowed
    entries = listed(action)
    if action.verb is BulkVerb.CREATE:
        return compose("await {}.add(rows)", bulk)
    if action.verb is BulkVerb.UPDATE:
        change = compose("[(entry.{}, sent(entry)) for entry in {}]", ident(action.key), entries)
        return compose("await {}.change({})", bulk, joined([change, *more]))
    if entity.soft_delete:
        gone = compose("[(key, gone) for key in {}]", entries)
        return compose("await {}.change({})", bulk, joined([gone, *more]))
    return compose("await {}.remove({})", bulk, joined([entries, *more]))


def bulk_mark(action: BulkAction, service: Service) -> Code:
    """The attribute that marks rows as deleted, where that is what the action does."""
    entity = service.entities[action.entity]
    if action.verb is not BulkVerb.DELETE or not entity.soft_delete:
        return constant("")
    return ident(entity.column(entity.soft_delete).attribute)


def listed(action: BulkAction) -> Code:
    """The list in the body."""
    return compose("body.{}", ident(action.items)) if action.items else constant("body")


def generated_key(action: BulkAction, service: Service) -> Iterator[tuple[Code, Code]]:
    """A key for each new row, where its kind can be made here: rows go in one statement then."""
    column = service.entities[action.entity].key_column
    if column.fill is Fill.GENERATED and column.type is ColumnType.UUID:
        yield ident(column.attribute), constant("uuid4()")


def entry_schema(operation: Operation, service: Service) -> Schema | None:
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


def bulk_answer(action: BulkAction, view: Code, classes: dict[str, Code]) -> Code:
    """What the method returns, made of `outcomes`; `classes` are those of the answer's schemas."""
    answer = action.answer
    if answer is None:
        return constant("")
    if answer.result:
        found = _results(action, answer, view, classes)
    else:
        found = compose("[{}.model_validate(row) for row in outcomes]", view)
    if not answer.envelope:
        return found
    return compose("{}({}={})", classes[answer.envelope], ident(answer.items), found)


def _results(action: BulkAction, answer: BulkAnswer, view: Code, classes: dict[str, Code]) -> Code:
    place = [compose("{}=at", ident(answer.index))] if answer.index else []
    status = _STATUSES[action.verb] if not answer.item else min(201, _STATUSES[action.verb])
    if action.verb is BulkVerb.DELETE and answer.item:
        status = 200
    done = [*place, compose("{}={}", ident(answer.status), literal(status))]
    failed = [*place, compose("{}=found.status", ident(answer.status))]
    if answer.item:
        done.append(compose("{}={}.model_validate(found)", ident(answer.item), view))
    if answer.error and answer.error_schema:
        told = joined(
            [compose("{}=found.{}", ident(name), _told(part)) for name, part in answer.told]
        )
        error = compose("{}({})", classes[answer.error_schema], told)
        failed.append(compose("{}={}", ident(answer.error), error))
    elif answer.error:
        failed.append(compose("{}=found.detail", ident(answer.error)))
    one = classes[answer.result]
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

"""Bulk operations: what their bodies list, and how their answers tell what became of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.ir.operations import BulkAction, Operation, Rows, View
from apiwright.ir.policies.bulk import BulkAnswer, BulkVerb
from apiwright.ir.schemas import NamedSchema, Property, Schema
from apiwright.ir.service import ErrorPart
from apiwright.ir.shapes import array_items, flat, is_object, properties, target
from apiwright.ir.storage import Entity
from apiwright.understand.errors import error_parts
from apiwright.understand.exchange import answer_schema, body_content
from apiwright.understand.views import NotUnderstoodError, ViewReader

_TOLD = {
    ErrorPart.DETAIL: "detail",
    ErrorPart.CODE: "code",
    ErrorPart.STATUS: "status",
    ErrorPart.TITLE: "title",
}


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list in a body or an answer: the schema of its items, and where it is."""

    items: Schema
    attribute: str = ""
    envelope: str = ""


@dataclass(frozen=True, slots=True)
class BulkReader:
    """Finds out what a bulk operation does with rows of an entity."""

    named: Mapping[str, NamedSchema]
    views: ViewReader

    def read(
        self, operation: Operation, entity: Entity, verb: BulkVerb, rows: Rows, *, partial: bool
    ) -> BulkAction:
        """The action; NotUnderstoodError where the body or the answer doesn't fit."""
        sent = self._sent(operation)
        action = BulkAction(verb, entity.name, rows, items=sent.attribute, partial=partial)
        if verb is BulkVerb.DELETE:
            self._check_keys(sent.items)
        else:
            action = self._with_writes(action, sent.items, entity)
        return self._with_answer(action, operation, entity)

    def _sent(self, operation: Operation) -> _Listed:
        content = body_content(operation)
        schema = content.schema if content is not None else None
        listed = self._listed(schema) if schema is not None else None
        if listed is None:
            raise NotUnderstoodError("the body is no list, and has none")
        return listed

    def _listed(self, schema: Schema) -> _Listed | None:
        """The list that values of a schema are, or have in their only property of the kind."""
        items = array_items(schema, self.named)
        if items is not None:
            return _Listed(items)
        found = [
            _Listed(inner, prop.attribute, target(schema))
            for prop in properties(schema, self.named).values()
            if (inner := array_items(prop.schema, self.named)) is not None
        ]
        return found[0] if len(found) == 1 else None

    def _check_keys(self, items: Schema) -> None:
        if not set(flat(items, self.named).types) <= {"string", "integer"}:
            raise NotUnderstoodError("the body lists no keys")

    def _with_writes(self, action: BulkAction, items: Schema, entity: Entity) -> BulkAction:
        found = properties(items, self.named)
        key = found.get(entity.key_column.property)
        writes, links = self.views.writes(items, entity)
        if links:
            raise NotUnderstoodError("it would write more than one table for each row")
        if any(entity.column(write.column).hashed for write in writes):
            raise NotUnderstoodError("it would hash a value for each row")
        if action.verb is BulkVerb.CREATE:
            return replace(action, writes=writes)
        if key is None or not key.required or key.schema.read_only:
            raise NotUnderstoodError("its items don't say which row they change")
        if key.attribute != entity.key_column.attribute:
            raise NotUnderstoodError("it calls the key of a row something else")
        kept = tuple(write for write in writes if write.column != entity.key)
        if any(write.attribute != entity.column(write.column).attribute for write in kept):
            raise NotUnderstoodError("it stores a value under another name")
        return replace(action, writes=kept, key=key.attribute)

    def _with_answer(self, action: BulkAction, operation: Operation, entity: Entity) -> BulkAction:
        answer = answer_schema(operation)
        if answer is None:
            if action.partial:
                raise NotUnderstoodError("the answer can't tell what became of each row")
            return action
        listed = self._listed(answer)
        name = target(listed.items) if listed is not None else ""
        if listed is None or name not in self.named:
            raise NotUnderstoodError("the answer holds no list of objects")
        shown = BulkAnswer(envelope=listed.envelope, items=listed.attribute)
        found = properties(listed.items, self.named)
        status = _called(found, "status", "status_code", "code")
        if status is None or "integer" not in flat(status.schema, self.named).types:
            if action.partial or action.verb is BulkVerb.DELETE:
                raise NotUnderstoodError(f"{name} has no status, which every row needs")
            return replace(action, answer=shown, view=self._view(name, entity))
        index = _called(found, "index", "position")
        item = next((prop for prop in found.values() if self._shows(prop, entity)), None)
        error = _called(found, "error", "problem", "detail", "message")
        told, error_schema = self._error(error)
        return replace(
            action,
            answer=replace(
                shown,
                result=name,
                index=index.attribute if index is not None else "",
                status=status.attribute,
                item=item.attribute if item is not None else "",
                error=error.attribute if error is not None else "",
                error_schema=error_schema,
                told=told,
            ),
            view=self._view(target(item.schema), entity) if item is not None else None,
        )

    def _shows(self, prop: Property, entity: Entity) -> bool:
        name = target(prop.schema)
        if name not in self.named or not is_object(prop.schema, self.named):
            return False
        key = entity.key_column.property
        return name == entity.name or key in properties(prop.schema, self.named)

    def _error(self, error: Property | None) -> tuple[tuple[tuple[str, str], ...], str]:
        name = target(error.schema) if error is not None else ""
        if error is None or name not in self.named:
            return (), ""
        found = properties(error.schema, self.named)
        parts = error_parts(found, self.named)
        told = tuple(
            (found[shown].attribute, _TOLD[part]) for shown, part in parts.items() if part in _TOLD
        )
        known = {attribute for attribute, _ in told}
        if any(prop.required and prop.attribute not in known for prop in found.values()):
            raise NotUnderstoodError(f"{name} needs more than is known of an error")
        return told, name

    def _view(self, schema: str, entity: Entity) -> View:
        view = self.views.view(schema, entity)
        if view.loads:
            raise NotUnderstoodError(f"{schema} shows related rows of each row")
        return view


def _called(found: Mapping[str, Property], *wanted: str) -> Property | None:
    """The property with one of these names, whatever its case."""
    by_snake = {names.snake(name): prop for name, prop in found.items()}
    return next((by_snake[name] for name in wanted if name in by_snake), None)

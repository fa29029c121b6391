"""Conditional requests: which operations tell the version of a row, and hold changes to it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from apiwright.ir.emit import json_schema
from apiwright.ir.operations import (
    CreateAction,
    Location,
    Operation,
    Parameter,
    RowAction,
    RowVerb,
    View,
)
from apiwright.ir.policies.conditional import BODY, Conditional
from apiwright.ir.schemas import Direction, NamedSchema
from apiwright.ir.shapes import references
from apiwright.ir.storage import Entity
from apiwright.load import Document, Node

IF_MATCH, IF_NONE_MATCH = "if-match", "if-none-match"
USUAL_CONTROL = "private, no-cache"
"""Keep it for yourself, and ask each time whether it is still so (RFC 9111, section 5.2.2)."""

_VISIBLE = re.compile(r"[!-~]([ -~]*[!-~])?")
_CHANGES = frozenset({RowVerb.REPLACE, RowVerb.UPDATE, RowVerb.DELETE})


def with_conditions(
    operations: Iterable[Operation],
    base_path: str,
    named: Mapping[str, NamedSchema],
    entities: Mapping[str, Entity],
) -> list[Operation]:
    """The operations, with what those on one versioned row do about conditions.

    The headers of conditions are no parameters of theirs any more: nobody else has to read them.
    """
    listed = list(operations)
    shown = {
        f"{base_path}{operation.path}": operation.action.view
        for operation in listed
        if isinstance(operation.action, RowAction)
        and operation.action.verb is RowVerb.READ
        and operation.action.view is not None
    }
    marks = _Marks(named, shown)
    return [_with_conditions(operation, base_path, entities, marks) for operation in listed]


class _Marks:
    """What tells the representations of rows apart."""

    def __init__(self, named: Mapping[str, NamedSchema], shown: Mapping[str, View]) -> None:
        self._named = named
        self._shown = shown

    def of(self, path: str, view: View | None) -> str:
        """The mark of answers that are what is shown at `path`; empty for other answers."""
        if view is None or self._shown.get(path) != view:
            return ""
        return BODY if view.loads else self._mark(view)

    def _mark(self, view: View) -> str:
        """A hash of the schema, so that no tag outlives a change of what is shown."""
        waiting, seen = [view.schema], set[str]()
        text = [view.entity]
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self._named:
                continue
            seen.add(name)
            schema = self._named[name].schema
            waiting += references(schema)
            written = json_schema(schema, self._named, Direction.RESPONSE, str)
            text.append(json.dumps([name, written], sort_keys=True))
        return hashlib.sha256("\n".join(sorted(text)).encode()).hexdigest()[:8]


def _with_conditions(
    operation: Operation, base_path: str, entities: Mapping[str, Entity], marks: _Marks
) -> Operation:
    action = operation.action
    if not isinstance(action, CreateAction | RowAction):
        return operation
    version = entities[action.entity].version
    if version is None:
        return operation
    path = f"{base_path}{operation.path}"
    if isinstance(action, CreateAction):
        mark = marks.of(action.location, action.view)
        known = Conditional(version.attribute, mark) if mark else None
        return replace(operation, conditional=known)
    if action.verb is RowVerb.RESTORE:
        return operation
    needed = any(p.required for p in operation.parameters if _is(p, IF_MATCH))
    return replace(
        operation,
        parameters=tuple(p for p in operation.parameters if not _is(p, IF_MATCH, IF_NONE_MATCH)),
        conditional=Conditional(
            version=version.attribute,
            mark=marks.of(path, action.view) if _tells(operation, action.verb) else "",
            own=action.key is None,
            reads=action.verb is RowVerb.READ,
            holds=action.verb in _CHANGES,
            required=action.verb in _CHANGES and (needed or operation.if_match_required),
            cache_control=operation.cache_control or USUAL_CONTROL,
        ),
    )


def _tells(operation: Operation, verb: RowVerb) -> bool:
    """Whether the answer has a tag.

    After a PUT, a tag would say that the row is as the client has sent it (RFC 9110, section
    9.3.4); the service adds what it knows, so that only a contract which declares one gets one.
    """
    success = operation.success
    declared = {name.lower() for name in success.headers} if success is not None else set()
    return verb is not RowVerb.REPLACE or "etag" in declared


def _is(parameter: Parameter, *wanted: str) -> bool:
    return parameter.location is Location.HEADER and parameter.name.lower() in wanted


def declared_control(document: Document, operation: Node) -> str:
    """The Cache-Control that the contract promises for the answer when all goes well, or ""."""
    for status, written in operation.entries("responses").items():
        if not status.startswith("2"):
            continue
        for name, header in document.resolve(written).entries("headers").items():
            schema = document.resolve(header).get("schema")
            if name.lower() != "cache-control" or schema is None:
                continue
            whole = document.resolve(schema)
            listed = whole.list_of("enum")
            values = [whole.string("const"), whole.string("default")]
            values += [listed[0].text] if len(listed) == 1 else []
            return next((value for value in values if _VISIBLE.fullmatch(value)), "")
    return ""

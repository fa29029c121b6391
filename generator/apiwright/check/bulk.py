"""Operations on many rows: bodies that list them, within limits, and answers that tell of each."""

from __future__ import annotations

from apiwright.check.contract import Operation
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, answer_schema, body_schema
from apiwright.ir.policies.bulk import BulkVerb
from apiwright.load import Node
from apiwright.load.wording import shown

_KINDS = frozenset(verb.value for verb in BulkVerb)
_STATUSES = frozenset({"status", "status_code", "statusCode", "code"})


def check_bulk(storage: Storage, found: Findings) -> None:
    """Check every operation that works on many rows, or says how."""
    for operation in storage.contract.operations:
        action, mode = operation.node.get("x-action"), operation.node.get("x-bulk")
        kind = (action.text or action.string("kind")) if action is not None else ""
        if kind in _KINDS and action is not None:
            _check_body(operation, kind, action, storage, found)
            if mode is not None and mode.string("mode") == "partial":
                _check_answer(operation, mode, storage, found)
        elif mode is not None:
            message = "'x-bulk' has no effect: the operation is about one row"
            hint = "say what it does with many: 'x-action: bulk-create', 'bulk-update' or "
            hint += "'bulk-delete'"
            found.error("idle-extension", message, mode.key_position, hint=hint)


def _check_body(
    operation: Operation, kind: str, action: Node, storage: Storage, found: Findings
) -> None:
    body = body_schema(storage.contract, operation)
    where = (action.get("kind") or action).position
    listed = _listed(body, storage) if body is not None else None
    if listed is None:
        message = f"{shown(operation.label)} cannot be '{kind}': its body lists nothing"
        hint = "take an array, or an object that has one"
        found.error("impossible-action", message, where, hint=hint)
    elif listed.get("maxItems") is None:
        found.error(
            "endless-list",
            f"{shown(operation.label)} would take any number of rows in one transaction",
            listed.position,
            hint="say how many with 'maxItems'",
        )


def _listed(schema: Node, storage: Storage) -> Node | None:
    """The array that values of a schema are, or the only one that they have."""
    whole = storage.contract.resolve(schema)
    if storage.views.items(whole) is not None:
        return whole
    inner = [
        storage.contract.resolve(prop)
        for prop in storage.views.of(whole).properties.values()
        if storage.views.items(prop) is not None
    ]
    return inner[0] if len(inner) == 1 else None


def _check_answer(operation: Operation, mode: Node, storage: Storage, found: Findings) -> None:
    """Who is told that some rows were written has to learn which."""
    answer = answer_schema(storage.contract, operation)
    listed = _listed(answer, storage) if answer is not None else None
    entry = storage.views.items(listed) if listed is not None else None
    known = storage.views.of(entry).properties if entry is not None else {}
    if not _STATUSES & known.keys():
        found.error(
            "untold-outcome",
            f"{shown(operation.label)} can't tell what became of each row",
            (mode.get("mode") or mode).position,
            hint="answer with a list of objects that have a 'status', and an 'error' or an 'item'",
        )

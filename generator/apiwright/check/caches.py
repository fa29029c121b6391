"""What `x-cache` and `Cache-Control` say: whose answers may be kept, and by whom."""

from __future__ import annotations

from apiwright.check.actions import listed_items
from apiwright.check.contract import Contract, Operation
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, answer_schema, success
from apiwright.check.words import quoted
from apiwright.load import Node
from apiwright.load.wording import shown

_SHARED = ("public", "s-maxage")


def check_caches(storage: Storage, found: Findings) -> None:
    """Only what reads is kept, and only what is the same for all is kept for all."""
    contract = storage.contract
    for operation in contract.operations:
        word = operation.node.get("x-cache")
        if word is not None:
            _check(operation, word, storage, found)
        _check_control(operation, contract, found)


def _check(operation: Operation, word: Node, storage: Storage, found: Findings) -> None:
    label = shown(operation.label)
    if operation.method != "get":
        message = f"{label} may change something, so that its answer can't be kept"
        hint = "'x-cache' belongs on GET"
        found.error("impossible-cache", message, word.key_position, hint=hint)
        return
    if answer_schema(storage.contract, operation) is None:
        message = f"{label} answers with nothing that can be kept: it has no JSON"
        found.error("impossible-cache", message, word.key_position)
    for item in word.list_of("depends-on"):
        if item.text and item.text not in storage.stored:
            message = f"{quoted(item.text)} is no schema that is stored"
            hint = found.meant(item.text, storage.stored)
            found.error("unknown-schema", message, item.position, hint=hint)
    public = word.get("public")
    if public is None or public.value is not True:
        return
    if _needs_caller(operation, storage.contract) and _own(operation, storage):
        message = f"{label} shows everybody something else, so that one answer is not for all"
        hint = "leave out 'public', or say 'x-rows: all'"
        found.error("shared-answer-of-callers", message, public.key_position, hint=hint)


def _own(operation: Operation, storage: Storage) -> bool:
    """Whether an answer depends on who calls: rows have an owner, or it is the caller's account."""
    if operation.node.string("x-rows") == "all":
        return False
    said = operation.node.get("x-action")
    if said is not None and said.string("key") == "caller":
        return True
    answer = answer_schema(storage.contract, operation)
    name = storage.views.target(answer)
    if "{" not in operation.path and name and name == storage.identity:
        return True
    shown_rows = storage.contract.section("schemas").get(name) or listed_items(answer, storage)
    known = storage.views.of(shown_rows).properties.values()
    return any("x-owner" in prop.mapping for prop in known)


def _needs_caller(operation: Operation, contract: Contract) -> bool:
    ways = operation.node.get("security") or contract.root.get("security")
    return ways is not None and bool(ways.items) and all(way.mapping for way in ways.items)


def _check_control(operation: Operation, contract: Contract, found: Findings) -> None:
    """No cache between service and client may keep what a caller has to be let in for."""
    response = success(contract, operation)
    if response is None or not _needs_caller(operation, contract):
        return
    for name, header in response.entries("headers").items():
        schema = contract.resolve(header).get("schema")
        if name.lower() != "cache-control" or schema is None:
            continue
        whole = contract.resolve(schema)
        value = whole.string("const") or whole.string("default")
        if any(word in value.lower() for word in _SHARED):
            message = (
                f"{shown(operation.label)} is for callers who are let in, not for shared caches"
            )
            hint = "write 'private' in place of 'public' and 's-maxage'"
            found.error("shared-answer-of-callers", message, whole.position, hint=hint)

"""Operations: their ids, and the status codes that they answer with.

OpenAPI 3.0.4 sections 4.7.10 and 4.7.16, 3.1.1 sections 4.8.10 and 4.8.16.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from apiwright import names
from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import Node
from apiwright.load.wording import shown

_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")


def check_ids(contract: Contract, found: Findings) -> None:
    """No two operations have the same id; ids alike in Python, and none at all, are told of."""
    seen: dict[str, tuple[str, Node]] = {}
    alike: dict[str, tuple[str, Node]] = {}
    for label, node in _identified(contract):
        written = node.get("operationId")
        if written is None or not written.text:
            continue
        first = seen.setdefault(written.text, (label, written))
        if first[1] is not written:
            _duplicate(written, label, first, found)
            continue
        other = alike.setdefault(names.snake(written.text, "operation"), (written.text, written))
        if other[1] is not written:
            found.warning(
                "similar-operation-ids",
                f"the operationIds {quoted(other[0])} and {quoted(written.text)} are the same in "
                "Python, where one of them gets a suffix",
                written.position,
            )


def _duplicate(written: Node, label: str, first: tuple[str, Node], found: Findings) -> None:
    found.error(
        "duplicate-operation-id",
        f"{shown(label)} has the operationId {quoted(written.text)}, as {shown(first[0])} has",
        written.position,
        hint="an operationId becomes the name of a method: give each operation its own",
        related=[(first[1].position, "first used here")],
    )


def _identified(contract: Contract) -> Iterator[tuple[str, Node]]:
    """Every operation that an id must be unique among: those of webhooks and callbacks as well."""
    served = set()
    for operation in contract.operations:
        served.add(id(operation.node))
        yield operation.label, operation.node
    for place in contract.of("operation"):
        if id(place.node) not in served:
            yield f"the {place.keys[-1].upper()} of {place.pointer}", place.node


def check_shared_items(contract: Contract, found: Findings) -> None:
    """An operation with an id cannot stand at two paths, which refer to one path item."""
    seen: dict[int, str] = {}
    for operation in contract.operations:
        written = operation.node.get("operationId")
        if written is None:
            continue
        other = seen.setdefault(id(operation.node), operation.path)
        if other != operation.path:
            message = f"{quoted(operation.path)} has the same operations as {quoted(other)}"
            hint = (
                "their operationIds are then used twice: leave them out, or write a path of its own"
            )
            position = operation.path_node.key_position
            found.error("duplicate-operation-id", message, position, hint=hint)


def check_missing_ids(contract: Contract, found: Findings) -> None:
    """Operations without an id get one, which follows from path and method."""
    for operation in contract.operations:
        if not operation.node.string("operationId"):
            message = f"{shown(operation.label)} has no operationId; one is made of method and path"
            hint = "the name of its method in Python changes with the path"
            found.note("missing-operation-id", message, operation.node.key_position, hint=hint)


def check_links(contract: Contract, found: Findings) -> None:
    """A link leads to an operation that there is (3.0.4 section 4.7.20, 3.1.1 section 4.8.20)."""
    known = {node.string("operationId") for _, node in _identified(contract)}
    for place in contract.of("link"):
        named = place.node.get("operationId")
        if place.reference is None and named is not None and named.text and named.text not in known:
            message = f"there is no operation {quoted(named.text)} to link to"
            hint = found.meant(named.text, known)
            found.warning("unknown-operation", message, named.position, hint=hint)


def check_statuses(contract: Contract, found: Findings) -> None:
    """The keys of responses are status codes, ranges of them, and `default`."""
    for place in contract.of("responses"):
        if place.node.string("$ref"):
            continue
        codes = [key for key in place.node.mapping if not key.startswith("x-")]
        if not codes:
            message = "an operation needs at least one response"
            found.error("missing-field", message, place.node.key_position)
        for key in codes:
            if _STATUS.fullmatch(key) is None:
                position = place.node.mapping[key].key_position
                message = f"{quoted(key)} is no status code"
                found.error("bad-status-code", message, position, hint=_meant(key, found))


def _meant(key: str, found: Findings) -> str:
    if _STATUS.fullmatch(key.upper()):
        return f"did you mean '{key.upper()}'?"
    if re.fullmatch(r"[1-5]\d\d.*", key, re.ASCII):
        return f"did you mean '{key[:3]}'?"
    return found.meant(key, ("default",)) or "codes are '200', ranges of them '2XX'"

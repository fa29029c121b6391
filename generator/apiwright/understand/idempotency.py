"""Idempotency: what `x-idempotent` says, and the header and answers that come with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from apiwright.ir.operations import Location, Parameter
from apiwright.ir.policies.idempotency import (
    HEADER,
    LONGEST,
    REPLAYED,
    USUAL_HOURS,
    Idempotency,
)
from apiwright.load import Document, Node, Plain, copied

WORD: Final = "x-idempotent"
METHODS: Final = ("post", "patch")
"""Methods that may have another effect each time (RFC 9110, section 9.2.2)."""

_ABOUT: Final = (
    "A name for this request, such as a random UUID. Sent again with the same name, it has no "
    "second effect, and the answer is the same"
)
_ANSWERS: Final = {
    "400": "The name of the request is malformed, or missing",
    "409": "A request of this name is still running; see Retry-After",
    "422": "The request breaks the contract, or another one has had this name",
}


def read_idempotency(
    document: Document, operation: Node, parameters: Iterable[tuple[Node, Parameter]]
) -> Idempotency | None:
    """What an operation promises for requests with a key; None where it says nothing."""
    if not _asks(operation):
        return None
    said = operation.mapping[WORD]
    declared = [node for node, parameter in parameters if is_key(parameter)]
    return Idempotency(
        required=said.flag("required") or any(node.flag("required") for node in declared),
        hours=_number(said.get("hours"), USUAL_HOURS),
        longest=min([LONGEST, *(_longest(document, node) for node in declared)]),
    )


def _longest(document: Document, parameter: Node) -> int:
    """The length that the contract allows for a key."""
    schema = parameter.get("schema")
    return _number(document.resolve(schema).get("maxLength") if schema else None, LONGEST)


def _number(node: Node | None, otherwise: int) -> int:
    return node.value if node is not None and isinstance(node.value, int) else otherwise


def is_key(parameter: Parameter) -> bool:
    """Whether a parameter is the header that carries the key."""
    return parameter.location is Location.HEADER and parameter.name.lower() == HEADER.lower()


def with_idempotency(document: Document) -> Document:
    """The document with the header and the answers that idempotent operations have.

    What it declares itself stays as it is. The same document where no operation asks for it.
    """
    if not any(_asks(operation) for _, operation in _operations(document)):
        return document
    whole = replace(document, root=copied(document.root))
    for item, operation in _operations(whole):
        if _asks(operation):
            _declare_header(whole, item, operation)
            _declare_answers(whole, operation)
    return whole


def _operations(document: Document) -> Iterator[tuple[Node, Node]]:
    """Every operation under `paths`, after its path item."""
    for path, written in document.root.entries("paths").items():
        if not path.startswith("x-"):
            item = document.resolve(written)
            for method in METHODS:
                if method in item.mapping:
                    yield item, item.mapping[method]


def _asks(operation: Node) -> bool:
    said = operation.get(WORD)
    return said is not None and said.value is not False


def _declare_header(document: Document, item: Node, operation: Node) -> None:
    for owner in (item, operation):
        for written in owner.list_of("parameters"):
            known = document.resolve(written)
            name = known.string("name").lower()
            if known.string("in") == "header" and name == HEADER.lower():
                return
    said = operation.mapping[WORD]
    header: Plain = {
        "name": HEADER,
        "in": "header",
        "description": _ABOUT,
        "required": said.flag("required"),
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    }
    listed = operation.list_of("parameters")
    operation.mapping["parameters"] = _node([], said)
    operation.mapping["parameters"].items.extend((*listed, _node(header, said)))


def _declare_answers(document: Document, operation: Node) -> None:
    said = operation.mapping[WORD]
    answers = operation.entries("responses")
    refuses = {status for status in answers if status[0] == "4"}
    for status, answer in answers.items():
        if status[0] == "2" and "$ref" not in answer.mapping:
            headers = answer.mapping.setdefault("headers", _node({}, said))
            about = "Whether this is the answer of an earlier request"
            replayed: Plain = {"description": about, "schema": {"type": "string", "enum": ["true"]}}
            headers.mapping.setdefault(REPLAYED, _node(replayed, said))
    for status, about in _ANSWERS.items():
        covered = {status, "4XX", "default"} & answers.keys()
        # Who answers requests that break the contract with 400 does so here, too.
        if not covered and not (status == "422" and "400" in refuses):
            answers[status] = _answer(document, operation, status, about)


def _answer(document: Document, operation: Node, status: str, about: str) -> Node:
    """An answer that looks like its like elsewhere: of this status, or else of this operation."""
    said = operation.mapping[WORD]
    others = (other.entries("responses") for _, other in _operations(document))
    alike = next((found[status] for found in others if status in found), None)
    if alike is None:
        refused = (node for key, node in operation.entries("responses").items() if key[0] == "4")
        alike = next(refused, None)
    described: dict[str, Plain] = {"description": about}
    if status == "409":
        seconds: Plain = {"type": "integer", "minimum": 1}
        after: Plain = {"description": "Seconds to wait before trying again", "schema": seconds}
        described["headers"] = {"Retry-After": after}
    answer = _node(described, said)
    content = document.resolve(alike).get("content") if alike is not None else None
    if content is not None:
        answer.mapping["content"] = _node({}, said)
        for media_type, written in content.mapping.items():
            schema = document.resolve(written).get("schema")
            kept = {} if schema is None else {"schema": copied(schema)}
            answer.mapping["content"].mapping[media_type] = replace(written, value=kept)
    return answer


def _node(value: Plain, place: Node) -> Node:
    """A value that stands where the word does that asks for it."""
    made: Node
    if isinstance(value, dict):
        inner = {key: _node(item, place) for key, item in value.items()}
        made = replace(place, value=inner)
    elif isinstance(value, list):
        made = replace(place, value=[_node(item, place) for item in value])
    else:
        made = replace(place, value=value)
    return made

"""The document that the service serves: the contract as it was written, without extensions."""

from __future__ import annotations

from apiwright.ir.schemas import Json
from apiwright.load import Document, Node, plain, walk
from apiwright.understand.idempotency import with_idempotency

_FOR_CLIENTS = frozenset({"x-deprecated-since", "x-sunset"})


def served_contract(document: Document) -> dict[str, Json]:
    """The contract as plain data, without the `x-` keys of objects that OpenAPI defines.

    What only looks like an extension (a property, an example's key) stays, and so does what tells
    clients how long something lasts. What comes with an extension for clients to see is there.
    """
    document = with_idempotency(document)
    extended = {id(place.node) for place in walk(document.root)}

    def copied(node: Node) -> Json:
        if isinstance(node.value, dict):
            own = id(node) in extended
            return {
                key: copied(child)
                for key, child in node.value.items()
                if not (own and key.startswith("x-")) or key in _FOR_CLIENTS
            }
        if isinstance(node.value, list):
            return [copied(child) for child in node.value]
        return plain(node)

    result = copied(document.root)
    return result if isinstance(result, dict) else {}

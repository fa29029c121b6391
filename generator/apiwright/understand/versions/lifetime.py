"""A version that goes away as a whole: each of its operations does."""

from __future__ import annotations

from dataclasses import replace

from apiwright.load import Document
from apiwright.understand.operations import operation_nodes

_SINCE, _SUNSET = "x-deprecated-since", "x-sunset"


def announce(document: Document) -> None:
    """Put the days of the document at its operations, unless they have days of their own."""
    days = {word: document.root.get(word) for word in (_SINCE, _SUNSET)}
    known = {word: node for word, node in days.items() if node is not None}
    if not known:
        return
    first = next(iter(known.values()))
    for _, _, _, _, node in operation_nodes(document):
        written = node.mapping
        if written.get("deprecated") is None:
            written["deprecated"] = replace(first, value=True)
        if _SINCE not in written and _SUNSET not in written:
            written.update(known)

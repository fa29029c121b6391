"""What the service answers of itself, written into the contract where its author left it out.

Clients are served a contract that tells them of every header and status that they may meet; what
the author has written stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apiwright.ir.operations import Operation
from apiwright.ir.policies.conditional import Conditional
from apiwright.load import Document, Node, Plain, plain, walk
from apiwright.load.overlay_edit import Editor
from apiwright.load.pointer import find, parse, parse_fragment
from apiwright.understand.conditional import IF_MATCH, IF_NONE_MATCH
from apiwright.understand.understand import understand

_WORD = "x-versioned"
_LIKE = ("404", "409", "403", "401", "400", "4XX", "default")
_TEXT: Plain = {"type": "string"}
_ETAG: Plain = {
    "description": "The version of what is shown (RFC 9110, section 8.8.3)",
    "schema": _TEXT,
}
_USUAL_ERROR: Plain = {
    "application/json": {
        "schema": {"type": "object", "required": ["detail"], "properties": {"detail": _TEXT}}
    }
}
_ABOUT_MATCH = "The ETag of what is to be changed; it is only changed if it is still like that"
_ABOUT_NONE_MATCH = "The ETag of what is known already; it is only sent if it is another now"


def completed(document: Document) -> Document:
    """`document` with the headers and statuses that its operations have by themselves."""
    if not any(_WORD in place.node.mapping for place in walk(document.root)):
        return document
    editor = Editor(document.root)
    for operation in understand(document).operations.values():
        if operation.conditional is None:
            continue
        keys = _followed(document, parse(operation.pointer[1:]) or ())
        node = find(document.root, keys)
        if node is not None:
            for place, added in _additions(document, operation, operation.conditional, keys):
                editor.update([place], _like(node, added), node.key_position)
    return replace(document, root=editor.root)


def _additions(
    document: Document, operation: Operation, known: Conditional, keys: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Plain]]:
    """What is added to an operation: the place that it is added to, and what."""
    declared = _headers(document, keys)
    if known.reads and IF_NONE_MATCH not in declared:
        yield keys, {"parameters": [_parameter("If-None-Match", _ABOUT_NONE_MATCH)]}
    if known.holds and IF_MATCH not in declared:
        match = _parameter("If-Match", _ABOUT_MATCH, required=known.required)
        yield keys, {"parameters": [match]}
    success = operation.success
    if known.mark and success is not None:
        place = _followed(document, (*keys, "responses", success.status))
        if "etag" not in {name.lower() for name in success.headers} and success.status.isdigit():
            yield place, {"headers": {"ETag": _ETAG}}
    if known.reads and not _answers(operation, "304"):
        answer: Plain = {"description": "It is as the client knows it", "headers": {"ETag": _ETAG}}
        yield (*keys, "responses"), {"304": answer}
    refusals = {"412": "It is not as the client thinks that it is"} if known.holds else {}
    if known.reads:
        refusals["412"] = "It is not as the client wants it"
    if known.required:
        refusals["428"] = "The client has to send If-Match"
    for status, about in refusals.items():
        if not _answers(operation, status):
            content = _error(document, (*keys, "responses"))
            yield (*keys, "responses"), {status: {"description": about, "content": content}}


def _parameter(name: str, about: str, *, required: bool = False) -> Plain:
    found: dict[str, Plain] = {"name": name, "in": "header", "description": about}
    return {**found, **({"required": True} if required else {}), "schema": _TEXT}


def _answers(operation: Operation, status: str) -> bool:
    known = {response.status for response in operation.responses}
    return bool(known & {status, f"{status[0]}XX", "default"})


def _error(document: Document, keys: tuple[str, ...]) -> Plain:
    """The content of errors like this, as the operation has it for others."""
    responses = find(document.root, keys)
    for status in _LIKE:
        written = responses.get(status) if responses is not None else None
        content = document.resolve(written).get("content") if written is not None else None
        if content is not None:
            return {
                kind: {"schema": plain(schema)}
                for kind, media in content.mapping.items()
                if (schema := media.get("schema")) is not None
            }
    return _USUAL_ERROR


def _headers(document: Document, keys: tuple[str, ...]) -> set[str]:
    """The names of the header parameters of an operation, and of its path, in lower case."""
    owners = (find(document.root, keys), find(document.root, keys[:-1]))
    nodes = (
        document.resolve(written)
        for owner in owners
        for written in (owner.list_of("parameters") if owner is not None else ())
    )
    return {node.string("name").lower() for node in nodes if node.string("in") == "header"}


def _followed(document: Document, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of what `keys` lead to, past all references on the way."""
    found: tuple[str, ...] = ()
    for key in keys:
        found = (*found, key)
        for _ in range(len(keys) + 8):
            node = find(document.root, found)
            written = node.string("$ref") if node is not None else ""
            target = parse_fragment(written[1:]) if written.startswith("#") else None
            if target is None:
                break
            found = target
    return found


def _like(node: Node, value: Plain) -> Node:
    """Plain data as a part of the document, where `node` stands."""
    if isinstance(value, dict):
        return replace(node, value={key: _like(node, item) for key, item in value.items()})
    if isinstance(value, list):
        return replace(node, value=[_like(node, item) for item in value])
    return replace(node, value=value)

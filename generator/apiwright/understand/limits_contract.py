"""What limits add to the contract that is served: the answer to one request too many.

Everything that is added is a component marked with `x-policy`, and references to it, so that it can
be told from what the author wrote.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from apiwright.ir.operations import Operation
from apiwright.ir.schemas import Json, NamedSchema
from apiwright.ir.service import ErrorField, ErrorPart, Errors
from apiwright.load import Document, walk
from apiwright.understand.errors import error_shape

MARK = "x-policy"

_HEADERS: dict[str, dict[str, Json]] = {
    "RateLimit": {
        "description": "What is left of each limit: `r` requests, which should last `t` seconds "
        "(draft-ietf-httpapi-ratelimit-headers-11)",
        "schema": {"type": "string"},
        "example": '"default";r=99;t=60',
    },
    "RateLimit-Policy": {
        "description": "The limits: `q` requests in `w` seconds "
        "(draft-ietf-httpapi-ratelimit-headers-11)",
        "schema": {"type": "string"},
        "example": '"default";q=100;w=60',
    },
    "Retry-After": {
        "description": "Seconds after which the next request is taken (RFC 9110, section 10.2.3)",
        "schema": {"type": "integer", "minimum": 1},
        "example": 12,
    },
}
_ALWAYS = ("RateLimit", "RateLimit-Policy")
_STATUS = "429"


def declare_limits(
    contract: dict[str, Json],
    operations: Iterable[Operation],
    limited: Collection[str],
    errors: Errors,
    named: Mapping[str, NamedSchema],
) -> dict[str, Json]:
    """The contract with 429 and its headers on the operations that are `limited`."""
    if not limited:
        return contract
    document: Any = copy.deepcopy(contract)
    known = tuple(operations)
    content = _content(document, known, errors, named)
    shared = {
        name: _add(document, "headers", name, header | {MARK: "x-rate-limit"})
        for name, header in _HEADERS.items()
    }
    answer: dict[str, Json] = {
        "description": "Too many requests; the same one is taken later",
        "headers": {name: {"$ref": pointer} for name, pointer in shared.items()},
        **({"content": content} if content else {}),
        MARK: "x-rate-limit",
    }
    too_many = _add(document, "responses", "TooManyRequests", answer)
    for operation in known:
        if operation.id not in limited:
            continue
        responses = _at(document, operation.pointer).setdefault("responses", {})
        for status, response in list(responses.items()):
            wanted = tuple(shared) if status == _STATUS else _ALWAYS
            if status == _STATUS or status.startswith("2"):
                responses[status] = _with_headers(document, response, wanted, shared)
        responses.setdefault(_STATUS, {"$ref": too_many})
    result: dict[str, Json] = document
    return result


def drop_additions(document: Document) -> None:
    """Take out of a served contract what was added to the one that its author wrote."""
    dropped: set[str] = set()
    components = document.root.get("components") or document.root
    for section in ("headers", "responses"):
        found = components.entries(section)
        for name in [name for name, node in found.items() if MARK in node.mapping]:
            del found[name]
            dropped.add(f"#/components/{section}/{name}")
    for place in list(walk(document.root)) if dropped else ():
        if place.kind in {"responses", "response"}:
            of_response = place.kind == "response"
            owner = place.node.entries("headers") if of_response else place.node.mapping
            for name in [name for name, node in owner.items() if node.string("$ref") in dropped]:
                del owner[name]


def _add(document: Any, section: str, name: str, value: dict[str, Json]) -> str:
    """Put a component into the document; the reference to it, under a name that was free."""
    components = document.setdefault("components", {}).setdefault(section, {})
    while name in components:
        name = f"{name}Limit"
    components[name] = value
    return f"#/components/{section}/{name}"


def _with_headers(
    document: Any, response: Any, wanted: Iterable[str], shared: Mapping[str, str]
) -> dict[str, Json]:
    """A response with headers beside its own; one that others refer to is copied first."""
    found = dict(_followed(document, response))
    own = found.get("headers", {})
    there = {name.lower() for name in own}
    added = {name: {"$ref": shared[name]} for name in wanted if name.lower() not in there}
    return {**found, "headers": {**own, **added}}


def _content(
    document: Any, operations: Iterable[Operation], errors: Errors, named: Mapping[str, NamedSchema]
) -> dict[str, Json]:
    """How the service writes it: as another error of that shape is declared, or word for word."""
    for operation in operations:
        responses = _at(document, operation.pointer).get("responses", {})
        written = {status.upper(): response for status, response in responses.items()}
        for response in operation.responses:
            is_error = response.status[0] in "45" and response.status != "422"
            if is_error and error_shape(response, named) == errors.usual and errors.usual.fields:
                found = _followed(document, written[response.status]).get("content", {})
                return {kind: _plain(media) for kind, media in found.items()}
    if not errors.usual.fields:
        return {}
    return {errors.usual.media_type: {"schema": _object(errors.usual.fields)}}


def _plain(media: Mapping[str, Any]) -> Json:
    """A media type without examples, which are of other errors."""
    return {key: value for key, value in media.items() if key not in {"example", "examples"}}


def _object(fields: Iterable[ErrorField]) -> dict[str, Json]:
    properties: dict[str, Json] = {field.name: _schema(field) for field in fields}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _schema(field: ErrorField) -> Json:
    if field.part is ErrorPart.OBJECT:
        return _object(field.fields)
    types = {ErrorPart.STATUS: "integer", ErrorPart.VIOLATIONS: "array", ErrorPart.FIXED: ""}
    kind = types.get(field.part, "string")
    return {"type": kind} if kind else {}


def _followed(document: Any, value: Any) -> Any:
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        value = _at(document, value["$ref"])
    return value


def _at(document: Any, pointer: str) -> Any:
    """What a reference of the document leads to (RFC 6901), through references on the way."""
    value = document
    for token in pointer.removeprefix("#/").split("/"):
        value = _followed(document, value[unquote(token).replace("~1", "/").replace("~0", "~")])
    return value

"""Parameters of operations (OpenAPI 3.0.4 section 4.7.12, 3.1.1 section 4.8.12)."""

from __future__ import annotations

import re

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import Node, Place
from apiwright.problems import Position

# RFC 9110 section 5.6.2, which names of headers are made of
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_INSTEAD = {
    "accept": "media types are the keys of 'content' in responses",
    "content-type": "media types are the keys of 'content' in the request body",
    "authorization": "'security' says who may call an operation",
}


def check_duplicates(contract: Contract, found: Findings) -> None:
    """No list names a parameter twice; a parameter is its name and its place together."""
    for kind in ("operation", "path-item"):
        for place in contract.of(kind):
            _check_list(contract, place, found)


def _check_list(contract: Contract, place: Place, found: Findings) -> None:
    seen: dict[tuple[str, str], Node] = {}
    for written in place.node.list_of("parameters"):
        node = contract.resolve(written)
        where, name = node.string("in"), node.string("name")
        if not where or not name:
            continue
        # the names of headers are the same in any case (RFC 9110 section 5.1)
        key = (where, name.lower() if where == "header" else name)
        first = seen.setdefault(key, written)
        if first is written:
            continue
        found.error(
            "duplicate-parameter",
            f"the {where} parameter {quoted(name)} is listed twice",
            _telling(written, node).position,
            related=[(_telling(first, contract.resolve(first)).position, "first listed here")],
        )


def _telling(written: Node, node: Node) -> Node:
    return written.get("$ref") or node.get("name") or written


def check_path_parameters_required(contract: Contract, found: Findings) -> None:
    """A path parameter has `required: true`, since there is no path without it."""
    for place in contract.of("parameter"):
        required = place.node.get("required")
        if place.reference is not None or place.node.string("in") != "path":
            continue
        if required is None:
            message = "a path parameter must say 'required: true'"
            where = place.node.get("name") or place.node
            found.error("optional-path-parameter", message, where.position)
        elif required.value is not True:
            message = "a path parameter must be 'required: true'"
            found.error("optional-path-parameter", message, required.position)


def check_ignored_headers(contract: Contract, found: Findings) -> None:
    """Three headers are never parameters: OpenAPI says to ignore them."""
    for place in contract.of("parameter"):
        name = place.node.get("name")
        if name is None or place.node.string("in") != "header":
            continue
        if name.text.lower() in _INSTEAD:
            message = f"the header {quoted(name.text)} is ignored as a parameter, by OpenAPI's rule"
            hint = _INSTEAD[name.text.lower()]
            found.note("ignored-parameter", message, name.position, hint=hint)


def check_header_names(contract: Contract, found: Findings) -> None:
    """Headers have names that HTTP can carry; contracts with others exist."""
    for place in contract.of("parameter"):
        name = place.node.get("name")
        if name is not None and name.text and place.node.string("in") == "header":
            _check_header_name(name.text, name.position, found)
    for place in contract.of("response"):
        for text, node in place.node.entries("headers").items():
            _check_header_name(text, node.key_position, found)


def _check_header_name(name: str, position: Position, found: Findings) -> None:
    if _TOKEN.fullmatch(name) is None:
        message = f"{quoted(name)} is no name of a header: HTTP cannot carry it"
        hint = "names are made of letters, digits and hyphens"
        found.warning("bad-header-name", message, position, hint=hint)


def check_defaults(contract: Contract, found: Findings) -> None:
    """A default is for what may be left out (JSON Schema 2020-12 validation, section 9.2)."""
    for place in contract.of("parameter"):
        schema = place.node.get("schema")
        default = contract.resolve(schema).get("default") if schema is not None else None
        if default is not None and place.node.flag("required"):
            message = "a default has no effect: the parameter is required"
            found.warning("idle-default", message, default.key_position)

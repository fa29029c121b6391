"""Legal things that the service does not do by itself: notes that say what happens instead."""

from __future__ import annotations

from apiwright.check.contract import Contract, Operation
from apiwright.check.findings import Findings
from apiwright.check.security import credential
from apiwright.check.storage import success
from apiwright.check.words import quoted
from apiwright.ir.media import export_types, is_json, is_readable
from apiwright.load import Node, Place
from apiwright.load.wording import shown


def check_bodies(contract: Contract, found: Findings) -> None:
    """Bodies that are neither JSON nor a form arrive as bytes."""
    seen: set[int] = set()
    for operation in contract.operations:
        written = operation.node.get("requestBody")
        content = contract.resolve(written).entries("content") if written is not None else {}
        for media_type, node in content.items():
            if is_readable(media_type) or id(node) in seen:
                continue
            seen.add(id(node))
            message = f"bodies of {quoted(media_type)} are not looked into: they arrive as bytes"
            hint = "an override can read them"
            found.note("raw-body", message, node.key_position, hint=hint)


def check_answers(contract: Contract, found: Findings) -> None:
    """Answers that are not JSON have to be made by hand, unless they are exports."""
    for operation in contract.operations:
        response = success(contract, operation)
        content = response.entries("content") if response is not None else {}
        if operation.method == "get" and export_types(content):
            continue
        if content and not any(is_json(media_type) for media_type in content):
            _note_answer(operation, content, found)


def _note_answer(operation: Operation, content: dict[str, Node], found: Findings) -> None:
    media_type, node = next(iter(content.items()))
    message = (
        f"{shown(operation.label)} answers with {quoted(media_type)}, which nothing here makes"
    )
    hint = "it answers 501 until an override gives it a body"
    found.note("answer-by-hand", message, node.key_position, hint=hint)


def check_idle_objects(contract: Contract, found: Findings) -> None:
    """Callbacks, links and unusual methods are part of the document, and of nothing else.

    The methods and the parameters are those of OpenAPI 3.2 (sections 4.9.1 and 4.12.1).
    """
    shared = contract.section("mediaTypes")
    for node in list(shared.values())[:1]:
        message = "media types of the components are not looked into"
        found.note("not-acted-upon", message, node.key_position)
    for kind, key, what in (
        ("operation", "callbacks", "callbacks are documented, but nothing here calls them"),
        ("response", "links", "links are documented; answers don't carry them"),
        ("path-item", "query", "the method QUERY is documented, but nothing here serves it"),
        ("path-item", "additionalOperations", "methods of your own are not served here"),
    ):
        for place in contract.of(kind):
            _note_field(place, key, what, found)
    for place in contract.of("parameter"):
        where = place.node.get("in")
        if where is not None and where.text == "querystring":
            message = "a whole query string as one parameter is not looked into"
            found.note("not-acted-upon", message, where.position, hint="an override can read it")


def _note_field(place: Place, key: str, what: str, found: Findings) -> None:
    node = place.node.get(key)
    if place.reference is None and node is not None and node.mapping:
        found.note("not-acted-upon", what, node.key_position)


def check_schemes(contract: Contract, found: Findings) -> None:
    """Schemes that no generated code knows let nobody in; those of API keys are told of apart."""
    required = required_schemes(contract)
    for name, written in contract.section("securitySchemes").items():
        scheme = contract.resolve(written)
        kind = scheme.string("type")
        if name in required and kind and not credential(scheme):
            what = f"{kind} {scheme.string('scheme')}".strip() if kind == "http" else kind
            note_unknown(name, what, written, "an override can authenticate callers", found)


def required_schemes(contract: Contract) -> frozenset[str]:
    """The security schemes that some requirement names."""
    places = contract.of("security-requirement")
    return frozenset(name for place in places for name in place.node.mapping)


def note_unknown(name: str, what: str, written: Node, hint: str, found: Findings) -> None:
    """Tell that nobody gets in by a scheme."""
    message = f"{quoted(name)} lets nobody in: nothing here knows how to check '{shown(what)}'"
    found.note("unknown-authentication", message, written.key_position, hint=hint)

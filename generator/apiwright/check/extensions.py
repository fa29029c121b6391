"""The extension words wherever they stand: their places, their spelling and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from apiwright.check.contract import Contract
from apiwright.check.faults import Fault, faults
from apiwright.check.findings import Findings
from apiwright.check.specification import node_at
from apiwright.check.words import listed, quoted, steps, surely_meant
from apiwright.extensions import WORDS, Word
from apiwright.extensions.vocabulary import PROPERTY
from apiwright.load import KINDS, Node, Place, plain
from apiwright.load.wording import shown, with_article

_PARTS = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else"})
_BELONGS = {PROPERTY: "a property of a schema"}


def check_extensions(contract: Contract, found: Findings) -> None:
    """Check every `x-` key that is one of ours, or was meant to be."""
    for place in contract.places:
        kind = KINDS[place.kind]
        for key, node in place.node.mapping.items():
            if not key.startswith("x-") or not kind.is_extension(key):
                continue
            word = WORDS.get(key)
            if word is None:
                _check_foreign(key, node, place, found)
            elif _check_place(word, node, place, found):
                check_value(word, node, found)


def is_property(place: Place) -> bool:
    """Whether this is the schema of a property."""
    return place.kind == "schema" and place.keys[:1] == ("properties",)


def properties(contract: Contract, word: str) -> Iterator[tuple[Place, Node]]:
    """The properties that carry an extension, with what it says; those that say false left out."""
    for place in contract.of("schema"):
        node = place.node.get(word)
        if node is not None and node.value is not False and is_property(place):
            yield place, node


def home(place: Place) -> str:
    """The component schema that a property belongs to, itself or by way of `allOf`; or ""."""
    parent = place.parent
    while parent is not None and parent.keys[:1] == ("allOf",):
        parent = parent.parent
    path = parent.path if parent is not None else ()
    return path[2] if len(path) == 3 and path[:2] == ("components", "schemas") else ""


def _check_foreign(key: str, node: Node, place: Place, found: Findings) -> None:
    """An unknown extension is somebody else's, unless it is nearly one of ours."""
    meant = near_miss(key)
    if meant and _fits(WORDS[meant], place.kind):
        message = f"there is no extension {quoted(key)}"
        hint = f"did you mean '{meant}'?"
        found.error("unknown-extension", message, node.key_position, hint=hint)


def _fits(word: Word, kind: str) -> bool:
    return kind in word.places or (kind == "schema" and PROPERTY in word.places)


def _check_place(word: Word, node: Node, place: Place, found: Findings) -> bool:
    """Whether a word stands where it may."""
    belongs = listed(
        _BELONGS.get(kind, with_article(kind.replace("-", " "))) for kind in word.places
    )
    message, hint = "", ""
    if not _fits(word, place.kind):
        label = with_article(KINDS[place.kind].label)
        message = f"'{word.name}' belongs on {belongs}, not on {label}"
    elif place.reference is not None and place.kind != "schema":
        message = f"'{word.name}' has no effect beside a reference"
        hint = f"put it on what is referred to: {shown(place.reference.text)}"
    elif place.kind == "schema" and place.keys[:1] and place.keys[0] in _PARTS:
        message = f"'{word.name}' belongs beside '{place.keys[0]}', not inside"
    elif word.places == (PROPERTY,) and not is_property(place):
        message = f"'{word.name}' belongs on {belongs}, not on a whole schema"
    if message:
        found.error("misplaced-extension", message, node.key_position, hint=hint)
    return not message


def check_value(word: Word, node: Node, found: Findings) -> None:
    """Hold what a word says to the schema of its value."""
    value = plain(node)
    validator = _validator(word.name)
    if validator.is_valid(value):
        return
    for fault in faults(validator.iter_errors(value)):
        inner = node_at(node, fault.path) or node
        where = f"'{steps(fault.path)}' of '{word.name}'" if fault.path else f"'{word.name}'"
        if fault.code == "unknown-field":
            named = inner.mapping.get(fault.name, inner)
            message = f"{quoted(fault.name)} is no field of {where}"
            hint = found.meant(fault.name, _fields(word.name))
            found.error("unknown-field", message, named.key_position, hint=hint)
        elif fault.code == "missing-field":
            message = f"'{fault.name}' is missing in {where}"
            found.error("missing-field", message, inner.key_position)
        else:
            hint = found.meant(inner.text, fault.options) if fault.options else ""
            hint = hint or _description(word, fault)
            found.error(fault.code, f"{where} {fault.what}", inner.position, hint=hint)


def _description(word: Word, fault: Fault) -> str:
    """What the schema says about the value that breaks it, where it says anything."""
    schema: Any = word.schema
    text = ""
    for key in fault.rule:
        if isinstance(schema, dict):
            text = schema.get("description", text)
        schema = schema[key]
    return text[:1].lower() + text[1:]


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(WORDS[name].schema, offline=True)


@cache
def _fields(name: str) -> tuple[str, ...]:
    """The fields that the value of a word can have, at any depth."""
    return tuple(dict.fromkeys(_named(WORDS[name].schema)))


def _named(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _named(part)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from _named(part)


@cache
def near_miss(key: str) -> str:
    """The word that an unknown extension was surely meant to be, or ""."""
    word = surely_meant(key.removeprefix("x-"), (name.removeprefix("x-") for name in WORDS))
    return f"x-{word}" if word else ""

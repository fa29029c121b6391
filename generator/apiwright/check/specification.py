"""Every object by what OpenAPI says about its own fields.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, section 4; JSON Schema 2020-12 for the schemas of the latter two.
"""

from __future__ import annotations

from apiwright.check.advice import for_unknown_field, for_value
from apiwright.check.contract import Contract
from apiwright.check.definitions import definition
from apiwright.check.faults import Fault, Path, faults
from apiwright.check.findings import Findings
from apiwright.check.words import quoted, steps, what_is
from apiwright.load import KINDS, Field, Node, Place, Plain, Shape, plain
from apiwright.load.wording import shown, with_article

_OPEN_REFERENCES = frozenset({"schema", "path-item"})
# Data of any form, which no definition asks anything of.
_ANYTHING = frozenset({"example", "value", "dataValue"})
_ANYTHING_IN_SCHEMAS = frozenset({"default", "const"})
# What other rules say better: of two fields that exclude each other, of path parameters, of the
# names of components and of regular expressions.
_EXCLUDING = frozenset({"parameter", "header", "link", "example", "license", "media-type"})
_ONE_OF_TWO = frozenset({"schema", "content", "operationId", "operationRef"})
_BESIDE_CONTENT = frozenset({"style", "explode", "allowReserved", "example", "examples"})
_EXAMPLES = {
    "info": "for instance `info: {title: Shop, version: '1.0'}`",
    "paths": "`paths: {}` is enough for a contract without operations",
}


def check_objects(contract: Contract, found: Findings) -> None:
    """Hold every object to what OpenAPI says about its kind."""
    for place in contract.places:
        if place.reference is not None and (contract.legacy or place.kind not in _OPEN_REFERENCES):
            continue
        if _has_bad_reference(place, found):
            continue
        substitute = _substitute(place, found, legacy=contract.legacy)
        validator = definition(place, contract.version)
        if validator is None or validator.is_valid(substitute):
            continue
        explained = list(faults(validator.iter_errors(substitute)))
        alone = all(fault.code == "unknown-field" for fault in explained)
        for fault in explained:
            if not _said_elsewhere(place, fault, alone=alone):
                _report(place, fault, contract, found)


def _has_bad_reference(place: Place, found: Findings) -> bool:
    reference = place.node.get("$ref")
    if KINDS[place.kind].section is None or reference is None or isinstance(reference.value, str):
        return False
    message = f"'$ref' must be text, not {what_is(reference.value)}"
    found.error("wrong-type", message, reference.position)
    return True


def _substitute(place: Place, found: Findings, *, legacy: bool) -> dict[str, Plain]:
    """The object as plain data, with nothing in the objects inside of it.

    What stands where only an object, or a list or a mapping of objects can is reported.
    """
    kind = KINDS[place.kind]
    result: dict[str, Plain] = {}
    for key, node in place.node.mapping.items():
        field = kind.field(key)
        if key == "$ref" and (place.kind == "path-item" or (kind.section is None and node.text)):
            continue
        if (
            kind.is_extension(key)
            or key in _ANYTHING
            or (place.kind == "schema" and key in _ANYTHING_IN_SCHEMAS)
        ):
            result[key] = None
        elif place.kind == "schema" and key == "enum" and isinstance(node.value, list):
            result[key] = [None]
        elif field is None or field.kind is None:
            result[key] = plain(node)
        else:
            result[key] = _inside(key, node, field, found, legacy=legacy)
    return result


def _inside(key: str, node: Node, field: Field, found: Findings, *, legacy: bool) -> Plain:
    """An empty stand-in, of the right shape, for the objects in a field."""
    boolean = field.kind == "schema" and (not legacy or key == "additionalProperties")
    if field.shape is Shape.ONE:
        _check_object(f"'{shown(key)}'", node, found, boolean=boolean)
        return {}
    wanted: type = list if field.shape is Shape.LIST else dict
    if not isinstance(node.value, wanted):
        words = "a list" if wanted is list else "a mapping"
        if not _is_reference(node):
            message = f"'{shown(key)}' must be {words}, not {what_is(node.value)}"
            found.error("wrong-type", message, node.position)
        return [{}] if wanted is list else {}
    for name, entry in node.mapping.items() if not _is_reference(node) else ():
        if key != "dependencies" or not isinstance(entry.value, list):
            _check_object(f"'{shown(name)}'", entry, found, boolean=boolean)
    for item in node.items:
        _check_object(f"an item of '{shown(key)}'", item, found, boolean=boolean)
    if field.shape is Shape.LIST:
        return [{} for _ in node.items[:1]]
    return {name: {} for name in node.mapping}


def _is_reference(node: Node) -> bool:
    """Whether a reference stands for all that a field holds, of which the load stage has told."""
    return bool(node.string("$ref"))


def _check_object(subject: str, node: Node, found: Findings, *, boolean: bool) -> None:
    if isinstance(node.value, dict) or (boolean and isinstance(node.value, bool)):
        return
    message = f"{subject} must be a mapping, not {what_is(node.value)}"
    found.error("wrong-type", message, node.position)


def _said_elsewhere(place: Place, fault: Fault, *, alone: bool) -> bool:
    """Whether another rule says the same, or it only follows from another fault."""
    if place.kind in _EXCLUDING and not fault.path:
        missing = fault.code == "missing-field" and fault.name in _ONE_OF_TWO
        excluding = missing or fault.code == "bad-value"
    elif place.kind == "components":
        excluding = fault.code == "bad-value"
    else:
        excluding = (place.kind, fault.path, fault.code) == ("schema", ("pattern",), "bad-value")
    needed = place.kind == "parameter" and place.node.string("in") == "path"
    if excluding or (needed and "required" in (*fault.path, fault.name)):
        return True
    if fault.code != "unknown-field" or fault.name not in KINDS[place.kind].fields:
        return False
    # a field of an object with another fault is "unevaluated" as well
    return not alone or ("content" in place.node.mapping and fault.name in _BESIDE_CONTENT)


def _report(place: Place, fault: Fault, contract: Contract, found: Findings) -> None:
    node = node_at(place.node, fault.path)
    label = KINDS[place.kind].label
    if fault.code == "missing-field":
        where = f"'{steps(fault.path)}'" if fault.path else f"this {label}"
        position = node.key_position if node is not None else place.node.key_position
        message = f"'{fault.name}' is missing in {where}"
        hint = _EXAMPLES.get(fault.name, "") if place.kind == "openapi" else ""
        found.error("missing-field", message, position, hint=hint)
    elif fault.code == "unknown-field":
        named = node_at(place.node, (*fault.path, fault.name)) or place.node
        known = fault.name in KINDS[place.kind].fields
        version = f" in OpenAPI {contract.version}" if known else ""
        message = f"{quoted(fault.name)} is no field of {with_article(label)}{version}"
        hint = for_unknown_field(place, fault.name, contract.version, found)
        found.error("unknown-field", message, named.key_position, hint=hint)
    else:
        message = f"{_subject(fault.path, label)} {fault.what}"
        position = node.position if node is not None else place.node.position
        if "the format" in fault.what:
            found.warning("bad-format", message, position)
            return
        hint = for_value(place, fault, node, found, legacy=contract.legacy)
        found.error(fault.code, message, position, hint=hint)


def _subject(path: Path, label: str) -> str:
    return f"'{steps(path)}'" if path else f"this {label}"


def node_at(node: Node, path: Path) -> Node | None:
    """The node that a path of keys and indexes leads to."""
    found: Node | None = node
    for key in path:
        if found is None:
            return None
        if isinstance(key, int) and not found.mapping:
            found = found.items[key] if key < len(found.items) else None
        else:
            found = found.mapping.get(str(key))
    return found

"""The JSON Schema of contracts, for editors: OpenAPI's objects, with our extension words on them.

It is made for the language servers of YAML and JSON, which know draft 7 of JSON Schema best and
fetch nothing. The grammar says how objects stand inside each other; what their other fields hold is
taken from the schemas that come with openapi-spec-validator. Extensions of others are let through;
ours are described and checked, and refused where they do not belong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apiwright.check.contract import METHODS
from apiwright.check.definitions import kind_schemas, schema_keywords
from apiwright.extensions import WORDS
from apiwright.extensions.vocabulary import PROPERTY
from apiwright.load import KINDS, Field, Shape

_DRAFT = "http://json-schema.org/draft-07/schema#"
_VERSIONS = ("3.0", "3.1", "3.2")
_ENTRIES = {"paths": "^/", "responses": "^([1-5]([0-9]{2}|XX)|default)$", "callback": "^"}
# Formats are left out, since addresses may be relative and hold variables.
_LEFT_OUT = frozenset({"$ref", "$comment", "format"})
# What schemes of each type need (OpenAPI 3.1.1 section 4.8.27).
_SCHEMES = {
    "apiKey": ["name", "in"],
    "http": ["scheme"],
    "oauth2": ["flows"],
    "openIdConnect": ["openIdConnectUrl"],
}


def editor_schema() -> dict[str, Any]:
    """The schema, for a file that the first line of a contract names."""
    definitions = {name: _word(name) for name in WORDS}
    for version in _VERSIONS:
        definitions |= _objects(version)
    return {
        "$schema": _DRAFT,
        "title": "An OpenAPI contract for apiwright",
        "description": "OpenAPI 3.0, 3.1 or 3.2, with the extensions that apiwright knows",
        "type": "object",
        "allOf": [_of(version) for version in _VERSIONS],
        "definitions": definitions,
    }


def _of(version: str) -> dict[str, Any]:
    """What a document of one version is; one that doesn't say is taken as the first."""
    pattern = {"pattern": f"^{version.replace('.', '[.]')}"}
    condition: dict[str, Any] = {"properties": {"openapi": pattern}}
    if version != _VERSIONS[0]:
        condition["required"] = ["openapi"]
    return {"if": condition, "then": _to("openapi", version)}


def _word(name: str) -> dict[str, Any]:
    word = WORDS[name]
    return {**word.schema, "title": name, "description": word.about}


def _to(kind: str, version: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{kind}-{version}"}


def _objects(version: str) -> dict[str, Any]:
    """The definitions of all kinds of one version."""
    found: dict[str, Any] = {
        f"reference-{version}": {
            "type": "object",
            "required": ["$ref"],
            "properties": {"$ref": {"type": "string"}, "summary": {}, "description": {}},
        }
    }
    for kind in KINDS:
        if kind == "schema":
            found |= _schemas(version)
        else:
            found[f"{kind}-{version}"] = _with_words(_object(kind, version), (kind,))
    return found


def _with_words(schema: dict[str, Any], places: Iterable[str]) -> dict[str, Any]:
    """An object on which the words of `places` may stand, and no others of ours."""
    allowed = [name for name, word in WORDS.items() if set(word.places) & set(places)]
    words = {name: {"$ref": f"#/definitions/{name}"} for name in allowed}
    elsewhere = [name for name in WORDS if name not in allowed]
    return {
        **schema,
        "properties": {**schema.get("properties", {}), **words},
        "propertyNames": {"not": {"enum": elsewhere}},
    }


def _object(kind: str, version: str) -> dict[str, Any]:
    whole, definition = kind_schemas(kind, version)
    known = _options(definition, whole)
    fields = {}
    for name, field in KINDS[kind].fields.items():
        if name in known or name in METHODS or (kind, name) == ("path-item", "$ref"):
            data = _data(known.get(name, [{"type": "string"}]), whole) if not field.kind else {}
            fields[name] = _field(field, version, data)
    found: dict[str, Any] = {"type": "object", "properties": fields}
    if "required" in definition:
        found["required"] = definition["required"]
    entries = KINDS[kind].entries
    if kind == "security-requirement":
        found["additionalProperties"] = {"type": "array", "items": {"type": "string"}}
        return found
    found["patternProperties"] = {"^x-": {}} if KINDS[kind].extensible else {}
    if entries is not None and entries.kind is not None:
        found["patternProperties"][_ENTRIES[kind]] = _either(entries.kind, version)
    return {**found, "additionalProperties": False, **_conditions(kind)}


def _conditions(kind: str) -> dict[str, Any]:
    """What one field of an object asks of others."""
    if kind == "parameter":
        return {"allOf": [_if("in", "path", {"properties": {"required": {"const": True}},
                                             "required": ["required"]})]}  # fmt: skip
    if kind == "security-scheme":
        needs = _SCHEMES.items()
        return {"allOf": [_if("type", name, {"required": needed}) for name, needed in needs]}
    return {}


def _if(field: str, value: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"required": [field], "properties": {field: {"const": value}}}, "then": then}


def _schemas(version: str) -> dict[str, Any]:
    """Schemas, and those of properties, which may carry more words."""
    either: dict[str, Any]
    keywords = _legacy_keywords() if version == "3.0" else _keywords(version)
    keywords["properties"] = {"type": "object", "additionalProperties": _to("property", version)}
    schema: dict[str, Any] = {"type": "object", "properties": keywords}
    if version == "3.0":
        schema |= {"patternProperties": {"^x-": {}}, "additionalProperties": False}
        either = {"if": {"required": ["$ref"]}, "else": _to("keywords", version)}
    else:
        schema["type"] = ["object", "boolean"]
        either = {"allOf": [_to("keywords", version)]}
    return {
        f"keywords-{version}": schema,
        f"schema-{version}": _with_words(either, ("schema",)),
        f"property-{version}": _with_words(either, ("schema", PROPERTY)),
    }


def _legacy_keywords() -> dict[str, Any]:
    """The keywords of schemas of 3.0."""
    whole, definition = kind_schemas("schema", "3.0")
    fields = KINDS["schema"].fields
    found = {
        name: _field(fields[name], "3.0", {} if fields[name].kind else _plain(schema, whole))
        for name, schema in definition["properties"].items()
    }
    boolean = {"type": "boolean"}
    found["additionalProperties"] = {"anyOf": [boolean, found["additionalProperties"]]}
    return found


def _keywords(version: str) -> dict[str, Any]:
    """The keywords of schemas of 3.1 and later, those of JSON Schema and OpenAPI's own."""
    fields = KINDS["schema"].fields
    return {
        name: _field(fields[name], version, {} if fields[name].kind else _plain(schema, whole))
        for whole in schema_keywords(version)
        for name, schema in whole["properties"].items()
    }


def _field(field: Field, version: str, data: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field: of the objects in it, or else `data`."""
    if field.kind is None:
        return data
    inner = _either(field.kind, version)
    if field.shape is Shape.LIST:
        return {"type": "array", "items": inner}
    if field.shape is Shape.MAP:
        return {"type": "object", "additionalProperties": inner}
    return inner


def _either(kind: str, version: str) -> dict[str, Any]:
    """An object of a kind, or a reference to one where there may be references."""
    own = _to(kind, version)
    if KINDS[kind].section is None or kind in ("schema", "path-item"):
        return own
    return {"if": {"required": ["$ref"]}, "then": _to("reference", version), "else": own}


def _options(schema: Any, whole: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields that a definition names, at whatever condition, and what it says of each."""
    found: dict[str, list[Any]] = {}
    for name, inner in _mentioned(schema, whole):
        found.setdefault(name, []).append(inner)
    return found


def _data(options: Iterable[Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """What a field with data may hold: the values that are allowed at some condition, or a type."""
    said = [_plain(option, whole) for option in options if option is not False]
    listed = [value for option in said for value in option.get("enum", [option.get("const")])]
    values = [value for value in dict.fromkeys(listed) if isinstance(value, str)]
    if values:
        return {"enum": values}
    typed = [option for option in said if "type" in option or "anyOf" in option]
    return typed[0] if typed else {}


def _mentioned(schema: Any, whole: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(schema, list):
        for part in schema:
            yield from _mentioned(part, whole)
    if not isinstance(schema, dict):
        return
    yield from schema.get("properties", {}).items()
    if isinstance(schema.get("$ref"), str):
        yield from _mentioned(_followed(schema["$ref"], whole), whole)
    for key in ("allOf", "oneOf", "then"):
        yield from _mentioned(schema.get(key), whole)
    for part in schema.get("dependentSchemas", {}).values():
        yield from _mentioned(part, whole)


def _followed(reference: str, whole: Mapping[str, Any]) -> Any:
    found: Any = whole
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return found


def _plain(schema: Any, whole: Mapping[str, Any]) -> Any:
    """The schema of data, with its references written out, in the words of draft 7."""
    if isinstance(schema, list):
        return [_plain(part, whole) for part in schema]
    if not isinstance(schema, dict):
        return {} if schema is True else schema
    if "$dynamicRef" in schema:
        return {"type": ["object", "boolean"]}
    merged: dict[str, Any] = {}
    if isinstance(schema.get("$ref"), str):
        merged |= _plain(_followed(schema["$ref"], whole), whole)
    for key, value in schema.items():
        if key in ("enum", "const", "default"):
            merged[key] = value
        elif key not in _LEFT_OUT:
            merged[key] = _plain(value, whole) if isinstance(value, dict | list) else value
    if merged.get("exclusiveMinimum") is True:
        merged["exclusiveMinimum"] = merged.pop("minimum")
    return merged

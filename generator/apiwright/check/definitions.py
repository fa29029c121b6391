"""The JSON Schemas of OpenAPI's objects, each for one object without those inside it.

They are cut out of the schemas of whole documents that come with openapi-spec-validator. An object
is held to the schema of its own kind and nothing else, so that an error is about this object, and
no alternative has to be guessed: a reference is not an object, and what type of security scheme it
is, the scheme says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft4Validator, Draft202012Validator, Validator

from apiwright.load import Node, Place

METASCHEMA = "https://json-schema.org/draft/2020-12/schema"
"""The schemas of OpenAPI 3.1 are those of this JSON Schema, with a few words more."""

DIALECTS = (
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
)
"""What documents call the two together (3.1.1 section 4.8.24.5, 3.2.0 section 4.24.6)."""

LEGACY_NAMES: Mapping[str, str] = {
    "openapi": "",
    "info": "Info",
    "contact": "Contact",
    "license": "License",
    "server": "Server",
    "server-variable": "ServerVariable",
    "tag": "Tag",
    "external-docs": "ExternalDocumentation",
    "paths": "Paths",
    "path-item": "PathItem",
    "operation": "Operation",
    "callback": "Callback",
    "responses": "Responses",
    "response": "Response",
    "link": "Link",
    "parameter": "Parameter",
    "header": "Header",
    "request-body": "RequestBody",
    "media-type": "MediaType",
    "encoding": "Encoding",
    "example": "Example",
    "schema": "Schema",
    "discriminator": "Discriminator",
    "xml": "XML",
    "components": "Components",
    "security-requirement": "SecurityRequirement",
    "security-scheme": "SecurityScheme",
    "oauth-flows": "OAuthFlows",
}
"""Where the schema of OpenAPI 3.0 defines each kind; the document itself is the whole of it."""

LEGACY_SCHEMES: Mapping[str, str] = {
    "apiKey": "APIKeySecurityScheme",
    "http": "HTTPSecurityScheme",
    "oauth2": "OAuth2SecurityScheme",
    "openIdConnect": "OpenIdConnectSecurityScheme",
}
LEGACY_FLOWS: Mapping[str, str] = {
    "implicit": "ImplicitOAuthFlow",
    "password": "PasswordOAuthFlow",
    "clientCredentials": "ClientCredentialsFlow",
    "authorizationCode": "AuthorizationCodeOAuthFlow",
}
FLOWS: Mapping[str, str] = {
    "implicit": "implicit",
    "password": "password",
    "clientCredentials": "client-credentials",
    "authorizationCode": "authorization-code",
    "deviceAuthorization": "device-authorization",
}
_NAMES = {"external-docs": "external-documentation", "callback": "callbacks"}

_DRAFT = "schemas/draft202012"
_VOCABULARIES = (
    "core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content",
)  # fmt: skip

# Nothing but maps, whose keys have rules of their own.
_MAPS = frozenset({"paths", "responses", "callback"})
# Fields that exclude each other have a rule of their own, with better words.
_EXCLUDING = ("ExampleXORExamples", "SchemaXORContent")


def definition(place: Place, version: str) -> Validator | None:
    """What the object at `place` is held to by itself; None where other rules see to it.

    A flow that the version doesn't know is a wrong field of what it stands in.
    """
    if place.kind in _MAPS or (place.kind == "schema" and not _is_usual(place.node)):
        return None
    if place.kind == "oauth-flow" and version != "3.2" and place.keys[-1] not in LEGACY_FLOWS:
        return None
    if version != "3.0":
        return _validator(name_of(place.kind, place.keys), version)
    if place.kind == "security-scheme":
        return _legacy_validator(LEGACY_SCHEMES.get(place.node.string("type"), "no-scheme"))
    if place.kind == "oauth-flow":
        return _legacy_validator(LEGACY_FLOWS[place.keys[-1]])
    return _legacy_validator(LEGACY_NAMES[place.kind])


def name_of(kind: str, keys: tuple[str, ...]) -> str:
    """Where the schemas of OpenAPI 3.1 and later define a kind; a flow is defined by its key."""
    if kind == "oauth-flow":
        return f"oauth-flows/$defs/{FLOWS[keys[-1]]}"
    return _NAMES.get(kind, "" if kind == "openapi" else kind)


def document_schema(version: str) -> dict[str, Any]:
    """The schema of documents of a version of OpenAPI that comes with openapi-spec-validator."""
    return _resource("openapi_spec_validator", f"resources/schemas/v{version}/schema.json")


def base_vocabulary(version: str) -> dict[str, Any]:
    """The schema of the words that OpenAPI adds to JSON Schema (3.1.1 section 4.8.24.2)."""
    name = "vocabularies/base" if version == "3.1" else "meta/2025-09-17.json"
    return _resource("openapi_schema_validator", f"schemas/oas{version}/{name}")


def kind_schemas(kind: str, version: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of documents of a version, and what it says about one kind of object."""
    legacy = version == "3.0"
    whole = document_schema(version)
    if not legacy and kind in ("discriminator", "xml", "schema"):
        whole = base_vocabulary(version)
        return whole, whole["$defs"].get(kind, whole)
    if legacy and kind in ("security-scheme", "oauth-flow"):
        names = LEGACY_SCHEMES if kind == "security-scheme" else LEGACY_FLOWS
        some = [{"$ref": f"#/definitions/{name}"} for name in names.values()]
        return whole, {"oneOf": some, "required": ["type" if names is LEGACY_SCHEMES else "scopes"]}
    if not legacy and kind == "oauth-flow":
        flows = whole["$defs"]["oauth-flows"]["$defs"]
        return whole, {"oneOf": list(flows.values()), "required": ["scopes"]}
    name = LEGACY_NAMES[kind] if legacy else name_of(kind, ())
    return whole, whole["definitions" if legacy else "$defs"][name] if name else whole


def schema_keywords(version: str) -> Iterator[dict[str, Any]]:
    """The schemas of the words that schemas of OpenAPI 3.1 and later are made of."""
    for name in _VOCABULARIES:
        yield _resource("jsonschema_specifications", f"{_DRAFT}/vocabularies/{name}")
    yield base_vocabulary(version)


def _resource(package: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_resource_text(package, path))
    return found


@cache
def _resource_text(package: str, path: str) -> str:
    """A file of a package, which isn't imported for it: that would take longer than all rules."""
    found = find_spec(package)
    assert found is not None, f"{package} is installed"
    assert found.origin is not None, f"{package} is made of files"
    return (Path(found.origin).parent / path).read_text(encoding="utf-8")


def _is_usual(schema: Node) -> bool:
    """Whether a schema is of the usual dialect, and not of one that it names itself."""
    dialect = schema.get("$schema")
    return dialect is None or dialect.text in (METASCHEMA, *DIALECTS)


@cache
def _legacy_validator(name: str) -> Validator:
    whole = document_schema("3.0")
    named = whole["definitions"]
    del named["HTTPSecurityScheme"]["oneOf"]  # a rule of its own says it better
    named["no-scheme"] = {
        "required": ["type"],
        "properties": {"type": {"enum": list(LEGACY_SCHEMES)}},
    }
    kinds = (*LEGACY_NAMES.values(), *LEGACY_FLOWS.values(), *_EXCLUDING, "Reference")
    inner = frozenset(f"#/definitions/{kind}" for kind in kinds if kind)
    chosen = named[name] if name else dict(_without_head(whole))
    schema = {**_alone(chosen, inner), "definitions": _alone(named, inner)}
    return Draft4Validator(schema, validate_formats=True, offline=True)


@cache
def _validator(name: str, version: str) -> Validator:
    if name == "schema":
        return Draft202012Validator({"$ref": METASCHEMA}, offline=True)
    whole = document_schema(version)
    base = base_vocabulary(version)["$defs"]
    named = {**whole["$defs"], **{kind: base[kind] for kind in ("discriminator", "xml")}}
    named["extensible"] = base["extensible"]
    kinds = [name_of(kind, ("implicit",)) for kind in LEGACY_NAMES if kind != "openapi"]
    flows = [f"oauth-flows/$defs/{flow}" for flow in FLOWS.values()]
    either = [kind for kind in named if kind.endswith("-or-reference")]
    inner = frozenset(f"#/$defs/{kind}" for kind in (*kinds, *flows, *either))
    chosen: Any = named if name else dict(_without_head(whole))
    for key in name.split("/") if name else ():
        chosen = chosen[key]
    schema = {**_alone(chosen, inner), "$defs": _alone(named, inner)}
    return Draft202012Validator(schema, offline=True)


def _without_head(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    head = ("id", "$id", "$schema", "description", "definitions", "$defs")
    return ((key, value) for key, value in schema.items() if key not in head)


def _alone(schema: Any, inner: frozenset[str]) -> Any:
    """A schema that asks nothing of the objects inside of what it describes."""
    if isinstance(schema, list):
        return [_alone(part, inner) for part in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if (isinstance(reference, str) and reference in inner) or "$dynamicRef" in schema:
        return {}
    return {
        key: _alone(value, inner)
        for key, value in schema.items()
        if not (key == "oneOf" and _is_choice(value, inner))
    }


def _is_choice(value: Any, inner: frozenset[str]) -> bool:
    """Whether this is the choice between an object and a reference to one."""
    return isinstance(value, list) and any(part.get("$ref") in inner for part in value)

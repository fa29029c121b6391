"""The JSON Schemas of OpenAPI's objects, each for one object without those inside it.

They are cut out of the schemas of whole documents that come with openapi-spec-validator. An object
is held to the schema of its own kind and nothing else, so that an error is about this object, and
no alternative has to be guessed: a reference is not an object, and what type of security scheme it
is, the scheme says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema_rs import Draft4Validator, Draft202012Validator, Validator

from apiwright.load import Node, Place

_METASCHEMA = "https://json-schema.org/draft/2020-12/schema"
_LEGACY: Mapping[str, str] = {
    "openapi": "",
    "info": "Info",
    "contact": "Contact",
    "license": "License",
    "server": "Server",
    "server-variable": "ServerVariable",
    "tag": "Tag",
    "external-docs": "ExternalDocumentation",
    "path-item": "PathItem",
    "operation": "Operation",
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
    "oauth-flows": "OAuthFlows",
    "security-scheme": "",
    "oauth-flow": "",
    "paths": "Paths",
    "responses": "Responses",
    "callback": "Callback",
}
_LEGACY_SCHEMES = {
    "apiKey": "APIKeySecurityScheme",
    "http": "HTTPSecurityScheme",
    "oauth2": "OAuth2SecurityScheme",
    "openIdConnect": "OpenIdConnectSecurityScheme",
}
_LEGACY_FLOWS = {
    "implicit": "ImplicitOAuthFlow",
    "password": "PasswordOAuthFlow",
    "clientCredentials": "ClientCredentialsFlow",
    "authorizationCode": "AuthorizationCodeOAuthFlow",
}
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "clientCredentials": "client-credentials",
    "authorizationCode": "authorization-code",
}
# Two fields that exclude each other: a rule with better words says so.
_RULES_ELSEWHERE = ("ExampleXORExamples", "SchemaXORContent")
# Kinds that are nothing but a map, whose keys rules of their own look at.
_MAPS = frozenset({"paths", "responses", "callback"})


def definition(place: Place, *, legacy: bool) -> Validator | None:
    """What the object at `place` is held to by itself; None where other rules see to it."""
    name = _legacy_name(place) if legacy else _name(place)
    if name is None:
        return None
    return _legacy_validator(name) if legacy else _validator(name)


def document_schema(version: str) -> dict[str, Any]:
    """The schema of documents of OpenAPI "3.0" or "3.1" that comes with openapi-spec-validator."""
    path = f"resources/schemas/v{version}/schema.json"
    text = (files("openapi_spec_validator") / path).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def base_vocabulary() -> dict[str, Any]:
    """The schema of what OpenAPI 3.1 adds to the schemas of JSON Schema."""
    path = "schemas/oas3.1/vocabularies/base"
    text = (files("openapi_schema_validator") / path).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _legacy_name(place: Place) -> str | None:
    if place.kind in _MAPS:
        return None
    if place.kind == "security-scheme":
        return _LEGACY_SCHEMES.get(place.node.string("type"), "NoScheme")
    if place.kind == "oauth-flow":
        return _LEGACY_FLOWS.get(place.keys[-1])
    return _LEGACY[place.kind]


def _name(place: Place) -> str | None:
    if place.kind in _MAPS:
        return None
    if place.kind == "schema":
        return "schema" if _is_usual(place.node) else None
    if place.kind == "oauth-flow":
        return f"oauth-flows/$defs/{_FLOWS[place.keys[-1]]}"
    return {"openapi": "", "external-docs": "external-documentation"}.get(place.kind, place.kind)


def _is_usual(schema: Node) -> bool:
    """Whether a schema is of the dialect of OpenAPI 3.1, and not of one that it names itself."""
    dialect = schema.get("$schema")
    return dialect is None or dialect.text in (
        _METASCHEMA,
        "https://spec.openapis.org/oas/3.1/dialect/base",
    )


@cache
def _legacy_validator(name: str) -> Validator:
    whole = document_schema("3.0")
    named = whole["definitions"]
    named["HTTPSecurityScheme"].pop("oneOf")
    kinds = {*_LEGACY.values(), *_LEGACY_SCHEMES.values(), *_LEGACY_FLOWS.values()}
    objects = {f"#/definitions/{name}" for name in (*kinds, *_RULES_ELSEWHERE, "Reference")}
    objects |= {"#/definitions/SecurityScheme"}
    named["NoScheme"] = {"required": ["type"], "properties": {"type": {"enum": [*_LEGACY_SCHEMES]}}}
    chosen = named[name] if name else {k: v for k, v in whole.items() if k not in _OWN_KEYS}
    shallow = {**_without(chosen, objects), "definitions": _without(named, objects)}
    return Draft4Validator(shallow, validate_formats=True, offline=True)


_OWN_KEYS = ("id", "$id", "$schema", "definitions", "$defs", "description")


@cache
def _validator(name: str) -> Validator:
    if name == "schema":
        return Draft202012Validator({"$ref": _METASCHEMA}, offline=True)
    whole = document_schema("3.1")
    named = whole["$defs"]
    base = base_vocabulary()["$defs"]
    named.update({kind: base[kind] for kind in ("discriminator", "xml", "extensible")})
    kinds = {*_LEGACY, "external-documentation", "callbacks", "schema", "reference"}
    objects = {f"#/$defs/{kind}" for kind in kinds}
    objects |= {key for key in map("#/$defs/{}".format, named) if key.endswith("-or-reference")}
    objects |= {f"#/$defs/oauth-flows/$defs/{flow}" for flow in _FLOWS.values()}
    chosen = {k: v for k, v in whole.items() if k not in _OWN_KEYS}
    for key in name.split("/") if name else ():
        chosen = (chosen if key != name.split("/", maxsplit=1)[0] else named)[key]
    shallow = {**_without(chosen, objects), "$defs": _without(named, objects)}
    return Draft202012Validator(shallow, offline=True)


def _without(schema: Any, objects: set[str]) -> Any:
    """A schema that asks nothing of the objects inside of what it describes."""
    if isinstance(schema, list):
        return [_without(part, objects) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") in objects or "$dynamicRef" in schema:
        return {}
    found = {}
    for key, value in schema.items():
        if key == "oneOf" and isinstance(value, list):
            if any(part.get("$ref") in objects for part in value):
                continue
        found[key] = _without(value, objects)
    return found

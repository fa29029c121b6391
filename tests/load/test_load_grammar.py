from __future__ import annotations

import json
from typing import Any

import pytest

from apiwright.load import KINDS, SECTIONS, Shape, kind_at, walk
from apiwright.load.grammar import DATA
from tests.load.load_helpers import json_of, minimal, yaml_of

EVERYTHING: dict[str, Any] = minimal(
    servers=[{"url": "/", "variables": {"x-v": {"default": "1"}}, "x-note": {"url": "/"}}],
    tags=[{"name": "t", "externalDocs": {"url": "/"}}],
    security=[{"key": []}],
    webhooks={"x-hook": {"post": {"responses": {}}}},
    paths={
        "/a": {
            "parameters": [{"$ref": "#/components/parameters/P"}],
            "servers": [{"url": "/"}],
            "get": {
                "requestBody": {"content": {"text/plain": {"encoding": {"f": {"headers": {}}}}}},
                "responses": {
                    "200": {
                        "headers": {"x-rate": {"schema": {"type": "integer"}}},
                        "content": {"a/b": {"schema": {}, "examples": {"x-e": {"value": 1}}}},
                        "links": {"l": {"server": {"url": "/"}}},
                    },
                    "x-none": {"headers": {}},
                },
                "callbacks": {"c": {"{$url}": {"get": {}}, "x-none": {"get": {}}}},
                "security": [{}],
            },
        },
        "x-none": {"get": {}},
    },
    components={
        "schemas": {
            "x-S": {
                "allOf": [{"not": {"items": {}}}],
                "properties": {"$ref": {"type": "string"}, "x-p": {}, "enum": {"enum": [{}]}},
                "additionalProperties": {},
                "dependencies": {"a": ["b"], "c": {}},
                "if": {"const": {"type": "x"}},
                "discriminator": {"propertyName": "p"},
                "xml": {"name": "x"},
                "example": {"$ref": "#/nowhere"},
                "default": {"properties": {"a": {}}},
                "x-data": {"properties": {"a": {}}},
                "unknown": {"properties": {}},
            },
            "R": {"$ref": "#/components/schemas/x-S", "properties": {"beside": {}}},
            "B": True,
        },
        "responses": {"R": {"$ref": "#/x", "headers": {"H": {}}}},
        "securitySchemes": {"s": {"flows": {"implicit": {"scopes": {"a": "b"}}}}},
        "pathItems": {"p": {"$ref": "#/paths/~1a", "trace": {}}},
        "unknown": {"a": {}},
    },
)

PLACES = """
#                                                openapi
#/info                                           info
#/paths                                          paths
#/paths/~1a                                      path-item
#/paths/~1a/parameters/0                         parameter
#/paths/~1a/servers/0                            server
#/paths/~1a/get                                  operation
#/paths/~1a/get/requestBody                      request-body
#/paths/~1a/get/requestBody/content/text~1plain  media-type
#/paths/~1a/get/requestBody/content/text~1plain/encoding/f encoding
#/paths/~1a/get/responses                        responses
#/paths/~1a/get/responses/200                    response
#/paths/~1a/get/responses/200/headers/x-rate     header
#/paths/~1a/get/responses/200/headers/x-rate/schema schema
#/paths/~1a/get/responses/200/content/a~1b       media-type
#/paths/~1a/get/responses/200/content/a~1b/schema schema
#/paths/~1a/get/responses/200/content/a~1b/examples/x-e example
#/paths/~1a/get/responses/200/links/l            link
#/paths/~1a/get/responses/200/links/l/server     server
#/paths/~1a/get/callbacks/c                      callback
#/paths/~1a/get/callbacks/c/{$url}               path-item
#/paths/~1a/get/callbacks/c/{$url}/get           operation
#/paths/~1a/get/security/0                       security-requirement
#/servers/0                                      server
#/servers/0/variables/x-v                        server-variable
#/tags/0                                         tag
#/tags/0/externalDocs                            external-docs
#/security/0                                     security-requirement
#/webhooks/x-hook                                path-item
#/webhooks/x-hook/post                           operation
#/webhooks/x-hook/post/responses                 responses
#/components                                     components
#/components/schemas/x-S                         schema
#/components/schemas/x-S/allOf/0                 schema
#/components/schemas/x-S/allOf/0/not             schema
#/components/schemas/x-S/allOf/0/not/items       schema
#/components/schemas/x-S/properties/$ref         schema
#/components/schemas/x-S/properties/x-p          schema
#/components/schemas/x-S/properties/enum         schema
#/components/schemas/x-S/additionalProperties    schema
#/components/schemas/x-S/dependencies/c          schema
#/components/schemas/x-S/if                      schema
#/components/schemas/x-S/discriminator           discriminator
#/components/schemas/x-S/xml                     xml
#/components/schemas/R                           schema
#/components/schemas/R/properties/beside         schema
#/components/responses/R                         response
#/components/securitySchemes/s                   security-scheme
#/components/securitySchemes/s/flows             oauth-flows
#/components/securitySchemes/s/flows/implicit    oauth-flow
#/components/pathItems/p                         path-item
#/components/pathItems/p/trace                   operation
"""


def test_walk_visits_every_object_once_in_order() -> None:
    node, _ = json_of(json.dumps(EVERYTHING))
    assert node is not None
    expected = [tuple(line.split()) for line in PLACES.split("\n") if line]
    assert [(place.pointer, place.kind) for place in walk(node)] == expected


def test_places_know_the_way_and_whether_they_are_references() -> None:
    node, _ = yaml_of("properties:\n  $ref: {$ref: '#/a%b', x-a: 1}\n  b: {$ref: {}}\n")
    assert node is not None
    root, reference, other = walk(node, "schema")
    assert (root.parent, root.keys, root.pointer) == (None, (), "#")
    assert reference.parent is root
    assert reference.keys == ("properties", "$ref")
    assert reference.reference is not None
    assert reference.reference.text == "#/a%b"
    assert other.reference is None
    assert next(walk(node, "paths")).reference is None


def test_pointers_of_places_can_be_looked_up_again() -> None:
    node, _ = yaml_of("'/100%/{a b}~': {get: {}}")
    assert node is not None
    assert [place.pointer for place in walk(node, "paths")][1] == "#/~1100%25~1{a b}~0"


def test_a_walk_of_what_is_no_object_is_empty() -> None:
    node, _ = yaml_of("[a]")
    assert node is not None
    assert list(walk(node)) == []


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ("", "openapi"),
        ("components", "components"),
        ("components schemas", ""),
        ("components schemas X", "schema"),
        ("components schemas X properties", ""),
        ("components schemas X properties default", "schema"),
        ("components schemas X default", None),
        ("components schemas X x-a", None),
        ("components schemas X allOf 0 items", "schema"),
        ("components nothing X", None),
        ("paths /a get responses 200", "response"),
        ("paths x-a get", None),
        ("security 0", "security-requirement"),
        ("security 0 name", None),
    ],
)
def test_kind_at(keys: str, kind: str | None) -> None:
    assert kind_at("openapi", keys.split()) == kind


def test_the_table_holds_together() -> None:
    kinds = {
        field.kind
        for kind in KINDS.values()
        for field in (*kind.fields.values(), kind.entries or DATA)
        if field.kind is not None
    }
    assert kinds | {"openapi"} == set(KINDS)
    assert {name: field.kind for name, field in KINDS["components"].fields.items()} == SECTIONS
    assert all(KINDS["components"].fields[name].shape is Shape.MAP for name in SECTIONS)
    assert KINDS["schema"].field("x-a") is None
    assert KINDS["paths"].is_extension("x-a")
    assert not KINDS["security-requirement"].is_extension("x-a")
    assert KINDS["security-requirement"].field("x-a") is DATA
    assert (KINDS["request-body"].label, KINDS["openapi"].label) == ("request body", "document")

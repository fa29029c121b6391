"""What is said in other words is no change; what differs is told in the place that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apiwright.breaking import Level, api_changes
from apiwright.problems import Position
from tests.support.api_changes import GONE, Edits, changes, edited, read

TEXT: Any = {"type": "string"}
JSON = "application/json"


def contract(schema: Any, version: str = "3.1.0", **schemas: Any) -> dict[str, Any]:
    """A contract whose one operation takes and gives a schema."""
    content = {"content": {JSON: {"schema": schema}}}
    return {
        "openapi": version,
        "info": {"title": "One", "version": "1"},
        "paths": {
            "/one/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                "post": {
                    "operationId": "one",
                    "requestBody": content,
                    "responses": {"200": {"description": "done", **content}},
                },
            }
        },
        "components": {"schemas": schemas},
    }


def ref(name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}"}


def obj(*required: str, **properties: Any) -> Any:
    return {"type": "object", "properties": properties, "required": list(required)}


def old(schema: Any, **schemas: Any) -> dict[str, Any]:
    return contract(schema, "3.0.3", **schemas)


THING = obj("a", a=TEXT, b={"type": "integer"})
TREE = obj(children={"type": "array", "items": ref("Tree")}, value=TEXT)
NODE = obj(children={"type": "array", "items": ref("Node")}, value=TEXT)

ALIKE = {
    "a schema under a name": (contract(THING), contract(ref("Thing"), Thing=THING)),
    "another name": (contract(ref("A"), A=THING), contract(ref("B"), B=THING)),
    "another name of a recursive schema": (
        contract(ref("Tree"), Tree=TREE),
        contract(ref("Node"), Node=NODE),
    ),
    "a recursive schema, once written out": (
        contract(ref("Tree"), Tree=TREE),
        contract(TREE, Tree=TREE),
    ),
    "a chain of references": (contract(ref("A"), A=ref("B"), B=THING), contract(THING)),
    "allOf": (
        contract({"allOf": [obj("a", a=TEXT), ref("B")]}, B=obj(b={"type": "integer"})),
        contract(THING),
    ),
    "allOf in another order": (
        contract({"allOf": [obj(a=TEXT), obj("a", b=TEXT)]}),
        contract({"allOf": [obj("a", b=TEXT), obj(a=TEXT)]}),
    ),
    "a property described twice": (
        contract({"allOf": [obj(a=TEXT), obj(a={"maxLength": 3})]}),
        contract(obj(a={"type": "string", "maxLength": 3})),
    ),
    "nullable, in both versions": (
        old(obj(a={"type": "string", "nullable": True})),
        contract(obj(a={"type": ["string", "null"]})),
    ),
    "null as an alternative": (
        contract(obj(a={"type": ["string", "null"], "maxLength": 3})),
        contract(obj(a={"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]})),
    ),
    "a nullable reference, in both versions": (
        old(obj(a={"allOf": [ref("T")], "nullable": True}), T=THING),
        contract(obj(a={"oneOf": [ref("T"), {"type": "null"}]}), T=THING),
    ),
    "a nullable enum": (
        old({"type": "string", "enum": ["a"], "nullable": True}),
        contract({"enum": [None, "a"]}),
    ),
    "an exclusive bound, in both versions": (
        old({"type": "number", "minimum": 0, "exclusiveMinimum": True}),
        contract({"type": "number", "exclusiveMinimum": 0}),
    ),
    "an exclusive bound of a whole number": (
        contract({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10}),
        contract({"type": "integer", "minimum": 1, "maximum": 9}),
    ),
    "the tighter of two bounds": (
        contract({"type": "number", "minimum": 0, "exclusiveMinimum": 0, "maximum": 5}),
        contract({"type": "number", "exclusiveMinimum": 0, "allOf": [{"maximum": 5}]}),
    ),
    "const": (contract({"const": "a"}), contract({"type": "string", "enum": ["a"]})),
    "an enum of all there is": (
        contract({"type": "boolean"}),
        contract({"type": "boolean", "enum": [False, True]}),
    ),
    "numbers that are the same": (
        contract({"type": "number", "enum": [1, 2.5], "maximum": 3}),
        contract({"type": "number", "enum": [2.5, 1.0], "maximum": 3.0}),
    ),
    "what anything allows": (
        contract({"type": "array"}),
        contract({"type": "array", "items": {}, "minItems": 0}),
    ),
    "what objects allow": (
        contract({"type": "object"}),
        contract({"type": "object", "additionalProperties": True, "properties": {}}),
    ),
    "an open map": (
        contract({"type": "object", "additionalProperties": {}}),
        contract({"type": "object", "additionalProperties": True}),
    ),
    "alternatives in another order": (
        contract({"oneOf": [ref("A"), ref("B")]}, A=THING, B=TREE, Tree=TREE),
        contract({"oneOf": [ref("Tree"), ref("X")]}, X=THING, Tree=TREE),
    ),
    "a single alternative": (contract({"oneOf": [THING]}), contract(THING)),
    "words for people": (
        contract({**THING, "title": "Thing", "x-table": "things"}),
        contract({**THING, "description": "A thing", "examples": [{"a": "b"}]}),
    ),
    "required of a property that doesn't travel": (
        old(obj("a", a={"type": "string", "readOnly": True, "writeOnly": True})),
        old(obj(a={"type": "string", "readOnly": True, "writeOnly": True})),
    ),
    "a format that says nothing": (contract(TEXT), contract({**TEXT, "format": "password"})),
}


@pytest.mark.parametrize(("before", "after"), ALIKE.values(), ids=list(ALIKE))
def test_the_same_in_other_words_is_no_change(before: Any, after: Any) -> None:
    assert changes(before, after) == ()
    assert changes(after, before) == ()


ONE = "paths /one/{id}"
POST = f"{ONE} post"
BASE = {
    **contract(THING),
    "security": [{"login": []}, {}],
    "servers": [{"url": "/{stage}/v1/", "variables": {"stage": {"default": "api"}}}],
}
BASE["components"] = {
    "securitySchemes": {"login": {"type": "http", "scheme": "bearer"}},
    "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": TEXT}},
    "responses": {"Done": BASE["paths"]["/one/{id}"]["post"]["responses"]["200"]},
    "requestBodies": {"Thing": BASE["paths"]["/one/{id}"]["post"]["requestBody"]},
}
ITEM = BASE["paths"]["/one/{id}"]

SAME: dict[str, Edits] = {
    "another name of a path parameter": {
        "paths": {
            "/one/{thing_id}": {
                **ITEM,
                "parameters": [{**ITEM["parameters"][0], "name": "thing_id"}],
            }
        }
    },
    "the parameters of a path at its operation": {
        f"{ONE} parameters": GONE,
        f"{POST} parameters": [{"$ref": "#/components/parameters/Id"}],
    },
    "a parameter that replaces that of the path": {
        f"{ONE} parameters 0 schema": {"type": "integer"},
        f"{POST} parameters": [{"$ref": "#/components/parameters/Id"}],
    },
    "a response under a name": {f"{POST} responses 200": {"$ref": "#/components/responses/Done"}},
    "a body under a name": {f"{POST} requestBody": {"$ref": "#/components/requestBodies/Thing"}},
    "security at the operation": {"security": GONE, f"{POST} security": [{}, {"login": []}]},
    "another name of a scheme, told once": {
        "components securitySchemes": {"login": {"type": "http", "scheme": "Bearer"}}
    },
    "the server's path in the paths": {
        "servers": [{"url": "https://elsewhere.example"}],
        "paths": {"/api/v1/one/{id}": ITEM},
    },
    "the server at the operation": {"servers": GONE, f"{POST} servers": [{"url": "/api/v1"}]},
    "the server at the path": {"servers": GONE, f"{ONE} servers": [{"url": "/api/v1"}]},
    "words for people": {
        "info": {"title": "Two", "version": "2", "description": "x"},
        f"{POST} summary": "x",
        f"{POST} description": "x",
        f"{POST} responses 200 description": "x",
        "x-anything": {"a": 1},
        f"{POST} x-action": "create",
    },
    "a schema that nobody uses": {"components schemas": {"New": THING}},
    "how a single value is exploded": {f"{ONE} parameters 0 style": "simple"},
    "a media type in capitals": {
        f"{POST} requestBody content": {"Application/JSON": {"schema": THING}},
        f"{POST} responses 200 content": {"Application/JSON": {"schema": THING}},
    },
}


@pytest.mark.parametrize("edits", SAME.values(), ids=list(SAME))
def test_operations_in_other_words_are_no_change(edits: Edits) -> None:
    other = edited(BASE, edits)
    assert changes(BASE, other) == ()
    assert changes(other, BASE) == ()


def told(before: Any, after: Any) -> set[tuple[str, str]]:
    return {(change.id, change.where) for change in changes(before, after)}


BODY, ANSWER = f"requestBody/{JSON}", f"responses/200/{JSON}"


def test_read_only_properties_are_no_matter_of_requests() -> None:
    secret = {"type": "string", "readOnly": True, "maxLength": 9}
    before = contract(ref("T"), T=obj("a", a=secret))
    assert told(before, contract(ref("T"), T=obj("a", a={**secret, "maxLength": 5}))) == {
        ("response-property-max-length-decreased", f"{ANSWER}/a")
    }
    assert told(before, contract(ref("T"), T=obj("a", "b", a=secret, b=secret))) == {
        ("response-required-property-added", f"{ANSWER}/b")
    }


def test_write_only_properties_are_no_matter_of_responses() -> None:
    secret = {"type": "string", "writeOnly": True}
    assert told(contract(obj(a=secret)), contract(obj("a", "b", a=secret, b=secret))) == {
        ("request-property-became-required", f"{BODY}/a"),
        ("new-required-request-property", f"{BODY}/b"),
    }


def test_a_change_far_inside_is_told_where_it_is() -> None:
    def tree(value: Any) -> dict[str, Any]:
        return contract(
            obj(pages={"type": "array", "items": ref("Tree")}),
            Tree=obj(children={"type": "object", "additionalProperties": ref("Tree")}, value=value),
        )

    assert told(tree(TEXT), tree({**TEXT, "enum": ["a"]})) == {
        ("request-property-became-enum", f"{BODY}/pages/[]/value"),
        ("response-property-became-enum", f"{ANSWER}/pages/[]/value"),
    }


def test_schemas_that_contain_each_other_and_themselves_come_to_an_end() -> None:
    def knot(value: Any) -> dict[str, Any]:
        return contract(
            ref("A"),
            A={"allOf": [ref("B"), {"oneOf": [ref("A"), ref("B"), ref("C")]}]},
            B={"allOf": [ref("A")], "not": ref("B"), "properties": {"a": ref("A"), "v": value}},
            C={"$ref": "#/components/schemas/A", "items": ref("C")},
        )

    assert told(knot(TEXT), knot(TEXT)) == set()
    assert ("request-property-type-changed", f"{BODY}/v") in told(
        knot(TEXT), knot({"type": "null"})
    )


def test_numbers_in_a_query_may_become_text_but_not_in_json() -> None:
    def searched(schema: Any) -> dict[str, Any]:
        parameter = {"name": "q", "in": "query", "schema": schema}
        return edited(contract(obj(q=schema)), {f"{ONE} parameters 1": parameter})

    number, text = searched({"type": "integer"}), searched(TEXT)
    found = {change.where: (change.id, change.level) for change in changes(number, text)}
    assert found["parameters/query/q"] == ("request-parameter-type-generalized", Level.INFO)
    assert found[f"{BODY}/q"] == ("request-property-type-changed", Level.BREAKING)
    assert found[f"{ANSWER}/q"] == ("response-property-type-changed", Level.BREAKING)
    found = {change.where: (change.id, change.level) for change in changes(text, number)}
    assert found["parameters/query/q"] == ("request-parameter-type-changed", Level.BREAKING)


@pytest.mark.parametrize(
    ("before", "after", "request_id", "response_id"),
    [
        ("int32", "int64", "type-generalized", "type-generalized"),
        ("double", "float", "type-changed", "type-specialized"),
        ("", "int32", "type-changed", "type-specialized"),
        ("int32", "", "type-generalized", "type-generalized"),
        ("int32", "float", "type-changed", "type-changed"),
    ],
)
def test_formats_are_a_matter_of_type(
    before: str, after: str, request_id: str, response_id: str
) -> None:
    pair = [
        contract({"type": "number", **({"format": name} if name else {})})
        for name in (before, after)
    ]
    assert told(*pair) == {
        (f"request-body-{request_id}", BODY),
        (f"response-body-{response_id}", ANSWER),
    }


def test_a_schema_that_becomes_one_of_several_is_one_alternative_of_them() -> None:
    cat, dog = obj("meow", meow=TEXT), obj("bark", bark=TEXT)
    assert told(contract(cat), contract({"oneOf": [dog, cat]})) == {
        ("request-body-one-of-added", BODY),
        ("response-body-one-of-added", ANSWER),
    }
    assert told(contract({"oneOf": [dog, cat]}), contract(cat)) == {
        ("request-body-one-of-removed", BODY),
        ("response-body-one-of-removed", ANSWER),
    }


def test_an_alternative_that_changed_is_compared_and_not_exchanged() -> None:
    cat, dog = obj("meow", meow=TEXT), obj("bark", bark=TEXT)
    louder = obj("meow", meow={**TEXT, "maxLength": 9})
    assert told(contract({"oneOf": [cat, dog]}), contract({"oneOf": [dog, louder]})) == {
        ("request-property-max-length-set", f"{BODY}/(object)/meow"),
        ("response-property-max-length-set", f"{ANSWER}/(object)/meow"),
    }


def test_another_type_says_it_all() -> None:
    before = contract({"type": "string", "maxLength": 3, "pattern": "a"})
    assert {name for name, _ in told(before, contract({"type": "array"}))} >= {
        "request-body-type-changed"
    }


def test_a_changed_base_path_is_told_once() -> None:
    [change] = changes(BASE, edited(BASE, {"servers": [{"url": "/api/v2"}]}))
    assert (change.id, change.level) == ("api-base-path-changed", Level.BREAKING)
    assert "/api/v1" in change.message
    assert "/api/v2" in change.message


def test_paths_alike_but_for_names_are_not_mixed_up() -> None:
    twin = {"get": {"responses": {"200": {"description": "x"}}}}
    before = edited(BASE, {"paths /one/{name}": twin})
    assert changes(before, before) == ()
    after = edited(before, {"paths /one/{name}": GONE})
    assert {change.id for change in changes(before, after)} == {
        "api-path-removed-without-deprecation"
    }


YAML = """\
openapi: 3.1.0
info: {title: One, version: '1'}
paths:
  /one:
    get:
      parameters:
        - name: limit
          in: query
          schema:
            type: integer
            maximum: 9
      responses:
        '200': {description: done}
    delete:
      responses:
        '204': {description: done}
"""


def test_changes_say_where_they_stand(tmp_path: Path) -> None:
    old_file, new_file = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old_file.write_text(YAML, encoding="utf-8")
    after = YAML.replace("maximum: 9", "maximum: 5").partition("    delete")[0]
    new_file.write_text(after, encoding="utf-8")
    found = api_changes(read(old_file, tmp_path), read(new_file, tmp_path))
    assert [(change.id, change.operation, change.where, change.position) for change in found] == [
        ("api-removed-without-deprecation", "DELETE /one", "", Position("old.yaml", 14, 5)),
        (
            "request-parameter-max-decreased",
            "GET /one",
            "parameters/query/limit",
            Position("new.yaml", 11, 13),
        ),
    ]
    assert found[0].message == "DELETE /one is gone, and wasn't deprecated"
    assert found[1].message == (
        "the query parameter 'limit' has 5 instead of 9 as its greatest value"
    )

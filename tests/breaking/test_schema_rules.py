"""Every rule about a schema, in every place that has schemas: where it speaks and where not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from apiwright.breaking import RULES
from apiwright.breaking.aspects import ASPECTS, BOUNDS, KEPT, Aspect
from apiwright.breaking.places import (
    HEADER,
    PARAMETER,
    PARAMETER_PROPERTY,
    REQUEST_BODY,
    REQUEST_PROPERTY,
    RESPONSE_BODY,
    RESPONSE_PROPERTY,
    SUBJECTS,
    Subject,
)
from apiwright.breaking.rules import schema_id, schema_rule
from tests.support.api_changes import changes

Schema = Any


@dataclass(frozen=True)
class Case:
    """A change that an aspect is about, and one beside it that it isn't about."""

    before: Schema
    after: Schema
    other_before: Schema
    other_after: Schema


def both_ways(aspect: str, opposite: str, before: Schema, after: Schema) -> dict[str, Case]:
    """Two aspects, of which each is what the other one is not."""
    return {
        aspect: Case(before, after, after, before),
        opposite: Case(after, before, before, after),
    }


def of(**keywords: Any) -> Schema:
    return {key.rstrip("_"): value for key, value in keywords.items()}


TYPES = {
    "Length": "string",
    "Items": "array",
    "Properties": "object",
    "Contains": "array",
    "imum": "number",
}


def bounds() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for name, (keyword, _) in BOUNDS.items():
        kind = next(kind for end, kind in TYPES.items() if keyword.endswith(end))
        free: Schema = {"type": kind}
        if keyword.endswith("Contains"):
            free["contains"] = {"type": "string"}
        low, high = {**free, keyword: 3}, {**free, keyword: 5}
        found |= both_ways(f"{name}-set", f"{name}-unset", free, low)
        found |= both_ways(f"{name}-increased", f"{name}-decreased", low, high)
    return found


def kept() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for keyword, (name, _) in KEPT.items():
        inner = {"maxLength": 3}
        there = {keyword: inner}
        found |= both_ways(f"{name}-added", f"{name}-removed", {}, there)
        if name in {"not", "if"}:
            other = {keyword: {"maxLength": 4}}
            same = {keyword: {"maxLength": 3, "description": "in other words"}}
            found[f"{name}-changed"] = Case(there, other, there, same)
    return found


CAT = of(type="object", properties={"meow": of(type="string")}, required=["meow"])
DOG = of(type="object", properties={"bark": of(type="string")}, required=["bark"])
COW = of(type="object", properties={"moo": of(type="string")}, required=["moo"])


def alternatives() -> dict[str, Case]:
    found: dict[str, Case] = {}
    for keyword, name in (("oneOf", "one-of"), ("anyOf", "any-of")):
        few, many = {keyword: [CAT, DOG]}, {keyword: [DOG, CAT, COW]}
        found |= both_ways(f"{name}-added", f"{name}-removed", few, many)
    return found


def told_apart(name: str = "kind", **mapping: str) -> Schema:
    targets = {key: f"#/components/schemas/{value}" for key, value in mapping.items()}
    return {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": name, **({"mapping": targets} if targets else {})},
    }


UNTOLD = {"oneOf": told_apart()["oneOf"]}

CASES: dict[str, Case] = {
    "type-changed": Case(
        of(type="boolean"), of(type="integer"), of(type="integer"), of(type=["integer"])
    ),
    **both_ways("type-generalized", "type-specialized", of(type="integer"), of(type="number")),
    **both_ways(
        "list-of-types-widened",
        "list-of-types-narrowed",
        of(type=["integer", "boolean"]),
        of(type=["integer", "boolean", "array"]),
    ),
    **both_ways(
        "became-nullable",
        "became-not-nullable",
        of(type="integer"),
        of(anyOf=[of(type="integer"), of(type="null")]),
    ),
    **both_ways(
        "became-enum", "enum-removed", of(type="string"), of(type="string", enum=["a", "b"])
    ),
    **both_ways(
        "enum-value-added", "enum-value-removed", of(type="string", const="a"), of(enum=["b", "a"])
    ),
    **both_ways(
        "default-value-added",
        "default-value-removed",
        of(type="integer"),
        of(type="integer", default=1),
    ),
    "default-value-changed": Case(
        of(type="integer", default=1),
        of(type="integer", default=2),
        of(type="number", default=1),
        of(type="number", default=1.0),
    ),
    **bounds(),
    **both_ways(
        "multiple-of-set", "multiple-of-unset", of(type="number"), of(type="number", multipleOf=2)
    ),
    "multiple-of-changed": Case(
        of(type="number", multipleOf=2),
        of(type="number", multipleOf=3),
        of(type="number", multipleOf=2),
        of(type="number", multipleOf=2.0),
    ),
    **both_ways(
        "multiple-of-generalized",
        "multiple-of-specialized",
        of(type="number", multipleOf=4),
        of(type="number", multipleOf=2),
    ),
    **both_ways(
        "unique-items-set",
        "unique-items-unset",
        of(type="array", uniqueItems=False),
        of(type="array", uniqueItems=True),
    ),
    **both_ways(
        "pattern-added", "pattern-removed", of(type="string"), of(type="string", pattern="^a")
    ),
    "pattern-changed": Case(
        of(type="string", pattern="^a"),
        of(type="string", pattern="^b"),
        of(type="string", pattern="^a"),
        of(type="string", allOf=[of(pattern="^a")]),
    ),
    **both_ways(
        "additional-properties-closed",
        "additional-properties-opened",
        of(type="object"),
        of(type="object", additionalProperties=False),
    ),
    **both_ways(
        "pattern-property-added",
        "pattern-property-removed",
        of(type="object"),
        of(type="object", patternProperties={"^a": of(type="string")}),
    ),
    **both_ways(
        "dependent-required-added",
        "dependent-required-removed",
        of(type="object"),
        of(type="object", dependentRequired={"a": ["b"]}),
    ),
    "dependent-required-changed": Case(
        of(type="object", dependentRequired={"a": ["b"]}),
        of(type="object", dependentRequired={"a": ["c"]}),
        of(type="object", dependentRequired={"a": ["b", "c"]}),
        of(type="object", dependentRequired={"a": ["c", "b"]}),
    ),
    **both_ways(
        "dependent-schema-added",
        "dependent-schema-removed",
        of(type="object"),
        of(type="object", dependentSchemas={"a": of(maxProperties=3)}),
    ),
    **both_ways(
        "prefix-items-added",
        "prefix-items-removed",
        of(type="array", prefixItems=[of(type="string")]),
        of(type="array", prefixItems=[of(type="string"), of(type="string")]),
    ),
    **both_ways(
        "unevaluated-items-added",
        "unevaluated-items-removed",
        of(type="array", prefixItems=[of(type="string")]),
        of(type="array", prefixItems=[of(type="string")], items=False),
    ),
    **kept(),
    "content-media-type-changed": Case(
        of(type="string", contentMediaType="text/html"),
        of(type="string", contentMediaType="text/csv"),
        of(type="string", contentMediaType="text/html"),
        of(type="string", contentMediaType="TEXT/HTML"),
    ),
    "content-encoding-changed": Case(
        of(type="string", contentEncoding="base64"),
        of(type="string", contentEncoding="base32"),
        of(type="string", contentEncoding="base64"),
        of(type="string", contentEncoding="BASE64"),
    ),
    **alternatives(),
    "alternatives-changed": Case(
        {**CAT, "oneOf": [of(minProperties=2), of(maxProperties=9)]},
        CAT,
        of(anyOf=[CAT, DOG]),
        of(anyOf=[DOG, CAT]),
    ),
    **both_ways("discriminator-added", "discriminator-removed", UNTOLD, told_apart()),
    "discriminator-property-name-changed": Case(
        told_apart("kind"), told_apart("sort"), told_apart("kind"), told_apart("kind", Cat="Cat")
    ),
    **both_ways(
        "discriminator-mapping-added",
        "discriminator-mapping-deleted",
        told_apart(c="Cat"),
        told_apart(c="Cat", d="Dog"),
    ),
    "discriminator-mapping-changed": Case(
        told_apart(c="Cat"),
        told_apart(c="Dog"),
        told_apart(c="Cat"),
        told_apart(c="Cat", Dog="Dog"),
    ),
    **both_ways("deprecated", "reactivated", of(type="string"), of(type="string", deprecated=True)),
}


def contract(schema: Schema) -> dict[str, Any]:
    """A contract that has a schema in every place that there is a subject for."""
    within = {"type": "object", "properties": {"inner": schema}}

    def body(value: Schema) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": value}}}

    def operation(value: Schema) -> dict[str, Any]:
        return {
            "requestBody": body(value),
            "responses": {"200": {"description": "done", **body(value)}},
        }

    parameters = [
        {"name": "plain", "in": "query", "schema": schema},
        {"name": "wrapped", "in": "query", "content": body(within)["content"]},
    ]
    headers = {"X-Plain": {"schema": schema}}
    answer = {"200": {"description": "done", "headers": headers}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Schemas", "version": "1"},
        "paths": {
            "/whole": {"post": operation(schema)},
            "/part": {"post": operation(within)},
            "/beside": {"get": {"parameters": parameters, "responses": answer}},
        },
        "components": {"schemas": {"Cat": CAT, "Dog": DOG}},
    }


PLACES = {
    REQUEST_BODY: ("POST /whole", "requestBody/application/json"),
    REQUEST_PROPERTY: ("POST /part", "requestBody/application/json/inner"),
    PARAMETER: ("GET /beside", "parameters/query/plain"),
    PARAMETER_PROPERTY: ("GET /beside", "parameters/query/wrapped/inner"),
    RESPONSE_BODY: ("POST /whole", "responses/200/application/json"),
    RESPONSE_PROPERTY: ("POST /part", "responses/200/application/json/inner"),
    HEADER: ("GET /beside", "responses/200/headers/X-Plain"),
}


@cache
def told(aspect: str, *, other: bool) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Ids and levels of what is told for a case, by operation and place."""
    case = CASES[aspect]
    pair = (case.other_before, case.other_after) if other else (case.before, case.after)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for change in changes(contract(pair[0]), contract(pair[1])):
        known = found.setdefault((change.operation, change.where), [])
        known.append((change.id, change.level.value))
    return found


PAIRS = [
    (aspect, subject)
    for aspect in ASPECTS.values()
    for subject in SUBJECTS
    if subject in aspect.subjects
]


def test_every_aspect_has_a_case() -> None:
    assert set(CASES) == set(ASPECTS)


@pytest.mark.parametrize(
    ("aspect", "subject"), PAIRS, ids=[schema_id(subject, aspect.name) for aspect, subject in PAIRS]
)
def test_rules_speak_where_they_should_and_nowhere_else(aspect: Aspect, subject: Subject) -> None:
    rule = schema_rule(subject, aspect)
    assert RULES[rule.id] == rule
    place = PLACES[subject]
    assert told(aspect.name, other=False)[place] == [(rule.id, rule.level.value)]
    beside = told(aspect.name, other=True).get(place, [])
    assert rule.id not in [name for name, _ in beside]


def test_what_narrows_breaks_requests_and_what_widens_breaks_responses() -> None:
    case = told("max-length-decreased", other=False)
    assert case[PLACES[REQUEST_PROPERTY]] == [("request-property-max-length-decreased", "breaking")]
    assert case[PLACES[RESPONSE_PROPERTY]] == [("response-property-max-length-decreased", "info")]
    case = told("max-length-increased", other=False)
    assert case[PLACES[REQUEST_PROPERTY]] == [("request-property-max-length-increased", "info")]
    assert case[PLACES[RESPONSE_PROPERTY]] == [
        ("response-property-max-length-increased", "breaking")
    ]

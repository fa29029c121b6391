"""Schemas in the intermediate representation: names, versions, directions, values, JSON again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from apiwright.ir.emit import json_schema
from apiwright.ir.operations import Wire
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, NamedSchema, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import flat, is_object, properties, references, target
from apiwright.understand.patterns import for_postgres
from tests.support.contracts import (
    INTEGER,
    TEXT,
    Contract,
    contract,
    json_content,
    many,
    obj,
    operation,
    operation_of,
    parameter,
    ref,
    thing,
    understood,
)

NULL = {"type": "null"}


def named(**schemas: Contract) -> dict[str, NamedSchema]:
    """Schemas of a contract, read."""
    return dict(understood(contract(schemas=schemas)).schemas)


def of_legacy(schema: Contract, **others: Contract) -> Schema:
    """A schema of OpenAPI 3.0, read and looked at as one piece."""
    document = contract(schemas={"It": schema, **others})
    known = understood({**document, "openapi": "3.0.3"}).schemas
    return flat(known["It"].schema, known)


def taken(schema: Contract, **schemas: Contract) -> tuple[Schema, Service]:
    """The schema of a body, and the service that takes it."""
    service = understood(contract({"/x": {"post": operation("it", schema)}}, schemas))
    body = service.operations["it"].body
    assert body is not None
    found = body.contents[0].schema
    assert found is not None
    return found, service


def test_objects_and_enums_inside_of_others_have_names_of_their_own() -> None:
    known = named(
        Order=obj(
            {
                "lines": {"type": "array", "items": obj({"size": INTEGER})},
                "state": {"type": "string", "enum": ["open", "done"]},
                "count": {"type": "integer", "enum": [1, 2]},
                "extra": {"type": "object", "additionalProperties": obj({"a": TEXT})},
                "kind": {"oneOf": [obj({"b": TEXT}), TEXT]},
            }
        )
    )
    inner = ["OrderLine", "OrderState", "OrderExtraValue", "OrderKindOption1"]
    assert {name: found.component for name, found in known.items()} == {
        **dict.fromkeys(inner, False),
        "Order": True,
    }
    assert list(references(known["Order"].schema)) == inner


def test_names_that_are_alike_stay_apart() -> None:
    known = named(**{"A b": obj({}), "a-b": obj({"c": obj({"d": TEXT})}), "a_bC": obj({})})
    classes = [found.class_name.lower() for found in known.values()]
    assert len(set(classes)) == 4


def test_a_reference_may_lead_anywhere_in_the_contract() -> None:
    body = {"$ref": "#/components/schemas/Thing/properties/size"}
    schema, service = taken(body, Thing=obj({"size": obj({"a": TEXT})}))
    assert service.schemas[schema.ref].schema.properties[0].name == "a"
    document = contract(
        {"/x": {"post": operation("it", {"$ref": "#/paths/~1y/get/responses/200/content/"
                                         "application~1json/schema"})},
         "/y": {"get": operation("other", gives=obj({"a": TEXT}))}})  # fmt: skip
    service = understood(document)
    body_of = service.operations["it"].body
    assert body_of is not None
    assert body_of.contents[0].schema is not None
    answer = service.operations["other"].responses[0].contents[0].schema
    assert answer is not None
    assert body_of.contents[0].schema.ref == answer.ref != ""


def test_inline_schemas_are_called_after_what_they_are_for() -> None:
    document = contract(
        {"/x": {"post": {
            **operation("make it", obj({"a": TEXT}), obj({"b": TEXT})),
            "parameters": [parameter("kind", {"type": "string", "enum": ["a"]})]}}})  # fmt: skip
    document["paths"]["/x"]["post"]["responses"]["404"] = {
        "description": "No", "content": {"application/json": {"schema": obj({"c": TEXT})}}
    }  # fmt: skip
    assert {found.class_name for found in understood(document).schemas.values()} == {
        "MakeItKind",
        "MakeItRequest",
        "MakeItResponse",
        "MakeIt404Response",
    }


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({"type": "string", "nullable": True}, ("string", "null")),
        ({"nullable": True, "allOf": [ref("Other")]}, ("object", "null")),
        ({"nullable": True, "anyOf": [ref("Other")]}, ("object", "null")),
        ({"nullable": True, "oneOf": [ref("Other")]}, ("object", "null")),
        ({"allOf": [ref("Other")]}, ("object",)),
        ({"type": "string", "nullable": False}, ("string",)),
        ({"type": "string", "enum": ["a"], "nullable": True}, ("string", "null")),
    ],
)
def test_nullable_is_one_more_type(schema: Contract, types: tuple[str, ...]) -> None:
    found = of_legacy(schema, Other=obj({"a": TEXT}))
    assert found.types == types
    if schema.get("enum") and schema.get("nullable"):
        assert found.enum == ("a", None)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": True}, {"exclusiveMaximum": 1}),
        ({"exclusiveMaximum": True}, {}),
    ],
)
def test_flags_of_3_0_become_limits(words: Contract, wanted: Contract) -> None:
    assert of_legacy({"type": "integer", **words}).keywords == wanted


def test_parts_are_looked_at_as_one_piece() -> None:
    known = named(
        Base=obj({"id": INTEGER, "name": TEXT}, "id", description="base"),
        Whole={"allOf": [ref("Base"), {"required": ["size"]}], "description": "whole",
               "properties": {"name": INTEGER, "size": INTEGER}},
        Loop={"allOf": [ref("Loop2"), obj({"a": TEXT})]},
        Loop2={"anyOf": [ref("Loop"), NULL]},
    )  # fmt: skip
    whole = flat(known["Whole"].schema, known)
    assert whole.description == "whole"
    assert {name: prop.required for name, prop in properties(whole, known).items()} == {
        "id": True,
        "name": False,
        "size": True,
    }
    assert properties(whole, known)["name"].schema.types == ("integer",)
    assert is_object(known["Whole"].schema, known)
    assert flat(known["Loop"].schema, known).properties[0].name == "a"
    assert target(known["Loop2"].schema) == "Loop"


def test_attributes_of_merged_parts_stay_apart() -> None:
    known = named(Whole={"allOf": [obj({"user-id": TEXT}), obj({"user_id": TEXT})]})
    found = properties(known["Whole"].schema, known)
    assert len({prop.attribute for prop in found.values()}) == 2


def test_schemas_differ_between_directions_where_they_say_so_at_any_depth() -> None:
    document = contract(
        {
            "/a": {"post": operation("a", ref("Both"), ref("Both"))},
            "/b": {"post": operation("b", ref("In"), ref("Out"))},
        },
        {
            "Both": obj({"inner": many("Inner")}),
            "Inner": obj({"deep": ref("Deep")}),
            "Deep": obj({"x": {**TEXT, "readOnly": True}, "up": ref("Both")}),
            "In": obj({"x": {**TEXT, "writeOnly": True}}),
            "Out": obj({"x": TEXT}),
            "Idle": obj({"x": {**TEXT, "writeOnly": True}}),
            "Parts": {"allOf": [obj({"x": {**TEXT, "readOnly": True}})]},
        },
    )
    known = understood(document).schemas
    assert {name for name, found in known.items() if found.differs} == {"Both", "Inner", "Deep"}
    assert {name for name, found in known.items() if found.requested} == {
        "Both",
        "Inner",
        "Deep",
        "In",
    }
    assert known["Out"].responded
    assert not known["Idle"].responded


WIRES: list[tuple[Contract, Wire]] = [
    (TEXT, Wire(("string",))),
    ({}, Wire(("string",))),
    (INTEGER, Wire(("integer",))),
    ({"type": ["integer", "null"]}, Wire(("integer", "null"))),
    ({"anyOf": [INTEGER, {"type": "boolean"}]}, Wire(("integer", "boolean"))),
    ({"anyOf": [INTEGER, {}]}, Wire(("string",))),
    ({"enum": [1, 2]}, Wire(("integer",))),
    ({"enum": ["a", 1.5, True, None, {}, []]},
     Wire(("string", "number", "boolean", "null", "object", "array"))),
    ({"const": True}, Wire(("boolean",))),
    ({"allOf": [{"minimum": 3}, INTEGER]}, Wire(("integer",))),
    ({"type": "array", "items": INTEGER}, Wire(("array",), Wire(("integer",)))),
    ({"items": INTEGER}, Wire(("array",), Wire(("integer",)))),
    (obj({"a": INTEGER}), Wire(("object",), None, {"a": Wire(("integer",))})),
    ({"properties": {"a": INTEGER}}, Wire(("object",), None, {"a": Wire(("integer",))})),
    ({"additionalProperties": INTEGER}, Wire(("object",))),
    (ref("Size"), Wire(("integer",))),
    ({"anyOf": [ref("Size"), NULL]}, Wire(("integer", "null"))),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "wanted"), WIRES)
def test_texts_become_what_their_schema_allows(schema: Contract, wanted: Wire) -> None:
    document = contract(
        {"/x": {"get": {**operation("it"), "parameters": [parameter("a", schema)]}}},
        {"Size": INTEGER},
    )
    assert operation_of(document, "it").parameters[0].wire == wanted


def test_texts_of_endless_schemas_stay_texts_in_the_end() -> None:
    tree = obj({"child": ref("Tree")})
    query = [parameter("a", ref("Tree"), style="deepObject")]
    document = contract({"/x": {"get": operation("it", parameters=query)}}, {"Tree": tree})
    wire, depth = operation_of(document, "it").parameters[0].wire, 0
    while wire.properties:
        wire, depth = wire.properties["child"], depth + 1
    assert wire == Wire(("string",))
    assert depth < 12


def test_a_parameter_may_carry_a_document() -> None:
    query = {"name": "filter", "in": "query", "content": json_content(obj({"a": TEXT}))}
    bare = {"name": "raw", "in": "query", "content": {"application/json": {}}}
    nothing = {"name": "none", "in": "query"}
    document = contract({"/x": {"get": operation("it", parameters=[query, bare, nothing])}})
    whole, raw, none = operation_of(document, "it").parameters
    assert (whole.content, whole.schema.ref) == ("application/json", "ItFilter")
    assert (raw.content, raw.schema.types) == ("application/json", ())
    assert (none.content, none.schema.types) == ("", ())


@pytest.mark.parametrize(
    ("place", "words", "style", "explode"),
    [
        ("query", {}, "form", True),
        ("query", {"explode": False}, "form", False),
        ("query", {"style": "deepObject"}, "deepObject", False),
        ("path", {}, "simple", False),
        ("header", {}, "simple", False),
        ("cookie", {}, "form", True),
    ],
)
def test_styles_are_those_of_openapi_where_the_contract_is_silent(
    place: str, words: Contract, style: str, explode: bool
) -> None:
    query = [{**parameter("a", TEXT, place), **words}]
    document = contract({"/x/{a}": {"get": operation("it", parameters=query)}})
    found = operation_of(document, "it").parameters[0]
    assert (found.style, found.explode) == (style, explode)


@pytest.mark.parametrize(
    ("words", "example"),
    [
        ({"example": "a"}, ("a",)),
        ({"examples": {"one": {"value": "b"}}}, ("b",)),
        ({"examples": {"one": {"externalValue": "x"}, "two": {"dataValue": "c"}}}, ("c",)),
        ({"examples": {"one": {"$ref": "#/components/examples/One"}}}, ("d",)),
        ({"schema": {**TEXT, "examples": ["e", "f"]}}, ("e",)),
        ({"schema": {**TEXT, "example": None}}, (None,)),
        ({}, ()),
    ],
)
def test_the_first_example_that_is_a_value_is_taken(
    words: Contract, example: tuple[Any, ...]
) -> None:
    query = [{**parameter("a"), **words}]
    document = contract({"/x": {"get": operation("it", parameters=query)}},
                        components={"examples": {"One": {"value": "d"}}})  # fmt: skip
    assert operation_of(document, "it").parameters[0].example == example


def test_headers_that_openapi_ignores_are_no_parameters() -> None:
    listed = [parameter(name, TEXT, "header") for name in ("Accept", "authorization", "X-Trace")]
    get = operation("it", parameters=[*listed, parameter("b", INTEGER)])
    document = contract({"/x": {"parameters": [parameter("a"), parameter("b")], "get": get}})
    found = operation_of(document, "it").parameters
    assert [(known.name, known.wire.kinds) for known in found] == [
        ("a", ("string",)),
        ("b", ("integer",)),
        ("X-Trace", ("string",)),
    ]


SAMPLES: list[tuple[Contract, Any]] = [
    (TEXT, "example"),
    ({**TEXT, "format": "date"}, "2026-01-15"),
    ({**TEXT, "minLength": 9}, "exampleee"),
    ({**TEXT, "maxLength": 3}, "exa"),
    ({**TEXT, "pattern": "^[A-Z]{3}$"}, "ABC"),
    ({**TEXT, "pattern": "^[a-z]+$"}, "example"),
    ({**TEXT, "pattern": "^[0-9]{2}$", "minLength": 1}, "12"),
    (INTEGER, 1),
    ({**INTEGER, "minimum": 5}, 5),
    ({**INTEGER, "exclusiveMinimum": 5}, 6),
    ({**INTEGER, "maximum": -5}, -5),
    ({**INTEGER, "exclusiveMaximum": -5}, -6),
    ({**INTEGER, "minimum": 7, "multipleOf": 5}, 10),
    ({**INTEGER, "minimum": 7, "maximum": 10, "multipleOf": 5}, 10),
    ({"type": "number", "multipleOf": 0.01}, 0.01),
    ({"type": "number", "maximum": 0.25}, 0),
    ({"type": "number"}, 0.5),
    ({"type": "boolean"}, True),
    (NULL, None),
    ({"const": {"a": 1}}, {"a": 1}),
    ({"enum": ["b", "a"]}, "b"),
    ({**TEXT, "default": "given"}, "given"),
    ({**TEXT, "examples": ["shown"]}, "shown"),
    ({"anyOf": [INTEGER, TEXT]}, 1),
    ({"type": "array", "items": INTEGER}, [1]),
    ({"type": "array"}, []),
    ({"type": "array", "minItems": 2, "items": INTEGER}, [1, 1]),
    ({"type": "array", "minItems": 1}, ["example"]),
    ({"type": "array", "minItems": 2, "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
     ["a", "b"]),
    (obj({"a": TEXT, "b": obj({"c": INTEGER, "d": INTEGER}, "c")}, "a"),
     {"a": "example", "b": {"c": 1}}),
    (obj({"a": {**TEXT, "readOnly": True}, "b": {**TEXT, "writeOnly": True}}, "*"),
     {"b": "example"}),
    (obj({"a": {**TEXT, "pattern": "^never$"}, "b": TEXT}, "b"), {"b": "example"}),
    ({"properties": {"a": TEXT}}, {"a": "example"}),
    (ref("Tree"), {"name": "example", "child": {"name": "example"}}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "wanted"), SAMPLES)
def test_values_are_made_up_that_the_schema_allows(schema: Contract, wanted: Any) -> None:
    tree = obj({"name": TEXT, "child": ref("Tree")}, "name")
    found, service = taken(schema, Tree=tree)
    value = sample(found, service.schemas, Direction.REQUEST)
    assert value == wanted
    assert type(value) is type(wanted)
    whole = as_json_schema(found, service.schemas)
    assert Draft202012Validator(whole).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {**TEXT, "pattern": "^never$"},
        {**TEXT, "pattern": "^(?<ab>c)$"},
        {**INTEGER, "minimum": 2, "maximum": 3, "multipleOf": 5},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": ["a", "b"]}},
        {"type": "array", "minItems": 2, "uniqueItems": True, "items": TEXT},
        obj({"a": {**TEXT, "pattern": "^never$"}}, "a"),
        ref("Endless"),
        ref("Ring"),
    ],
)
def test_no_value_is_made_up_that_the_schema_might_not_allow(schema: Contract) -> None:
    endless, ring = obj({"next": ref("Endless")}, "next"), {"anyOf": [ref("Ring"), TEXT]}
    found, service = taken(schema, Endless=endless, Ring=ring)
    with pytest.raises(NoSampleError):
        sample(found, service.schemas, Direction.REQUEST)


def as_json_schema(schema: Schema, known: dict[str, NamedSchema] | Any) -> Any:
    """A schema and all that it may refer to, as JSON Schema."""

    def refer(name: str) -> str:
        return f"#/$defs/{name}"

    defs = {
        name: json_schema(found.schema, known, Direction.REQUEST, refer)
        for name, found in known.items()
    }
    written = json_schema(schema, known, Direction.REQUEST, refer)
    return written if isinstance(written, bool) else {**written, "$defs": defs}


def test_schemas_become_json_schema_again() -> None:
    schema = obj(
        {
            "a": {**TEXT, "readOnly": True},
            "b": ref("Given"),
            "c": {"type": ["string", "null"], "maxLength": 3},
            "never": False,
        },
        "a",
        "b",
        additionalProperties=False,
        patternProperties={"^x": INTEGER},
        propertyNames={"maxLength": 5},
        dependentRequired={"b": ["c"]},
        **{"if": {"required": ["b"]}, "then": {"required": ["c"]}},
        prefixItems=[TEXT],
    )
    given = {**TEXT, "readOnly": True}
    found, service = taken(schema, Given=given)
    written = as_json_schema(found, service.schemas)
    whole = written["$defs"]["ItRequest"]
    assert whole == {
        "type": "object",
        "properties": {"c": {"type": ["string", "null"], "maxLength": 3}, "never": False},
        "additionalProperties": False,
        "dependentRequired": {"b": ["c"]},
        "patternProperties": {"^x": {"type": "integer"}},
        "propertyNames": {"maxLength": 5},
        "if": {"required": ["b"]},
        "then": {"required": ["c"]},
        "prefixItems": [{"type": "string"}],
    }


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("^[a-z]+$", "^[a-z]+$"),
        (r"^\d{3}-\w+$", "^[0-9]{3}-[A-Za-z0-9_]+$"),
        (r"^[\d.]+\.[\w-]{1,255}$", r"^[0-9.]+\.[A-Za-z0-9_-]{1,255}$"),
        (r"a\/b\-c", "a/b-c"),
        ("(?:a|b)(c)?", "(?:a|b)(c)?"),
        ("", ""),
    ],
)
def test_patterns_that_postgresql_reads_alike_are_checked_there(pattern: str, wanted: str) -> None:
    assert for_postgres(pattern) == wanted


@pytest.mark.parametrize(
    "pattern",
    ["a{256}", "a{1,300}", r"\s", r"\bword", "(?=a)", "(?<name>a)", "(?i)a", "[[:alpha:]]", "é",
     r"\u0041", ".", "a{,3}", r"[\s]", "[^]"],
)  # fmt: skip
def test_patterns_that_it_might_read_otherwise_are_not(pattern: str) -> None:
    assert for_postgres(pattern) == ""


JSON_TYPES = st.sampled_from([TEXT, INTEGER, {"type": "number"}, {"type": "boolean"}, NULL])
SCHEMAS = st.recursive(
    JSON_TYPES,
    lambda inner: st.one_of(
        st.builds(lambda part: {"type": "array", "items": part}, inner),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda parts: obj(parts, *list(parts)[:1]),
            st.dictionaries(st.text(max_size=5), inner, max_size=4),
        ),
    ),
    max_leaves=6,
)


@given(SCHEMAS)
def test_what_is_made_up_fits_any_schema(schema: Contract) -> None:
    found, service = taken(schema)
    value = sample(found, service.schemas, Direction.REQUEST)
    assert Draft202012Validator(as_json_schema(found, service.schemas)).is_valid(value)
    assert Draft202012Validator(schema).is_valid(value)


def test_unused_words_stay_out_of_the_way() -> None:
    known = named(Thing=thing(discriminator={"propertyName": "kind"}, oneOf=[ref("A"), ref("B")]),
                  A=obj({"kind": TEXT}), B=obj({"kind": TEXT}),
                  Mapped={"oneOf": [ref("A"), ref("B")], "discriminator": {
                      "propertyName": "kind",
                      "mapping": {"a": "#/components/schemas/A", "b": "B"}}})  # fmt: skip
    assert known["Thing"].schema.discriminator == "kind"
    assert known["Mapped"].schema.mapping == {"a": "A", "b": "B"}

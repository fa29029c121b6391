"""The classes of what travels: their names and modules, their fields, types and defaults."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from apiwright.ir.schemas import Direction
from apiwright.plan.models import generate_models
from apiwright.plan.models.build import ModelBuilder
from apiwright.plan.models.document import Tokens
from apiwright.plan.models.forms import UnexpectedFormError, checked, parse_module
from apiwright.plan.models.parts import Model, ModelField, ModelModule
from apiwright.plan.schema_classes import ClassRef, plan_schema_classes
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    answer,
    contract,
    crud,
    many,
    obj,
    operation,
    parameter,
    ref,
    rendered,
    thing,
    things,
    understood,
)
from tests.support.running import run_python, service_environ

UUID = {**TEXT, "format": "uuid"}
DAY = {**TEXT, "format": "date"}
MONEY = {"type": "number", "multipleOf": 0.01}
NUMBER = {"type": "number"}
TEXTS = {"type": "array", "items": TEXT}
BOOLEAN = {"type": "boolean"}
KEY = "0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01"
NOON = "2026-01-15T12:00:00Z"

# What a property says, whether it is required, and its field in requests and in answers.
FIELDS: list[tuple[Contract, bool, str, str]] = [
    (TEXT, True, "str", "str"),
    (TEXT, False, "str | None = None", "Annotated[str | None, Field(exclude_if=is_none)] = None"),
    ({"type": ["string", "null"]}, True, "str | None", "str | None"),
    ({"type": ["string", "null"]}, False, "str | None = None", "str | None = None"),
    ({**TEXT, "minLength": 1, "maxLength": 9}, True,
     "Annotated[str, Field(max_length=9, min_length=1)]", "str"),
    ({**TEXT, "pattern": "^a$"}, True, "str", "str"),
    (INTEGER, True, "int", "int"),
    ({**INTEGER, "minimum": 1, "exclusiveMaximum": 9}, True,
     "Annotated[int, Field(ge=1, lt=9)]", "int"),
    (NUMBER, True, "float", "float"),
    ({**NUMBER, "multipleOf": 2}, True, "float", "float"),
    (MONEY, True, "DecimalNumber", "DecimalNumber"),
    ({**TEXT, "format": "decimal"}, True, "DecimalText", "DecimalText"),
    (BOOLEAN, True, "bool", "bool"),
    (UUID, True, "UUID", "UUID"),
    (MOMENT, True, "Timestamp", "Timestamp"),
    (DAY, True, "CalendarDate", "CalendarDate"),
    ({**TEXT, "format": "byte"}, True, "Base64", "Base64"),
    ({**TEXT, "format": "email"}, True, "str", "str"),
    (TEXTS, True, "list[str]", "list[str]"),
    ({**TEXTS, "minItems": 1, "maxItems": 3}, True,
     "Annotated[list[str], Field(max_length=3, min_length=1)]", "list[str]"),
    ({"type": "array", "items": {**TEXT, "minLength": 3}}, True, "list[str]", "list[str]"),
    ({"type": "array"}, True, "list[JsonValue]", "list[JsonValue]"),
    ({"type": "array", "items": MOMENT}, True, "list[Timestamp]", "list[Timestamp]"),
    ({"type": "array", "items": MONEY}, True, "list[DecimalNumber]", "list[DecimalNumber]"),
    ({"type": "object"}, True, "dict[str, JsonValue]", "dict[str, JsonValue]"),
    ({"type": "object", "additionalProperties": INTEGER}, True, "dict[str, int]", "dict[str, int]"),
    ({}, True, "JsonValue", "JsonValue"),
    ({"type": ["string", "integer"]}, True, "str | int", "str | int"),
    ({"type": ["string", "integer", "null"]}, False, "str | int | None = None",
     "str | int | None = None"),
    ({"anyOf": [TEXT, INTEGER]}, True, "str | int", "str | int"),
    ({"anyOf": [TEXT, {"type": "null"}]}, True, "str | None", "str | None"),
    ({"anyOf": [ref("Inner"), {"type": "null"}]}, True, "Inner | None", "Inner | None"),
    ({"allOf": [ref("Inner")]}, True, "Inner", "Inner"),
    (ref("Inner"), True, "Inner", "Inner"),
    (ref("Color"), True, "Color", "Color"),
    (ref("Either"), True, "Either", "Either"),
    (ref("Size"), True, "Annotated[int, Field(ge=1)]", "int"),
    (many("Inner"), True, "list[Inner]", "list[Inner]"),
    ({**TEXT, "const": "a"}, True, 'Literal["a"]', 'Literal["a"]'),
    ({**TEXT, "const": 'a"]'}, True, 'Literal["a\\"]"]', 'Literal["a\\"]"]'),
    ({"const": "a"}, True, "JsonValue", "JsonValue"),
    ({"const": 5}, True, "JsonValue", "JsonValue"),
    ({**TEXT, "default": "x"}, False, 'str = "x"',
     "Annotated[str | None, Field(exclude_if=is_none)] = None"),
    ({**INTEGER, "default": 5}, False, "int = 5",
     "Annotated[int | None, Field(exclude_if=is_none)] = None"),
    ({**INTEGER, "default": 5.0}, False, "int = 5",
     "Annotated[int | None, Field(exclude_if=is_none)] = None"),
    ({**MONEY, "default": 1.5}, False, 'DecimalNumber = Decimal("1.5")',
     "Annotated[DecimalNumber | None, Field(exclude_if=is_none)] = None"),
    ({**BOOLEAN, "default": False}, False, "bool = False",
     "Annotated[bool | None, Field(exclude_if=is_none)] = None"),
    ({"type": ["boolean", "null"], "default": None}, False, "bool | None = None",
     "bool | None = None"),
    ({**UUID, "default": KEY}, False, f'UUID = UUID("{KEY}")',
     "Annotated[UUID | None, Field(exclude_if=is_none)] = None"),
    ({**MOMENT, "default": NOON}, False, f'Timestamp = datetime.fromisoformat("{NOON}")',
     "Annotated[Timestamp | None, Field(exclude_if=is_none)] = None"),
    ({**DAY, "default": "2026-01-15"}, False, 'CalendarDate = date.fromisoformat("2026-01-15")',
     "Annotated[CalendarDate | None, Field(exclude_if=is_none)] = None"),
    ({**TEXT, "format": "byte", "default": "YWI="}, False, 'Base64 = bytes.fromhex("6162")',
     "Annotated[Base64 | None, Field(exclude_if=is_none)] = None"),
    ({**TEXT, "format": "decimal", "default": "1.5"}, False, 'DecimalText = Decimal("1.5")',
     "Annotated[DecimalText | None, Field(exclude_if=is_none)] = None"),
    ({**TEXTS, "default": ["a"]}, False, 'list[str] = ["a"]',
     "Annotated[list[str] | None, Field(exclude_if=is_none)] = None"),
    ({"type": "array", "default": [1, {"a": None}]}, False,
     'list[JsonValue] = [1, {"a": None}]',
     "Annotated[list[JsonValue] | None, Field(exclude_if=is_none)] = None"),
    ({"allOf": [ref("Color")], "default": "dark red"}, False, "Color = Color.DARK_RED",
     "Annotated[Color | None, Field(exclude_if=is_none)] = None"),
    ({"allOf": [ref("Inner")], "default": {"a": "x"}}, False,
     'Inner = Field(default_factory=lambda: Inner.model_validate({"a": "x"}))',
     "Annotated[Inner | None, Field(exclude_if=is_none)] = None"),
    ({**many("Inner"), "default": [{"a": "x"}]}, False,
     'list[Inner] = Field(default_factory=lambda: [Inner.model_validate({"a": "x"})])',
     "Annotated[list[Inner] | None, Field(exclude_if=is_none)] = None"),
]  # fmt: skip
SCHEMAS = {
    "Inner": obj({"a": TEXT}),
    "Color": {"type": "string", "enum": ["dark red", "blue", "Blue"]},
    "Either": {"oneOf": [ref("Inner"), TEXT]},
    "Size": {**INTEGER, "minimum": 1},
}


def modules(document: Contract) -> tuple[ModelModule, ...]:
    """The modules of models of a contract."""
    service = understood(document)
    return generate_models(service, plan_schema_classes(service))


def models(document: Contract) -> dict[str, Model]:
    """The models of a contract, by name."""
    return {str(model.name): model for module in modules(document) for model in module.models}


def line(field: ModelField) -> str:
    """A field as it is printed."""
    return f"{field.annotation}{f' = {field.default}' if field.default else ''}"


@cache
def both() -> tuple[dict[str, str], dict[str, str]]:
    """The fields of everything in the list, in requests and in answers."""
    names = [f"p{place}" for place in range(len(FIELDS))]
    whole = obj(
        dict(zip(names, (schema for schema, *_ in FIELDS), strict=True)),
        *(name for name, (_, required, *_) in zip(names, FIELDS, strict=True) if required),
    )
    document = contract(
        {"/x": {"post": operation("it", {"allOf": [ref("All")], "title": "In"}, ref("Out"))}},
        {"All": whole, "Out": whole, **SCHEMAS},
    )
    found = models(document)
    taken = {str(field.name): line(field) for field in found["All"].fields}
    return taken, {str(field.name): line(field) for field in found["Out"].fields}


@pytest.mark.parametrize("place", range(len(FIELDS)), ids=lambda place: str(FIELDS[place][0])[:60])
def test_a_field_has_the_type_of_its_property(place: int) -> None:
    _, _, sent, shown = FIELDS[place]
    requests, answers = both()
    assert requests[f"p{place}"] == sent
    assert answers[f"p{place}"] == shown


@pytest.mark.parametrize(
    "schema",
    [
        {**UUID, "default": "x"},
        {**MOMENT, "default": "2026-01-15T12:00:00"},
        {**TEXT, "format": "byte", "default": "a"},
        {**TEXT, "format": "decimal", "default": "x"},
        {"type": "array", "items": UUID, "default": ["x"]},
    ],
)
def test_a_default_that_does_not_fit_is_left_to_the_client(schema: Contract) -> None:
    found = models(contract({"/x": {"post": operation("it", obj({"a": schema}))}}))
    assert str(found["ItRequest"].fields[0].default) == "None"


def test_enums_have_a_member_for_each_value() -> None:
    color = models(contract({"/x": {"get": operation("it", gives=ref("Color"))}}, SCHEMAS))["Color"]
    assert str(color.bases) == "StrEnum"
    names = [str(member.name) for member in color.members]
    assert names[:2] == ["DARK_RED", "BLUE"]
    assert names[2].startswith("BLUE")
    assert len({name.lower() for name in names}) == 3
    assert [str(member.value) for member in color.members] == ['"dark red"', '"blue"', '"Blue"']


def test_unions_are_root_models() -> None:
    found = models(contract({"/x": {"get": operation("it", gives=ref("Either"))}}, SCHEMAS))
    assert str(found["Either"].bases) == "RootModel[Inner | str]"


def test_a_class_takes_or_refuses_what_its_schema_does_not_name() -> None:
    document = contract(
        {"/a": {"post": operation("a", ref("Closed"), ref("Open"))}},
        {"Closed": obj({"a": TEXT}, additionalProperties=False),
         "Open": obj({"a": TEXT}, additionalProperties=True, description="Takes: anything")},
    )  # fmt: skip
    found = models(document)
    assert str(found["Closed"].config) == 'extra="forbid"'
    assert str(found["Open"].config) == 'extra="allow"'
    assert str(found["Open"].docstring) == '"""Takes: anything."""'


def test_properties_travel_in_their_own_direction() -> None:
    document = things({"secret": {**TEXT, "writeOnly": True}})
    found = models(document)
    assert [str(field.name) for field in found["Thing"].fields] == ["id", "name"]
    assert [str(field.name) for field in found["ThingInput"].fields] == ["name", "secret"]


def test_what_has_a_default_is_another_class_for_what_is_sent() -> None:
    """What clients leave out gets the default; what is not shown gets none."""
    color = {**TEXT, "default": "x"}
    schema = obj({"id": INTEGER, "color": color, "size": INTEGER}, "id")
    document = contract(crud("Thing", "things"), {"Thing": schema})
    found = models(document)
    assert line(found["ThingInput"].fields[1]) == 'str = "x"'
    assert line(found["Thing"].fields[1]).endswith("Field(exclude_if=is_none)] = None")
    document["components"]["schemas"]["Thing"]["required"] = ["id", "color"]
    assert list(models(document)) == ["Thing"]


def test_a_name_on_the_wire_is_kept() -> None:
    odd = obj({"user-id": TEXT, "class": TEXT, "copy": TEXT, "metadata": TEXT, "__x__": TEXT})
    found = models(contract({"/x": {"post": operation("it", odd)}}))["ItRequest"]
    assert [str(field.name) for field in found.fields] == [
        "user_id",
        "class_",
        "copy_",
        "metadata_",
        "x",
    ]
    assert line(found.fields[0]) == 'Annotated[str | None, Field(alias="user-id")] = None'
    assert "AliasChoices" in line(found.fields[3])
    assert 'serialization_alias="__x__"' in line(found.fields[4])


def test_parameters_have_classes_by_the_place_where_they_travel() -> None:
    query = [
        parameter("page", {**INTEGER, "default": 1}),
        parameter("X-Trace", TEXT, "header"),
        {**parameter("sort-by"), "required": True},
        parameter("session", TEXT, "cookie"),
    ]
    document = contract({"/x": {"get": operation("list them", parameters=query)}})
    found = models(document)
    assert sorted(found) == ["ListThemCookie", "ListThemHeader", "ListThemQuery"]
    assert [(str(field.name), line(field)) for field in found["ListThemQuery"].fields] == [
        ("page", "int = 1"),
        ("sort_by", 'Annotated[str, Field(alias="sort-by")]'),
    ]
    assert str(found["ListThemQuery"].docstring) == (
        '"""What a client can ask of list them in the query."""'
    )


def test_a_contract_without_shapes_has_no_modules() -> None:
    assert modules(contract({"/x": {"get": operation("it")}})) == ()


def test_schemas_stand_with_what_they_belong_to() -> None:
    error = obj({"detail": TEXT})
    document = things(
        {"box": ref("Box")},
        schemas={"Box": obj({"a": TEXT}), "Alone": obj({"b": TEXT}), "Shared": obj({"c": TEXT}),
                 "Base": obj({"d": TEXT}), "Error": error},
        paths={
            "/lonely": {"get": operation("a", gives=ref("Alone"))},
            "/other": {"get": operation("b", ref("Shared"), ref("Shared"))},
            "/letters": {"get": operation("c", gives=obj({"x": ref("Shared"), "y": ref("Base")}))},
        },
    )  # fmt: skip
    document["paths"]["/lonely"]["get"]["responses"]["404"] = answer(ref("Error"))
    service = understood(document)
    classes = plan_schema_classes(service)
    homes = {known.ref.name: known.ref.module for known in classes.classes}
    assert homes == {
        "Thing": "thing",
        "ThingInput": "thing",
        "Box": "thing",
        "Alone": "lonely",
        "Shared": "shared",
        "CResponse": "letter",
        "BaseSchema": "letter",
    }
    assert classes.ref("Error", Direction.RESPONSE) is None


def test_modules_that_need_each_other_are_one() -> None:
    document = contract(
        {"/as": {"get": operation("a", gives=ref("A"))},
         "/bs": {"get": operation("b", gives=ref("B"))},
         "/cs": {"post": operation("c", ref("C"))}},
        {"A": {**thing({"b": ref("B")}), "x-table": True},
         "B": {**thing({"a": ref("A")}), "x-table": True},
         "C": obj({"d": ref("D")}), "D": obj({"c": ref("C")})},
    )  # fmt: skip
    found = {module.name: module for module in modules(document)}
    assert sorted(found) == ["a", "c"]
    assert {str(model.name) for model in found["a"].models} == {"A", "B"}


def test_an_input_class_gives_way_to_a_schema_of_its_name() -> None:
    document = things(schemas={"ThingInput": obj({"a": TEXT})},
                      paths={"/x": {"post": operation("x", ref("ThingInput"))}})  # fmt: skip
    names = list(models(document))
    assert "ThingInput" in names
    assert "Thing" in names
    assert any(name.startswith("ThingInput") and name != "ThingInput" for name in names)
    clash = contract({"/x": {"get": operation("a", gives=ref("AQuery"),
                                              parameters=[parameter("q")])}},
                     {"AQuery": obj({"a": TEXT})})  # fmt: skip
    assert len(models(clash)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "x = 1",
        "print('x')",
        "A.model_dump()",
        "class A(BaseModel):\n    def f(self): ...",
        "class A(BaseModel):\n    a: __import__('os').system('id')",
        "class A(BaseModel):\n    a: (lambda: 1)",
        "class A(f()):\n    pass",
        "class A(BaseModel):\n    model_config = evil()",
        "def f(): ...",
        "for x in y: ...",
    ],
)
def test_a_module_that_holds_anything_unexpected_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedFormError):
        parse_module(text)


def test_a_module_of_models_is_taken_apart() -> None:
    found = parse_module(
        "from __future__ import annotations\nfrom . import m as n\n'doc'\n"
        "class A(BaseModel):\n    'doc'\n    model_config = ConfigDict(extra='forbid')\n"
        "    a: int\n    b: str | None = None\n"
        "class B(StrEnum):\n    X = 'x'\n    pass\nA.model_rebuild()\n"
    )
    assert found.imports == {
        "annotations": ("__future__", "annotations"),
        "n": (".", "m"),
    }
    assert found.rebuilt == ("A",)
    one, two = found.classes
    assert [(field.name, field.required) for field in one.fields] == [("a", True), ("b", False)]
    assert (one.config, two.values, two.bases) == (
        "ConfigDict(extra='forbid')",
        ("x",),
        ("StrEnum",),
    )
    expression = ast.parse("Annotated[int, Field(ge=-1)]", mode="eval").body
    assert checked(expression) is expression


def test_what_the_library_leaves_out_or_adds_is_noticed() -> None:
    service = understood(contract({"/x": {"get": operation("it", gives=ref("Color"))}}, SCHEMAS))
    classes = plan_schema_classes(service)
    tokens = Tokens(known.ref for known in classes.classes)
    builder = ModelBuilder(service, classes, tokens)
    name = tokens.of_class(classes.classes[0].ref).rpartition(".")[2]
    module = classes.classes[0].ref.module
    for text in ("class Other(StrEnum): ...", f"class {name}(StrEnum):\n    A = 'zt9z'",
                 f"class {name}(StrEnum): ...\nclass {name}(StrEnum): ..."):  # fmt: skip
        with pytest.raises(UnexpectedFormError):
            builder.module(module, parse_module(text))
    other = understood(contract({"/x": {"get": operation("it", gives=obj({"a": TEXT}))}}))
    builder = ModelBuilder(other, plan_schema_classes(other), tokens)
    with pytest.raises(UnexpectedFormError):
        builder.module("x", parse_module(f"class {name}(BaseModel):\n    zzz: int"))


def test_tokens_stand_for_words() -> None:
    first, second = ClassRef("a", "B"), ClassRef("c", "D")
    tokens = Tokens([second, first])
    assert tokens.of("x") == tokens.of("x") == "zt0z"
    assert [tokens.text(text) for text in ("zt0z", "zt1z", "other")] == ["x", "zt1z", "other"]
    assert tokens.of_class(second) == "m001.C00001"
    assert tokens.class_ref("C00000") == first
    assert tokens.class_ref("C00002") is None
    assert tokens.class_ref("Other") is None
    assert tokens.module("m001") == "c"


PROGRAM = """
import json, sys
from decimal import Decimal
from pydantic import ValidationError
from app.schemas.thing import Thing, ThingInput
made = ThingInput.model_validate_json('{"name": "n", "user-id": "u"}')
shown = Thing.model_validate_json('{"id": 1, "name": "n", "price": 1.25}')
refused = []
for text in ('{}', '{"name": 5}', '{"name": "n", "color": "green"}', '{"name": "n", "zz": 1}'):
    try:
        ThingInput.model_validate_json(text)
    except ValidationError as error:
        refused.append(error.errors()[0]["type"])
print(json.dumps([
    made.model_dump(mode="json"), made.model_dump(mode="json", by_alias=True)["user-id"],
    shown.model_dump_json(), sorted(made.model_fields_set), refused,
]))
"""


def test_the_classes_do_what_they_say(tmp_path: Path) -> None:
    properties: Any = {
        "user-id": TEXT, "price": MONEY, "color": {**ref("Color"), "default": "blue"},
        "inner": {"allOf": [ref("Inner")], "default": {"a": "x"}},
        "at": {**MOMENT, "default": NOON},
    }  # fmt: skip
    document = things(properties, schemas=SCHEMAS)
    document["components"]["schemas"]["Thing"]["additionalProperties"] = False
    for path, text in rendered(document).items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    environ = service_environ("postgresql://nobody@localhost/nothing")
    made, wire, shown, sent, refused = json.loads(run_python(tmp_path, environ, "-c", PROGRAM))
    assert made == {
        "name": "n", "user-id": "u", "price": None, "color": "blue", "inner": {"a": "x"},
        "at": "2026-01-15T12:00:00+00:00",
    }  # fmt: skip
    assert wire == "u"
    assert shown == '{"id":1,"name":"n","price":1.25}'
    assert sent == ["name", "user_id"]
    assert refused == ["missing", "string_type", "enum", "extra_forbidden"]

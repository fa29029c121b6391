"""Which schemas are stored, by which key, and how each of their properties is kept."""

from __future__ import annotations

from typing import Any

import pytest

from apiwright.ir.storage import (
    Bounds,
    Column,
    ColumnType,
    Entity,
    Fill,
    IndexMethod,
    OnDelete,
)
from tests.support.contracts import (
    INTEGER,
    MOMENT,
    TEXT,
    Contract,
    contract,
    crud,
    entity,
    many,
    obj,
    operation,
    parameter,
    ref,
    thing,
    things,
    understood,
)


def stored(document: Contract) -> dict[str, Entity]:
    """What is stored of a contract."""
    return dict(understood(document).entities)


def one_thing(schema: Contract, key: str = "id", **post: Any) -> Contract:
    """A contract with one path for things and one for a thing."""
    return contract(
        {
            "/things": {"post": post or operation("create", ref("Thing"), ref("Thing"), "201")},
            f"/things/{{{key}}}": {
                "get": operation(
                    "read", gives=ref("Thing"), parameters=[parameter(key, place="path")]
                )
            },
        },
        {"Thing": schema},
    )


def column_of(words: Contract, *required: str, **others: Any) -> Column:
    """The column of a property `it` with these words."""
    return entity(things({"it": words}, *required, **others)).columns[2]


def test_what_get_shows_and_post_makes_is_stored() -> None:
    found = stored(one_thing(thing()))
    assert list(found) == ["Thing"]
    assert found["Thing"].table == "things"
    assert found["Thing"].key == "id"
    assert found["Thing"].evidence == ("GET /things/{id} shows one, POST /things makes one",)


@pytest.mark.parametrize(
    ("schema", "post"),
    [
        (thing(), operation("create", gives=ref("Thing"))),
        (obj({"name": TEXT}), {}),
        (obj({"id": many("Thing"), "name": TEXT}), {}),
        (thing({"x-table": TEXT}) | {"x-table": False}, {}),
        ({"type": "string"}, {}),
        ({"type": "object", "additionalProperties": True}, {}),
    ],
    ids=["no body", "no key", "a list for a key", "x-table: false", "text", "no properties"],
)
def test_what_lacks_any_of_that_is_not_stored(schema: Contract, post: Contract) -> None:
    assert stored(one_thing(schema, **post)) == {}


def test_a_collection_that_nothing_is_posted_to_is_not_stored() -> None:
    document = one_thing(thing())
    document["paths"]["/things"] = {"get": operation("list", gives=many("Thing"))}
    assert stored(document) == {}


def test_things_without_a_path_of_their_own_are_not_stored() -> None:
    document = one_thing(thing())
    document["paths"]["/things/{id}/x"] = document["paths"].pop("/things/{id}")
    assert stored(document) == {}


@pytest.mark.parametrize(
    ("name", "path_key", "key"),
    [
        ("id", "id", "id"),
        ("id", "thing_id", "id"),
        ("id", "thingId", "id"),
        ("thing_id", "thing_id", "thing_id"),
        ("thingId", "thing_id", "thingId"),
        ("thing_id", "id", "thing_id"),
        ("uuid", "x", "uuid"),
        ("slug", "slug", "slug"),
        ("slug", "thing_slug", "slug"),
        ("ID", "id", "ID"),
    ],
)
def test_the_key_is_the_namesake_of_the_parameter_or_an_id(
    name: str, path_key: str, key: str
) -> None:
    found = stored(one_thing(obj({"title": TEXT, name: TEXT}), path_key))
    assert found["Thing"].key_column.property == key


def test_a_namesake_comes_before_an_id() -> None:
    found = stored(one_thing(obj({"id": INTEGER, "slug": TEXT}), "slug"))
    assert found["Thing"].key == "slug"


def test_x_table_stores_what_no_path_shows() -> None:
    document = contract(schemas={"Thing": {**obj({"name": TEXT}), "x-table": True}})
    found = stored(document)["Thing"]
    assert found.evidence == ("x-table says so",)
    assert found.table == "things"
    assert found.key == "id"
    assert found.key_column.fill is Fill.GENERATED
    assert found.key_column.type is ColumnType.INT64
    assert found.key_column.property == ""


def test_x_table_names_table_and_key() -> None:
    words = {"name": "goods", "key": "code"}
    schema = {**obj({"id": TEXT, "code": TEXT}), "x-table": words}
    found = stored(contract(schemas={"Thing": schema}))["Thing"]
    assert (found.table, found.key) == ("goods", "code")
    named = {**obj({"id": TEXT}), "x-table": "goods"}
    assert stored(contract(schemas={"Thing": named}))["Thing"].table == "goods"


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("OrderLine", "order_lines"),
        ("Person", "people"),
        ("class", "classes"),
        ("RefreshToken", None),
        ("AlembicVersion", "alembic_versions"),
    ],
)
def test_a_table_has_the_plural_name_of_its_schema(name: str, table: str | None) -> None:
    found = stored(contract(schemas={name: {**thing(), "x-table": True}}))[name]
    if table is None:
        assert found.table.startswith("refresh_tokens_")
    else:
        assert found.table == table


def test_schemas_that_are_called_alike_have_tables_and_modules_of_their_own() -> None:
    schemas = {name: {**thing(), "x-table": True} for name in ("APIKey", "ApiKey", "api-key")}
    found = stored(contract(schemas=schemas)).values()
    assert len({known.table for known in found}) == 3
    assert len({known.module for known in found}) == 3
    assert len({known.class_name for known in found}) == 3
    assert len({known.plural for known in found}) == 3


@pytest.mark.parametrize(
    ("name", "module", "plural"),
    [
        ("Session", "session_", "sessions_rows"),
        ("Base", "base_", "bases"),
        ("Constraint", "constraint", "constraints"),
        ("Shared", "shared_", "shareds"),
        ("News", "news", "news_rows"),
        ("Import", "import_", "imports"),
        ("Thing", "thing", "things_rows"),
    ],
)
def test_names_of_modules_and_repositories_are_clear_of_what_services_have(
    name: str, module: str, plural: str
) -> None:
    document = contract(
        {"/x": {"get": operation("things", gives=TEXT)}},
        {name: {**thing(), "x-table": True}},
    )
    found = stored(document)[name]
    assert found.module.startswith(module)
    assert found.plural == plural


TYPES: list[tuple[Contract, ColumnType, bool]] = [
    (TEXT, ColumnType.TEXT, False),
    ({"type": "string", "format": "uuid"}, ColumnType.UUID, False),
    ({"type": "string", "format": "date"}, ColumnType.DATE, False),
    (MOMENT, ColumnType.TIMESTAMP, False),
    ({"type": "string", "format": "byte"}, ColumnType.BYTES, False),
    ({"type": "string", "format": "decimal"}, ColumnType.DECIMAL, False),
    ({"type": "string", "format": "email"}, ColumnType.TEXT, False),
    ({"type": "string", "format": "time"}, ColumnType.TEXT, False),
    (INTEGER, ColumnType.INT64, False),
    ({"type": "integer", "format": "int64"}, ColumnType.INT64, False),
    ({"type": "integer", "format": "int32"}, ColumnType.INT32, False),
    ({"type": "integer", "format": "int16"}, ColumnType.INT32, False),
    ({"type": "number"}, ColumnType.DOUBLE, False),
    ({"type": "number", "format": "decimal"}, ColumnType.DECIMAL, False),
    ({"type": "number", "multipleOf": 0.01}, ColumnType.DECIMAL, False),
    ({"type": "number", "multipleOf": 1}, ColumnType.DOUBLE, False),
    ({"type": ["integer", "number"]}, ColumnType.DOUBLE, False),
    ({"type": "boolean"}, ColumnType.BOOLEAN, False),
    ({"type": "array", "items": TEXT}, ColumnType.TEXT, True),
    ({"type": "array", "items": {"type": "number", "multipleOf": 0.5}}, ColumnType.DECIMAL, True),
    ({"type": "array"}, ColumnType.JSON, False),
    ({"type": "array", "items": {"type": ["string", "null"]}}, ColumnType.JSON, False),
    ({"type": "array", "items": {"type": "array", "items": TEXT}}, ColumnType.JSON, False),
    ({"type": "array", "items": obj({"a": TEXT})}, ColumnType.JSON, False),
    (obj({"a": TEXT}), ColumnType.JSON, False),
    ({"type": "object"}, ColumnType.JSON, False),
    ({"type": ["string", "integer"]}, ColumnType.JSON, False),
    ({}, ColumnType.JSON, False),
    ({"anyOf": [TEXT, {"type": "null"}]}, ColumnType.TEXT, False),
    ({"oneOf": [TEXT, INTEGER]}, ColumnType.JSON, False),
    ({"allOf": [{"type": "string"}, {"format": "uuid"}]}, ColumnType.UUID, False),
    ({"type": ["string", "null"], "format": "date"}, ColumnType.DATE, False),
]


def test_a_column_is_as_large_as_what_clients_send() -> None:
    """A key that can't exist is not found; a new filter alone changes no table."""
    small = {"type": "integer", "format": "int32"}
    shown = thing({"a": small, "b": small, "c": small})
    shown["properties"]["id"] = {**small, "readOnly": True}
    query = [parameter("b", INTEGER), parameter("c", small)]
    paths = crud("Thing", "things", takes=obj({"name": TEXT, "a": INTEGER}), query=query)
    found = contract(paths, {"Thing": shown})
    stored_thing = entity(found)
    types = {name: stored_thing.column(name).type for name in ("id", "a", "b", "c")}
    large, small_ones = (
        dict.fromkeys(names, kind)
        for names, kind in ((("id", "a"), ColumnType.INT64), (("b", "c"), ColumnType.INT32))
    )
    assert types == {**large, **small_ones}


@pytest.mark.parametrize(("words", "kind", "array"), TYPES)
def test_a_column_has_the_type_of_its_values(
    words: Contract, kind: ColumnType, array: bool
) -> None:
    found = column_of(words)
    assert (found.type, found.array) == (kind, array)


@pytest.mark.parametrize(
    ("words", "precision", "scale"),
    [
        ({"type": "number", "multipleOf": 0.01, "minimum": 0, "maximum": 99999}, 7, 2),
        ({"type": "number", "multipleOf": 0.01, "minimum": -99999, "maximum": 9}, 7, 2),
        ({"type": "number", "multipleOf": 0.01, "maximum": 99999}, 38, 2),
        ({"type": "number", "multipleOf": 0.125}, 38, 3),
        ({"type": "number", "format": "decimal"}, None, None),
        ({"type": "number", "format": "decimal", "multipleOf": 10}, 38, 0),
        ({"type": "string", "format": "decimal"}, None, None),
        (
            {"type": "string", "format": "decimal", "pattern": r"^(0|[1-9][0-9]{0,7})\.[0-9]{2}$"},
            10,
            2,
        ),
        ({"type": "string", "format": "decimal", "pattern": r"^\d{1,5}(\.\d{1,3})?$"}, 8, 3),
        ({"type": "string", "format": "decimal", "pattern": r"^[0-9]+[.][0-9]{4}$"}, 38, 4),
        ({"type": "string", "format": "decimal", "pattern": "^[0-9]+$"}, None, None),
        ({**TEXT, "format": "decimal", "x-column": {"precision": 9, "scale": 3}}, 9, 3),
        ({**TEXT, "format": "decimal", "x-column": {"precision": 9}}, 9, None),
    ],
)  # fmt: skip
def test_a_decimal_keeps_as_many_digits_as_the_contract_allows(
    words: Contract, precision: int | None, scale: int | None
) -> None:
    found = column_of(words)
    assert (found.precision, found.scale) == (precision, scale)


@pytest.mark.parametrize(
    ("words", "required", "nullable"),
    [
        (TEXT, True, False),
        (TEXT, False, True),
        ({"type": ["string", "null"]}, True, True),
        ({"anyOf": [TEXT, {"type": "null"}]}, True, True),
        ({**TEXT, "default": "x"}, False, False),
        ({"type": ["string", "null"], "default": "x"}, False, True),
        ({"type": ["string", "null"], "default": None}, True, True),
        ({**MOMENT, "readOnly": True}, False, True),
    ],
)
def test_null_is_kept_out_where_the_contract_never_shows_it(
    words: Contract, required: bool, nullable: bool
) -> None:
    assert column_of(words, *(["it"] if required else [])).nullable is nullable


def test_what_an_input_may_leave_empty_may_be_null() -> None:
    takes = obj({"it": {"type": ["string", "null"]}, "name": TEXT})
    assert column_of(TEXT, "it", takes=takes).nullable


def test_a_default_comes_from_the_schema_or_from_its_inputs() -> None:
    assert column_of({**TEXT, "default": "x"}).default == ("x",)
    takes = obj({"it": {**TEXT, "default": "y"}, "name": TEXT})
    assert column_of(TEXT, takes=takes).default == ("y",)
    assert column_of({**TEXT, "default": "x"}, takes=takes).default == ("x",)


def test_a_default_that_nobody_can_override_is_the_databases_own() -> None:
    takes = obj({"name": TEXT})
    found = column_of({**TEXT, "default": "x"}, takes=takes)
    assert found.fill is Fill.DEFAULT
    assert column_of({**TEXT, "default": "x"}).fill is Fill.CLIENT


@pytest.mark.parametrize(
    ("name", "fill"),
    [
        ("created_at", Fill.CREATED),
        ("createdAt", Fill.CREATED),
        ("CREATED_AT", Fill.CREATED),
        ("creation-date", Fill.CREATED),
        ("updated_at", Fill.UPDATED),
        ("updatedAt", Fill.UPDATED),
        ("lastModified", Fill.UPDATED),
        ("seen_at", Fill.CLIENT),
    ],
)
def test_times_that_nobody_sends_are_set_by_the_service(name: str, fill: Fill) -> None:
    moment = {**MOMENT, "readOnly": True}
    assert entity(things({name: moment}, name)).columns[2].fill is fill


def test_times_that_are_sent_are_the_clients() -> None:
    assert entity(things({"created_at": MOMENT})).column("created_at").fill is Fill.CLIENT
    text = {**TEXT, "readOnly": True}
    assert entity(things({"created_at": text})).column("created_at").fill is Fill.CLIENT


@pytest.mark.parametrize(("word", "fill"), [("created", Fill.CREATED), ("updated", Fill.UPDATED)])
def test_x_timestamp_says_which_time_a_property_is(word: str, fill: Fill) -> None:
    found = column_of({**MOMENT, "readOnly": True, "x-timestamp": word}, "it")
    assert found.fill is fill
    assert not found.nullable


@pytest.mark.parametrize(
    ("words", "hashed"),
    [
        ({**TEXT, "format": "password", "writeOnly": True}, True),
        ({**TEXT, "writeOnly": True}, False),
        ({**TEXT, "format": "password"}, False),
        ({**TEXT, "x-hashed": True}, True),
        ({**TEXT, "format": "password", "writeOnly": True, "x-hashed": False}, False),
    ],
)
def test_of_a_password_only_a_hash_is_stored(words: Contract, hashed: bool) -> None:
    found = column_of(words)
    assert found.hashed is hashed
    assert found.name == ("it_hash" if hashed else "it")
    assert found.attribute == found.name
    if hashed:
        assert found.bounds == Bounds(max_length=255)


def test_a_write_only_text_called_password_is_one() -> None:
    found = entity(things({"passWord": {**TEXT, "writeOnly": True}}))
    assert found.column("pass_word").hashed is False
    found = entity(things({"Password": {**TEXT, "writeOnly": True}}))
    assert found.column("password_hash").hashed


def test_properties_that_only_inputs_have_are_stored_too() -> None:
    takes = obj({"name": TEXT, "secret": {**TEXT, "writeOnly": True}}, "name")
    found = entity(things(takes=takes))
    assert [known.name for known in found.columns] == ["id", "name", "secret"]


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ({**TEXT, "minLength": 1, "maxLength": 9}, Bounds(min_length=1, max_length=9)),
        ({**TEXT, "pattern": "^[a-z]+$"}, Bounds(pattern="^[a-z]+$")),
        ({**TEXT, "pattern": "^(?=a)"}, Bounds()),
        ({**TEXT, "pattern": "^a$", "enum": ["a"]}, Bounds()),
        ({**INTEGER, "minimum": 1, "maximum": 9}, Bounds(minimum=1, maximum=9)),
        (
            {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 9},
            Bounds(exclusive_minimum=1, exclusive_maximum=9),
        ),
        ({"type": "number", "format": "decimal", "minimum": 0.5}, Bounds(minimum=0.5)),
        ({**TEXT, "format": "decimal", "minLength": 3}, Bounds()),
        ({**TEXT, "format": "uuid", "maxLength": 36}, Bounds()),
        ({"type": "array", "items": TEXT, "maxItems": 3}, Bounds()),
        ({**TEXT, "minimum": 3}, Bounds()),
        ({"type": "boolean"}, Bounds()),
    ],
)
def test_bounds_are_those_that_a_database_can_check(words: Contract, bounds: Bounds) -> None:
    assert column_of(words).bounds == bounds


def test_of_several_bounds_the_loosest_holds_and_only_shared_patterns() -> None:
    own = {**TEXT, "minLength": 3, "maxLength": 5, "pattern": "^a+$"}
    sent = {**TEXT, "minLength": 1, "maxLength": 9, "pattern": "^b+$"}
    takes = obj({"name": TEXT, "it": sent})
    assert column_of(own, takes=takes).bounds == Bounds(min_length=1, max_length=9)
    open_end = obj({"name": TEXT, "it": TEXT})
    assert column_of(own, takes=open_end).bounds == Bounds()


def test_an_enum_of_texts_limits_its_column() -> None:
    found = column_of({"enum": ["a", "b", None], "type": ["string", "null"]})
    assert found.enum == ("a", "b")
    listed = column_of({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})
    assert (listed.enum, listed.array) == (("a", "b"), True)
    assert column_of({"type": "integer", "enum": [1, 2]}).enum == ()


def test_an_enum_with_a_name_is_known_by_it() -> None:
    schemas = {"Color": {"type": "string", "enum": ["red"]}}
    assert column_of(ref("Color"), schemas=schemas).enum_class == "Color"
    assert column_of(many("Color"), schemas=schemas).enum_class == "Color"
    assert column_of(TEXT).enum_class == ""


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ({**TEXT, "x-column": "other"}, ["id", "name", "other"]),
        ({**TEXT, "x-column": {"name": "other"}}, ["id", "name", "other"]),
        ({**TEXT, "x-column": False}, ["id", "name"]),
        (TEXT, ["id", "name", "it"]),
    ],
)
def test_x_column_names_a_column_or_says_that_there_is_none(
    words: Contract, names: list[str]
) -> None:
    assert [known.name for known in entity(things({"it": words})).columns] == names


def test_column_names_are_distinct_and_fit_into_postgresql() -> None:
    long = "a" * 58
    found = entity(things({"userId": TEXT, "user_id": TEXT, long: TEXT, long.upper(): TEXT}))
    names = [known.name for known in found.columns]
    assert len(set(names)) == 6
    assert all(len(name.encode()) <= 63 for name in names)
    assert len({known.attribute for known in found.columns}) == 6


def test_a_hidden_key_gives_way_to_a_property_of_its_name() -> None:
    schema = {**obj({"id": obj({"a": TEXT}), "name": TEXT}), "x-table": True}
    found = entity(contract(schemas={"Thing": schema}))
    assert found.column("id").property == "id"
    assert found.key_column.property == ""
    assert found.key_column.name != "id"


def test_a_soft_deleted_row_is_marked() -> None:
    for words in (True, "gone_at"):
        name = "deleted_at" if words is True else "gone_at"
        schema = thing(**{"x-table": {"soft-delete": words}})
        found = entity(contract(crud("Thing", "things"), {"Thing": schema}))
        assert found.soft_delete == name
        assert found.column(name).fill is Fill.DELETED
        assert found.column(name).nullable
        assert found.column(name).type is ColumnType.TIMESTAMP
    assert entity(things()).soft_delete == ""
    off = thing(**{"x-table": {"soft-delete": False}})
    assert entity(contract(crud("Thing", "things"), {"Thing": off})).soft_delete == ""


def test_a_mark_of_deletion_may_be_a_property() -> None:
    shown = {"deletedAt": {**MOMENT, "readOnly": True}}
    schema = thing(shown, **{"x-table": {"soft-delete": "deleted_at"}})
    found = entity(contract(crud("Thing", "things"), {"Thing": schema}))
    assert [known.name for known in found.columns] == ["id", "name", "deleted_at"]
    assert found.column("deleted_at").fill is Fill.DELETED
    assert found.column("deleted_at").property == "deletedAt"


def test_unique_rules_are_those_of_properties_and_of_the_table() -> None:
    rules = {"unique": [["name", "itsCode"], {"columns": ["name"], "ignore-case": True}]}
    schema = thing({"itsCode": {**TEXT, "x-unique": True}}, **{"x-table": rules})
    found = entity(contract(crud("Thing", "things"), {"Thing": schema}))
    assert {rule.columns: rule.ignore_case for rule in found.uniques} == {
        ("its_code",): False,
        ("name", "its_code"): False,
        ("name",): True,
    }
    assert [rule.name for rule in found.uniques] == [
        "uq_things_its_code",
        "uq_things_name_its_code",
        "uq_things_name",
    ]
    assert not any(rule.partial for rule in found.uniques)


def test_x_unique_may_ignore_case_or_be_off() -> None:
    folded = things({"it": {**TEXT, "x-unique": {"ignore-case": True}}})
    assert entity(folded).uniques[0].ignore_case
    assert entity(things({"it": {**TEXT, "x-unique": False}})).uniques == ()


def test_rules_of_soft_deleted_tables_hold_for_rows_that_are_there() -> None:
    schema = thing({"it": {**TEXT, "x-unique": True}}, **{"x-table": {"soft-delete": True}})
    found = entity(contract(crud("Thing", "things"), {"Thing": schema}))
    assert found.uniques[0].partial


def test_indexes_are_those_of_properties_and_of_the_table() -> None:
    rules = {"indexes": [["name", "it"], {"columns": ["tags"], "method": "gin"}]}
    props = {
        "it": {**TEXT, "x-index": True},
        "off": {**TEXT, "x-index": False},
        "tags": {"type": "array", "items": TEXT},
    }
    schema = thing(props, **{"x-table": rules})
    found = entity(contract(schemas={"Thing": schema}))
    assert [(index.columns, index.method, index.reason) for index in found.indexes] == [
        (("it",), IndexMethod.BTREE, "x-index asks for it"),
        (("name", "it"), IndexMethod.BTREE, "x-table asks for it"),
        (("tags",), IndexMethod.GIN, "x-table asks for it"),
    ]


def test_indexes_of_one_database_have_different_names() -> None:
    schemas = {
        "A": {**thing({"b_c": {**TEXT, "x-index": True}}), "x-table": "a"},
        "AB": {**thing({"c": {**TEXT, "x-index": True}}), "x-table": "a_b"},
        "ABC": {**thing({"ix": {**TEXT, "x-unique": True}}), "x-table": "ix_a_b_c"},
        "D": {
            **thing({"a_b": TEXT, "a": TEXT, "b": TEXT}),
            "x-table": {"name": "d", "unique": [["a_b"], ["a", "b"]]},
        },
    }
    found = understood(contract(schemas=schemas)).entities
    names = [unique.name for known in found.values() for unique in known.uniques]
    names += [index.name for known in found.values() for index in known.indexes]
    assert len(names) == 5
    assert len({*names, *(known.table for known in found.values())}) == 9


@pytest.mark.parametrize(
    ("words", "entity_name", "on_delete"),
    [
        ({"x-references": "Owner"}, "Owner", OnDelete.RESTRICT),
        ({"x-references": {"schema": "Owner", "on-delete": "cascade"}}, "Owner", OnDelete.CASCADE),
        (
            {"x-references": {"schema": "Owner", "on-delete": "set-null"}},
            "Owner",
            OnDelete.SET_NULL,
        ),
        ({}, "", OnDelete.RESTRICT),
        ({"x-references": "Nobody"}, "", OnDelete.RESTRICT),
    ],
)
def test_x_references_says_what_a_value_refers_to(
    words: Contract, entity_name: str, on_delete: OnDelete
) -> None:
    document = things(
        {"it": {**INTEGER, **words}},
        schemas={"Owner": {**thing(), "x-table": True}, "Nobody": thing()},
    )
    found = entity(document).column("it").reference
    assert (found.entity if found else "") == entity_name
    if found is not None:
        assert found.on_delete is on_delete


@pytest.mark.parametrize(
    ("name", "words", "refers"),
    [
        ("owner_id", INTEGER, True),
        ("ownerId", INTEGER, True),
        ("OwnerID", INTEGER, True),
        ("owner_id", {"type": "integer", "format": "int32"}, True),
        ("owner_id", TEXT, False),
        ("owner", INTEGER, False),
        ("ownerid", INTEGER, False),
        ("other_id", INTEGER, False),
        ("owner_id", {"type": "array", "items": INTEGER}, False),
    ],
)
def test_a_property_named_after_a_stored_schema_is_a_foreign_key(
    name: str, words: Contract, refers: bool
) -> None:
    document = things({name: words}, schemas={"Owner": {**thing(), "x-table": True}})
    found = entity(document).columns[2].reference
    assert (found is not None and found.entity == "Owner") is refers


def test_a_description_follows_a_property_into_its_column() -> None:
    assert column_of({**TEXT, "description": "What it is"}).description == "What it is"
    schemas = {"Note": {**TEXT, "description": "A note"}}
    assert column_of(ref("Note"), schemas=schemas).description == "A note"

"""What an older version is in terms of the newest: what is derived, declared, and refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from apiwright.ir.schemas import Direction
from apiwright.ir.versions import (
    Dropped,
    Filled,
    Joined,
    Nested,
    Renamed,
    Split,
    Step,
    Use,
    Values,
    Version,
)
from apiwright.understand import understand_versions
from apiwright.understand.versions import adapt, announce, graft
from tests.support.contracts import INTEGER, TEXT, contract, crud, loaded, obj, parameter, ref

OLD, NEW = [{"url": "/v1"}], [{"url": "/v2"}]


def version(
    older: Mapping[str, Any], newer: Mapping[str, Any], overridden: tuple[str, ...] | None = None
) -> Version:
    """The version that one contract is beside another."""
    documents = [loaded({**older, "servers": OLD}), loaded({**newer, "servers": NEW})]
    grafted = graft(documents[1], documents[:1])
    service, services = understand_versions(documents[1], documents[:1], grafted)
    return adapt("v1", services[0], service, grafted.answers["/v1"], overridden)


def things(properties: Mapping[str, Any], *required: str, **words: Any) -> dict[str, Any]:
    """A contract of things with some properties."""
    thing = {"id": {**INTEGER, "readOnly": True}, **properties}
    return contract(crud("Thing", "things"), {"Thing": obj(thing, "id", *required, **words)})


def steps(found: Version, direction: Direction) -> tuple[Step, ...]:
    """The steps of the only schema."""
    assert not [gap for gap in found.gaps if not gap.harmless], found.gaps
    return next((s.steps for s in found.shapes if s.direction is direction), ())


def codes(found: Version) -> set[str]:
    """The codes of what can't be derived."""
    return {gap.code for gap in found.gaps if not gap.harmless}


UP, DOWN = Direction.REQUEST, Direction.RESPONSE


def test_what_is_the_same_needs_nothing() -> None:
    """Neither steps nor a check of its own."""
    found = version(things({"name": TEXT}, "name"), things({"name": TEXT}, "name"))
    assert not found.shapes
    assert not found.gaps
    assert not any(known.held for known in found.operations)
    assert {known.newer.id for known in found.operations} == {
        known.older.id for known in found.operations
    }


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"name": {**TEXT, "x-renamed-to": "title"}}, {"title": TEXT}),
        ({"name": TEXT}, {"title": {**TEXT, "x-renamed-from": "name"}}),
        ({"name": TEXT}, {"title": {**TEXT, "x-renamed-from": ["label", "name"]}}),
    ],
)
def test_a_property_is_renamed(older: dict[str, Any], newer: dict[str, Any]) -> None:
    """As either version says."""
    found = version(things(older), things(newer))
    assert steps(found, UP) == (Renamed("name", "title"),)
    assert steps(found, DOWN) == (Renamed("title", "name"),)


def test_a_text_is_split_and_joined() -> None:
    """At the separator; parts that get nothing are null where they may be."""
    older = {"name": {**TEXT, "x-from": {"join": ["first", "last"], "separator": "-"}}}
    newer = {"first": TEXT, "last": {"type": ["string", "null"]}}
    found = version(things(older), things(newer))
    assert steps(found, UP) == (Split("name", ("first", "last"), "-", None),)
    assert steps(found, DOWN) == (Joined(("first", "last"), "name", "-"),)


def test_what_is_new_is_left_out_or_implied() -> None:
    """Old clients never see it; a request means what the older contract says."""
    newer = things({"name": TEXT, "size": INTEGER}, "size")
    found = version(things({"name": TEXT}, **{"x-implies": {"size": 3}}), newer)
    assert steps(found, UP) == (Filled("size", 3),)
    assert steps(found, DOWN) == (Dropped("size"),)
    assert codes(version(things({"name": TEXT}), newer)) == {"version-property-needed"}


def test_what_is_gone_is_shown_as_is_said() -> None:
    """Or not at all, where it is optional; what clients send of it is dropped."""
    newer = things({"name": TEXT})
    older = {"name": TEXT, "rank": {**INTEGER, "x-from": {"value": 1}}}
    found = version(things(older, "rank"), newer)
    assert steps(found, UP) == (Dropped("rank"),)
    assert steps(found, DOWN) == (Filled("rank", 1),)
    bare = version(things({"name": TEXT, "rank": INTEGER}, "rank"), newer)
    assert codes(bare) == {"version-property-gone"}
    shown = {"name": TEXT, "rank": {**INTEGER, "readOnly": True}}
    assert steps(version(things(shown), newer), DOWN) == ()


def test_defaults_stay_those_of_the_version() -> None:
    """Who sends nothing means the default that was promised."""
    older, newer = ({"size": {**INTEGER, "default": value}} for value in (1, 2))
    assert steps(version(things(older), things(newer)), UP) == (Filled("size", 1),)


def test_values_of_an_enum_change() -> None:
    """What is new in the newest version has to be said, or is refused."""
    state = {"type": "string", "enum": ["open", "sent"]}
    newer = things({"state": {"type": "string", "enum": ["open", "packed", "shipped"]}})
    words = {"x-renamed-to": {"sent": "shipped"}, "x-from": {"values": {"packed": "open"}}}
    found = version(things({"state": {**state, **words}}), newer)
    assert steps(found, UP) == (Values("state", {"sent": "shipped"}),)
    assert steps(found, DOWN) == (Values("state", {"shipped": "sent", "packed": "open"}),)
    assert codes(version(things({"state": state}), newer)) == {"version-value"}


def test_parts_change_where_they_stand() -> None:
    """In lists and in values by name, with schemas that contain themselves."""

    def made(part: dict[str, Any]) -> dict[str, Any]:
        inner = obj({**part, "more": {"type": "array", "items": ref("Part")}}, **{"x-table": False})
        found = things(
            {
                "parts": {"type": "array", "items": ref("Part")},
                "named": {"type": "object", "additionalProperties": ref("Part")},
            }
        )
        found["components"]["schemas"]["Part"] = inner
        return found

    found = version(made({"a": {**TEXT, "x-renamed-to": "b"}}), made({"b": TEXT}))
    shapes = {shape.method: shape.steps for shape in found.shapes}
    assert shapes["upgrade_part"] == (
        Nested("more", Use("upgrade_part", many=True)),
        Renamed("a", "b"),
    )
    assert shapes["downgrade_thing"] == (
        Nested("parts", Use("downgrade_part", many=True)),
        Nested("named", Use("downgrade_part", each=True)),
    )
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        (TEXT, INTEGER, {"version-answer-wider", "version-request-narrower"}),
        ({"type": "string", "maxLength": 5}, {"type": "string"}, {"version-answer-wider"}),
        ({"type": "string"}, {"type": "string", "maxLength": 5}, {"version-request-narrower"}),
        (INTEGER, {"type": ["integer", "null"]}, {"version-answer-wider"}),
        ({"type": "integer", "minimum": 1}, {"type": "integer"}, {"version-answer-wider"}),
        ({"oneOf": [TEXT, INTEGER]}, {"oneOf": [TEXT, {"type": "boolean"}]}, {"version-union"}),
        (
            {"type": "string", "x-renamed-to": "nothing"},
            TEXT,
            {"version-unknown-property", "version-property-gone"},
        ),
        (
            {"type": "string", "x-from": {"join": ["value", "id"]}},
            TEXT,
            {"version-unknown-property", "version-property-gone"},
        ),
    ],
)
def test_what_can_not_be_derived_is_refused(
    older: dict[str, Any], newer: dict[str, Any], expected: set[str]
) -> None:
    """With the place in the older contract, and the method to override."""
    found = version(things({"value": older}), things({"value": newer}))
    assert codes(found) <= expected
    assert codes(found)
    assert {gap.method for gap in found.gaps} <= {"upgrade_thing", "downgrade_thing"}
    assert all(gap.position.line for gap in found.gaps)
    filled = version(
        things({"value": older}), things({"value": newer}), ("upgrade_thing", "downgrade_thing")
    )
    assert codes(filled) == set()
    assert filled.overridden


def test_what_is_joined_has_to_fit() -> None:
    """And what is split may leave nothing for a part that can't do without."""
    older = {"type": "string", "maxLength": 9, "x-from": {"join": ["a", "b"]}}
    short = {"type": "string", "minLength": 1, "maxLength": 4}
    found = version(things({"name": older}), things({"a": short, "b": short}))
    assert codes(found) == {"version-split"}
    long = {"type": ["string", "null"], "maxLength": 5}
    assert codes(version(things({"name": older}), things({"a": short, "b": long}))) == {
        "version-answer-wider"
    }


def with_query(*listed: dict[str, Any], **words: Any) -> dict[str, Any]:
    """A contract with a list that has parameters."""
    found = things({"name": TEXT, "state": TEXT})
    found["paths"]["/things"]["get"].update({"parameters": list(listed), **words})
    return found


def test_parameters_are_renamed_with_their_values() -> None:
    """Minus signs of sorts stay; defaults are those of the version."""
    sort = {"type": "string", "enum": ["name", "-name"], "default": "name"}
    older = parameter("order", {**sort, "x-renamed-to": {"name": "title"}})
    newer = parameter("sort", {"type": "string", "enum": ["title", "-title"], "default": "-title"})
    found = version(with_query({**older, "x-renamed-to": "sort"}), with_query(newer))
    (adapted,) = next(o for o in found.operations if o.query).query
    assert (adapted.name, adapted.newer) == ("order", "sort")
    assert adapted.values == {"name": "title", "-name": "-title"}
    assert adapted.default == ("name",)


@pytest.mark.parametrize(
    ("older", "newer", "code"),
    [
        ([parameter("state")], [], "version-parameter"),
        ([], [parameter("state", required=True)], "version-parameter"),
        ([parameter("X-A", place="header")], [], "version-parameter"),
        ([parameter("state")], [parameter("state", INTEGER)], "version-request-narrower"),
        (
            [parameter("state", {"type": "string", "enum": ["a"]})],
            [parameter("state", {"type": "string", "enum": ["b"]})],
            "version-value",
        ),
    ],
)
def test_parameters_that_are_lost_are_refused(
    older: list[dict[str, Any]], newer: list[dict[str, Any]], code: str
) -> None:
    """Nothing that old clients ask for is ignored."""
    assert codes(version(with_query(*older), with_query(*newer))) == {code}


def test_an_operation_is_found_by_name_by_word_and_by_place() -> None:
    """In this order."""
    older, newer = things({"name": TEXT}), things({"name": TEXT})
    older["paths"]["/old"] = {"get": {**older["paths"]["/things"]["get"], "operationId": "old"}}
    older["paths"]["/old"]["get"]["x-replaced-by"] = "list things"
    newer["paths"]["/things"]["post"]["operationId"] = "another"
    found = version(older, newer)
    answered = {known.older.id: known.newer.id for known in found.operations}
    assert answered["old"] == "list things"
    assert answered["create Thing"] == "another"
    older["paths"]["/old"]["get"]["x-replaced-by"] = "nothing"
    assert codes(version(older, newer)) == {"version-unknown-operation"}


def test_an_operation_that_is_gone_is_understood_all_the_same() -> None:
    """In terms of the newest schemas, at its old address, and in no contract of the newest."""
    older, newer = things({"name": {**TEXT, "x-renamed-to": "title"}}), things({"title": TEXT})
    older["paths"]["/things/{thing}"] = older["paths"].pop("/things/{id}")
    older["paths"]["/things/{thing}"]["parameters"] = [parameter("thing", INTEGER, "path")]
    del newer["paths"]["/things/{id}"]["put"]
    documents = [loaded({**older, "servers": OLD}), loaded({**newer, "servers": NEW})]
    grafted = graft(documents[1], documents[:1])
    assert grafted.homes == {"replace Thing": "/v1"}
    service, services = understand_versions(documents[1], documents[:1], grafted)
    replace = service.operations["replace Thing"]
    assert service.address(replace) == "/v1/things/{id}"
    assert type(replace.action).__name__ == "RowAction"
    assert "replace Thing" not in service.offered.operations
    assert "put" not in str(service.contract["paths"])
    found = adapt("v1", services[0], service, grafted.answers["/v1"])
    assert codes(found) == set()


def test_who_replaces_rows_is_warned_of_what_it_resets() -> None:
    """A client that knows nothing of a property can't send it."""
    found = version(things({"name": TEXT}), things({"name": TEXT, "size": INTEGER}))
    (gap,) = found.gaps
    assert (gap.code, gap.harmless) == ("version-replaces", True)
    assert "'size'" in gap.message


def test_callers_are_the_same() -> None:
    """Who may do something doesn't depend on the version."""
    scheme = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    older, newer = things({"name": TEXT}), things({"name": TEXT})
    for document in (older, newer):
        document["components"].update(scheme)
    newer["security"] = [{"token": []}]
    assert "version-security" in codes(version(older, newer))


def test_the_end_of_a_version_is_that_of_its_operations() -> None:
    """Unless they have an end of their own."""
    made = {**things({"name": TEXT}), "x-sunset": "2999-01-31"}
    own = {"deprecated": True, "x-sunset": "2999-12-31"}
    made["paths"]["/things"]["get"].update(own)
    document = loaded(made)
    announce(document)
    paths = document.root.entries("paths")
    assert paths["/things"].get("get", "x-sunset").text == "2999-12-31"  # type: ignore[union-attr]
    assert paths["/things"].get("post", "x-sunset").text == "2999-01-31"  # type: ignore[union-attr]
    assert paths["/things"].get("post", "deprecated").value is True  # type: ignore[union-attr]

"""No break goes unnoticed: what a validator refuses all of a sudden has been told.

Values that the older schema allows and the newer one doesn't break requests; values that only the
newer one allows break responses. Whatever a JSON Schema validator finds, a change of that direction
is told, as breaking or as a warning. That exactly one of several alternatives may match (`oneOf`)
is left out: whether alternatives overlap isn't examined.
"""

from __future__ import annotations

import itertools
from typing import Any

import jsonschema_rs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apiwright.breaking import Level
from tests.support.api_changes import changes, echoing

NAMES = ("A", "B", "C")
SCALARS: list[Any] = [None, True, False, 0, 1, 2, 3, 5, 1.5, -1, "", "a", "b", "aa", "aaaaa"]
SMALL: list[Any] = [
    *SCALARS,
    [],
    {},
    ["a"],
    [1, 1],
    [None, "a", 3],
    {"a": 1},
    {"a": "b", "b": None},
]
VALUES: list[Any] = [
    *SMALL,
    *([value] for value in SMALL),
    *({name: value} for name in "abc" for value in SMALL),
    *({"a": one, "b": other} for one, other in itertools.product(SCALARS[::2], repeat=2)),
    *({"a": {"b": value}} for value in SMALL),
    *({"a": [value], "c": value} for value in SMALL),
]


def references() -> st.SearchStrategy[Any]:
    return st.sampled_from(NAMES[1:]).map(lambda name: {"$ref": f"#/components/schemas/{name}"})


def leaves() -> st.SearchStrategy[Any]:
    sizes = st.integers(0, 3)
    kinds = ("string", "integer", "number", "boolean", "array", "object", "null")
    return st.one_of(
        references(),
        st.sampled_from([True, False, {}]),
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.one_of(
                    st.sampled_from(kinds),
                    st.lists(st.sampled_from(kinds), min_size=1, max_size=3, unique=True),
                ),
                "maxLength": sizes,
                "minLength": sizes,
                "maxItems": sizes,
                "minItems": sizes,
                "maximum": sizes,
                "minimum": sizes,
                "exclusiveMinimum": sizes,
                "exclusiveMaximum": sizes,
                "maxProperties": sizes,
                "minProperties": sizes,
                "multipleOf": st.sampled_from([1, 2, 0.5]),
                "uniqueItems": st.booleans(),
                "enum": st.lists(
                    st.sampled_from(["a", 1, 1.5, None, True]), min_size=1, unique_by=repr
                ),
                "const": st.sampled_from(["a", 1, None]),
                "pattern": st.sampled_from(["a", "b"]),
            },
        ),
    )


def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "c"])
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries(
            {"properties": st.dictionaries(names, inner, max_size=3)},
            optional={
                "type": st.just("object"),
                "required": st.lists(names, unique=True),
                "additionalProperties": st.one_of(st.booleans(), inner),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("array")}, optional={"items": inner, "prefixItems": several}
        ),
        st.builds(
            lambda keyword, found: {keyword: found},
            st.sampled_from(["anyOf", "allOf"]),
            several,
        ),
        st.builds(
            lambda keyword, found: {keyword: found},
            st.sampled_from(["not", "contains", "propertyNames"]),
            inner,
        ),
        st.builds(
            lambda test, then: {"if": test, "then": then},
            inner,
            inner,
        ),
    )


SCHEMAS = st.recursive(leaves(), wider, max_leaves=5)
COMPONENTS = st.fixed_dictionaries(dict.fromkeys(NAMES, SCHEMAS))


def allowed(components: Any) -> list[bool] | None:
    """Which of the values a schema allows; None where it never comes to an end."""
    schema = {"$ref": "#/components/schemas/A", "components": {"schemas": components}}
    try:
        validator = jsonschema_rs.Draft202012Validator(schema)
    except (ValueError, jsonschema_rs.ValidationError):
        return None
    return [validator.is_valid(value) for value in VALUES]


def endless(components: Any) -> bool:
    """Whether a schema refers to itself without a step into the value."""

    def straight(schema: Any) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        found = {schema["$ref"].rpartition("/")[2]} if "$ref" in schema else set()
        for keyword in ("oneOf", "anyOf", "allOf"):
            found |= set().union(*map(straight, schema.get(keyword, ())))
        for keyword in ("not", "if", "then"):
            found |= straight(schema.get(keyword))
        return found

    reached = {name: straight(schema) for name, schema in components.items()}
    for _ in NAMES:
        reached = {
            name: others.union(*(reached[other] for other in others))
            for name, others in reached.items()
        }
    return any(name in others for name, others in reached.items())


def check(before: Any, after: Any) -> None:
    assume(not endless(before) and not endless(after))
    old, new = allowed(before), allowed(after)
    assume(old is not None and new is not None)
    assert old is not None
    assert new is not None
    found = changes(echoing(before), echoing(after))
    told = {change.id.partition("-")[0] for change in found if change.level is not Level.INFO}
    # A property that is new was free before, which nobody is expected to have made use of.
    free = any(change.id.startswith("new-optional-request-property") for change in found)
    for value, was, now in zip(VALUES, old, new, strict=True):
        if was and not now and not free:
            assert told & {"request", "new"}, ("refused", value, before, after, found)
        if now and not was:
            assert "response" in told, ("new", value, before, after, found)


@settings(max_examples=200)
@given(COMPONENTS, SCHEMAS)
def test_a_schema_in_place_of_another(before: Any, schema: Any) -> None:
    check(before, {**before, "A": schema})


@settings(max_examples=100)
@given(COMPONENTS, SCHEMAS)
def test_another_schema_that_is_referred_to(before: Any, schema: Any) -> None:
    check(before, {**before, "B": schema})


@settings(max_examples=200)
@given(leaves(), leaves())
def test_one_value_in_place_of_another(before: Any, after: Any) -> None:
    rest = {"B": {"type": "string"}, "C": True}
    check({**rest, "A": before}, {**rest, "A": after})


@settings(max_examples=200)
@given(leaves(), leaves(), st.sampled_from(["items", "a", "allOf", "anyOf", "null"]))
def test_one_value_in_place_of_another_inside(before: Any, after: Any, place: str) -> None:
    def inside(schema: Any) -> Any:
        return {
            "items": {"type": "array", "items": schema},
            "a": {"type": "object", "properties": {"a": schema}},
            "allOf": {"allOf": [schema, {"maxLength": 2}]},
            "anyOf": {"anyOf": [schema, {"type": "boolean"}]},
            "null": {"anyOf": [schema, {"type": "null"}]},
        }[place]

    rest = {"B": {"type": "string"}, "C": True}
    check({**rest, "A": inside(before)}, {**rest, "A": inside(after)})

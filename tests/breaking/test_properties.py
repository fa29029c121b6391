"""What holds for any two contracts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwright.breaking import RULES, Level
from apiwright.breaking.sameness import Sameness
from tests.support.api_changes import changes, echoing

NAMES = ("A", "B", "C", "D")
KINDS = ("string", "integer", "number", "boolean", "array", "object", "null")


def references() -> st.SearchStrategy[Any]:
    return st.sampled_from(NAMES).map(lambda name: {"$ref": f"#/components/schemas/{name}"})


def leaves() -> st.SearchStrategy[Any]:
    sizes = st.integers(0, 4)
    return st.one_of(
        references(),
        st.fixed_dictionaries(
            {"type": st.sampled_from(KINDS)},
            optional={
                "maxLength": sizes,
                "minItems": sizes,
                "maximum": sizes,
                "exclusiveMinimum": sizes,
                "enum": st.lists(st.sampled_from(["a", 1, 1.5, None, True]), min_size=1),
                "pattern": st.sampled_from(["a", "b"]),
                "format": st.sampled_from(["date", "int32"]),
                "readOnly": st.booleans(),
                "writeOnly": st.booleans(),
                "default": sizes,
            },
        ),
    )


def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "c"])
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(names, inner, max_size=3)},
            optional={
                "required": st.lists(names, unique=True),
                "additionalProperties": st.one_of(st.booleans(), inner),
            },
        ),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.builds(
            lambda keyword, found: {keyword: found},
            st.sampled_from(["oneOf", "anyOf", "allOf"]),
            several,
        ),
        st.builds(lambda found: {"not": found}, inner),
    )


SCHEMAS = st.recursive(leaves(), wider, max_leaves=8)
COMPONENTS = st.fixed_dictionaries(dict.fromkeys(NAMES, SCHEMAS))


@pytest.fixture(params=[True, False], ids=["short cuts", "everything compared"])
def _short_cuts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr(Sameness, "same", lambda *_: False)


@pytest.mark.usefixtures("_short_cuts")
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COMPONENTS)
def test_what_stays_gives_no_change(components: Any) -> None:
    assert changes(echoing(components), echoing(components)) == ()


@settings(max_examples=60)
@given(COMPONENTS, COMPONENTS)
def test_any_two_contracts_are_compared_by_the_rules(before: Any, after: Any) -> None:
    found = changes(echoing(before), echoing(after))
    assert list(found) == list(dict.fromkeys(found))
    assert all(change.level in RULES[change.id].levels for change in found)
    assert found == changes(echoing(before), echoing(after))


@settings(max_examples=50)
@given(COMPONENTS, COMPONENTS)
def test_what_is_written_alike_is_no_difference(before: Any, after: Any) -> None:
    """The short cut finds nothing less than comparing everything does."""
    mixed = {**before, "C": after["C"]}
    quick = changes(echoing(before), echoing(mixed))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Sameness, "same", lambda *_: False)
        assert changes(echoing(before), echoing(mixed)) == quick


@settings(max_examples=50)
@given(COMPONENTS, st.sampled_from(["string", "integer"]))
def test_a_new_optional_property_breaks_nobody_until_it_is_taken_back(
    components: Any, kind: str
) -> None:
    properties = {"old": {"$ref": "#/components/schemas/B"}}
    schema = {"type": "object", "properties": properties}
    components = json.loads(json.dumps(components).replace("schemas/A", "schemas/D"))
    before = echoing({**components, "A": schema})
    wide = {**schema, "properties": {**properties, "new": {"type": kind}}}
    after = echoing({**components, "A": wide})
    there = {(change.id, change.level) for change in changes(before, after)}
    assert there == {
        ("new-optional-request-property", Level.INFO),
        ("response-optional-property-added", Level.INFO),
    }
    back = {(change.id, change.level) for change in changes(after, before)}
    assert back == {
        ("request-property-removed", Level.WARNING),
        ("response-optional-property-removed", Level.WARNING),
    }

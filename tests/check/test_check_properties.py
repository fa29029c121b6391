"""Contracts with random mistakes: each is either told of, with its place, or understood."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apiwright.check import check
from apiwright.load import load
from apiwright.problems import Report
from apiwright.understand import understand
from tests.support.contracts import project

Way: TypeAlias = tuple[str | int, ...]
CONTRACTS = {name: project(name) for name in ("library", "reference")}


def ways(value: Any, before: Way = ()) -> Iterator[Way]:
    """The ways to every value in a document."""
    yield before
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from ways(child, (*before, key))


WAYS = {name: list(ways(document))[1:] for name, document in CONTRACTS.items()}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "string", "array", "object", "x", "#/components/schemas/Book", "#/paths", "a.yaml",
         "path", "query", "2XX", "default", "list", "{}", "$ref", "..", "\ud83d\ude00", "\u0000"]
    ),
    st.text(max_size=20),
    st.just([]),
    st.just({}),
    st.sampled_from(
        [{"$ref": "#/components/schemas/Book"}, {"$ref": "#"}, {"type": "string"}, [{}], [[]],
         {"x-table": True}, {"allOf": [{"$ref": "#/components/schemas/Book"}]}, {"a": {"a": {}}}]
    ),
)  # fmt: skip


@st.composite
def mutants(draw: st.DrawFn, name: str) -> Any:
    """A contract in which a few values are other ones, gone, or somewhere else as well."""
    document = copy.deepcopy(CONTRACTS[name])
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(WAYS[name]))
        try:
            owner: Any = document
            for key in way[:-1]:
                owner = owner[key]
            kind = draw(st.sampled_from(["replace", "remove", "rename", "copy"]))
            if kind == "remove":
                del owner[way[-1]]
            elif kind == "rename" and isinstance(owner, dict):
                owner[draw(st.text(min_size=1, max_size=12))] = owner.pop(way[-1])
            elif kind == "copy":
                other: Any = document
                for key in draw(st.sampled_from(WAYS[name])):
                    other = other[key]
                owner[way[-1]] = copy.deepcopy(other)
            else:
                owner[way[-1]] = draw(VALUES)
        except (LookupError, TypeError):
            continue  # an earlier change took the way away
    return document


@pytest.mark.parametrize("name", list(CONTRACTS))
@settings(max_examples=20)
@given(data=st.data())
def test_a_contract_with_random_mistakes_never_fails_otherwise(
    name: str, data: st.DataObject
) -> None:
    document = data.draw(mutants(name))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "openapi.json")
        file.write_text(json.dumps(document), encoding="utf-8")
        report = Report()
        found = load(file, report, base=file.parent)
    if found is not None:
        check(found, report)
    assert all(problem.position is not None for problem in report)
    if found is None or report.failed:
        assert report.failed
        return
    service = understand(found)
    for operation in service.operations.values():
        assert operation.position.line >= 1

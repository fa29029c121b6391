"""What holds for every document: values survive, positions point at what they claim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apiwright.load import Node, Source, plain, pointer, walk
from apiwright.load.json_reader import read_json
from apiwright.load.yaml_reader import read_yaml
from apiwright.problems import Report


def values(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Whatever JSON can say, with texts of a kind."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(10**30), 10**30)
        | st.floats(allow_nan=False, allow_infinity=False)
        | text
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=20,
    )


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
# In YAML a pair of \u escapes is not one character, as it is in JSON.
PLANE_0 = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=12)
# PyYAML writes YAML 1.1, in which these are line breaks.
NO_BREAKS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"),
    max_size=12,
)
LOOSE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down."""
    return json.dumps(one) == json.dumps(other)


def nodes(root: Node) -> Iterator[tuple[str | None, Node]]:
    """Every node, with its key where it has one."""
    stack: list[tuple[str | None, Node]] = [(None, root)]
    while stack:
        key, node = stack.pop()
        yield key, node
        stack.extend(node.mapping.items())
        stack.extend((None, item) for item in node.items)


@LOOSE
@given(values(TEXT), st.booleans(), st.sampled_from([None, 0, 2]))
def test_json_is_read_as_it_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    report = Report()
    node = read_json(Source("f", text), report)
    assert node is not None
    assert not len(report)
    assert same(plain(node), value)
    assert_positions(node, text)


@LOOSE
@given(values(PLANE_0), st.sampled_from([None, 1]))
def test_json_is_yaml_but_for_pairs_of_escapes(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    report = Report()
    node = read_yaml(Source("f", text), report)
    assert node is not None, list(report)
    assert not len(report)
    assert same(plain(node), value)
    assert_positions(node, text)


@LOOSE
@given(values(NO_BREAKS), st.booleans())
def test_yaml_is_read_as_it_was_written(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    report = Report()
    node = read_yaml(Source("f", text), report)
    assert node is not None, list(report)
    assert not len(report)
    assert same(plain(node), value)


def assert_positions(root: Node, text: str) -> None:
    """In JSON text every position is that of the JSON of the key or value."""
    source = Source("f", text)
    decoder = json.JSONDecoder()
    for key, node in nodes(root):
        assert decoder.raw_decode(rest(source, node.line, node.column))[0] == plain(node)
        if key is not None:
            assert decoder.raw_decode(rest(source, node.key_line, node.key_column))[0] == key


def rest(source: Source, line: int, column: int) -> str:
    """The text from a place on."""
    lines = source.text.split("\n")
    return "\n".join([lines[line - 1][column - 1 :], *lines[line:]])


@LOOSE
@given(st.lists(TEXT, max_size=5))
def test_pointers_survive_both_ways(keys: list[str]) -> None:
    path = tuple(keys)
    assert pointer.parse(pointer.build(path)) == path
    assert pointer.parse_fragment(pointer.fragment(path)) == path


ANY_TEXT = st.text(max_size=200) | st.text(
    alphabet="{}[]:,-? &*!|>'\"#%@`~<\n\t a1\\u", max_size=60
)


@LOOSE
@given(ANY_TEXT)
def test_readers_never_raise(text: str) -> None:
    safe = text.encode("utf-8", "replace").decode("utf-8")
    for read in (read_json, read_yaml):
        report = Report()
        node = read(Source("f", safe), report)
        assert node is not None or report.failed
        for problem in report:
            assert problem.position is not None
            assert problem.position.line <= safe.count("\n") + safe.count("\r") + 2


@LOOSE
@given(values(TEXT))
def test_walks_never_raise_and_never_repeat(value: Any) -> None:
    document = {"openapi": "3.1.0", "components": {"schemas": {"A": value}}, "paths": value}
    node = read_json(Source("f", json.dumps(document)), Report())
    assert node is not None
    pointers = [place.pointer for place in walk(node)]
    assert len(pointers) == len(set(pointers))
    for text in pointers:
        keys = pointer.parse_fragment(text[1:])
        assert keys is not None
        assert pointer.find(node, keys) is not None

"""Overlays: what they change, where that stands, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apiwright.load import Document, Node, plain
from apiwright.load.jsonpath import Queries, QueryError
from apiwright.problems import Report
from tests.load.load_helpers import errors, hints, json_of, loaded, minimal, told

CONTRACT = """
openapi: 3.1.0
info: {title: T, version: "1"}
tags: [{name: a}, {name: b}, {name: c}]
paths:
  /items:
    get: {parameters: [{name: p, in: query}], tags: [a]}
    post: {tags: [b]}
components:
  schemas:
    Item: {type: object, properties: {id: {type: string}}}
    Old: {type: string}
"""
PARAMETERS = "$.paths['/items'].get.parameters"


def overlay(*actions: Any, **more: Any) -> dict[str, Any]:
    """An overlay with some actions."""
    info = {"title": "O", "version": "1"}
    return {"overlay": "1.0.0", "info": info, "actions": list(actions), **more}


def overlaid(tmp_path: Path, content: Any, **files: Any) -> tuple[Document, Report]:
    """The contract above with an overlay beside it."""
    return loaded(tmp_path, {"openapi.yaml": CONTRACT, "openapi.overlay.json": content, **files})


def at(document: Document, pointer: str) -> Node:
    """What a pointer names, which must be there."""
    node = document.at(pointer)
    assert node is not None, pointer
    return node


def test_updates_are_merged_in_order(tmp_path: Path) -> None:
    document, report = overlaid(
        tmp_path,
        overlay(
            {"target": "$.components.schemas.Item", "update": {"x-table": {"name": "items"}}},
            {
                "target": "$.components.schemas.*",
                "description": "every schema",
                "update": {"x-table": {"soft": True}, "type": "text"},
            },
            {"target": "$.paths['/items'].get", "update": {"tags": ["z"], "parameters": []}},
            {"target": PARAMETERS, "update": {"name": "q"}},
            {"target": PARAMETERS, "update": [{"name": "r"}, {"name": "s"}]},
            {"target": "$", "update": {"info": {"title": "New"}}},
            {"target": "$.tags[1]", "update": {"description": "second"}},
            {"target": "$.info", "update": {"version": {"now": "an object"}}, "x-note": 1},
        ),
    )
    get = at(document, "/paths/~1items/get")
    assert not len(report)
    assert plain(at(document, "/components/schemas")) == {
        "Item": {
            "type": "text",
            "properties": {"id": {"type": "string"}},
            "x-table": {"name": "items", "soft": True},
        },
        "Old": {"type": "text", "x-table": {"soft": True}},
    }
    assert plain(at(document, "/info")) == {"title": "New", "version": {"now": "an object"}}
    assert [item.mapping["name"].text for item in get.mapping["parameters"].items] == list("pqrs")
    assert plain(get.mapping["tags"]) == ["a", "z"]
    assert plain(at(document, "/tags/1")) == {"name": "b", "description": "second"}


def test_removals(tmp_path: Path) -> None:
    document, report = overlaid(
        tmp_path,
        overlay(
            {"target": "$.components.schemas.Old", "remove": True, "update": {"ignored": 1}},
            {"target": "$.tags[0,2]", "remove": True},
            {"target": "$.paths..tags", "remove": True},
            {"target": "$.components..*", "remove": True},
        ),
    )
    assert not len(report)
    assert plain(document.root) == {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "tags": [{"name": "b"}],
        "paths": {"/items": {"get": {"parameters": [{"name": "p", "in": "query"}]}, "post": {}}},
        "components": {},
    }


def test_new_nodes_stand_in_the_overlay(tmp_path: Path) -> None:
    text = """
overlay: 1.0.0
info: {title: O, version: "1"}
actions:
  - target: $.components.schemas.Item
    update:
      x-new: {a: 1}
      properties: {id: {type: integer}}
"""
    files = {"openapi.yaml": CONTRACT, "openapi.overlay.yml": text}
    document, report = loaded(tmp_path, files)
    item = at(document, "/components/schemas/Item")
    assert not len(report)
    assert str(item.mapping["x-new"].key_position) == "openapi.overlay.yml:7:7"
    assert str(at(document, "/components/schemas/Item/properties/id/type").position) == (
        "openapi.overlay.yml:8:31"
    )
    assert str(item.position) == "openapi.yaml:11:11"
    assert [path.name for path in document.files] == ["openapi.yaml", "openapi.overlay.yml"]
    assert "openapi.overlay.yml" in document.sources


def test_a_part_that_aliases_share_changes_only_where_it_is_meant(tmp_path: Path) -> None:
    files = {
        "openapi.yaml": "openapi: 3.1.0\ncomponents: {schemas: {A: &a {properties: {}}, B: *a}}\n",
        "openapi.overlay.json": overlay(
            {"target": "$.components.schemas.A", "update": {"properties": {"p": {"enum": [1]}}}},
            {"target": "$.components.schemas.B", "update": {"properties": {"p": {"enum": [1]}}}},
            {"target": "$.components.schemas.B.properties.p.enum", "update": 2},
            {"target": "$.components.schemas.*", "update": {"x": {"y": []}}},
            {"target": "$.components.schemas.A.x.y", "update": 3},
        ),
    }
    document, _ = loaded(tmp_path, files)
    assert plain(at(document, "/components/schemas")) == {
        "A": {"properties": {"p": {"enum": [1]}}, "x": {"y": [3]}},
        "B": {"properties": {"p": {"enum": [1, 2]}}, "x": {"y": []}},
    }


def test_overlapping_targets_of_one_action(tmp_path: Path) -> None:
    contract: dict[str, Any] = {"a": {"b": {"c": {}}}}
    files = {
        "openapi.json": minimal(x=contract),
        "openapi.overlay.json": overlay({"target": "$.x..*", "update": {"b": 1}}),
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    assert not len(report)
    assert plain(at(document, "/x")) == {"a": {"b": 1}}


def test_every_file_may_have_an_overlay(tmp_path: Path) -> None:
    document, report = loaded(
        tmp_path,
        {
            "openapi.json": minimal(components={"schemas": {"A": {"$ref": "x/a.yaml"}}}),
            "x/a.yaml": "type: object",
            "x/a.overlay.yaml": """
overlay: 1.0.0
info: {title: O, version: "1"}
extends: ./a.yaml
actions: [{target: $, update: {items: {$ref: 'b.yaml'}}}]
""",
            "x/b.yaml": "type: string",
        },
        "openapi.json",
    )
    assert not len(report)
    assert at(document, "/components/schemas/A/items/$ref").text == "#/components/schemas/b"


def test_references_are_checked_after_the_overlay(tmp_path: Path) -> None:
    files = {
        "openapi.json": minimal(components={"schemas": {"A": {"$ref": "#/nope"}, "B": {}}}),
        "openapi.overlay.json": overlay(
            {"target": "$.components.schemas.A", "remove": True},
            {"target": "$.components.schemas.B", "update": {"items": {"$ref": "#/nothing"}}},
        ),
    }
    _, report = loaded(tmp_path, files, "openapi.json")
    (problem,) = report
    assert problem.message == "there is nothing at '#/nothing'"
    assert problem.position is not None
    assert problem.position.file == "openapi.overlay.json"


@pytest.mark.parametrize(
    ("action", "code", "hint"),
    [
        ({"target": "$.nope", "update": {}}, "overlay-target-missing", "beside"),
        ({"target": "$.paths[", "update": {}}, "overlay-target", "begins with $"),
        ({"target": "paths", "update": {}}, "overlay-target", "begins with $"),
        ({"target": "$[" + "1" * 3000, "update": {}}, "overlay-target", ""),
        (
            {"target": "$[?" + "(" * 900 + "@.a" + ")" * 900 + "]", "update": {}},
            "overlay-target",
            "",
        ),
        ({"target": "$[?@.a==1e999]", "update": {}}, "overlay-target", ""),
        ({"target": "", "update": {}}, "overlay-shape", ""),
        ({"target": 1, "update": {}}, "overlay-shape", ""),
        ({"update": {}}, "overlay-shape", ""),
        ({"target": "$.info"}, "overlay-shape", ""),
        ({"target": "$.info", "remove": False}, "overlay-shape", ""),
        ({"target": "$.info", "remove": "yes"}, "overlay-shape", ""),
        ({"target": "$", "remove": True}, "overlay-shape", ""),
        ({"target": "$.info", "update": "x"}, "overlay-shape", ""),
        ({"target": "$.info.title", "update": "x"}, "overlay-shape", "target the object"),
        (
            {"target": "$.info", "updat": {}, "update": {}},
            "overlay-shape",
            "did you mean 'update'?",
        ),
        ("x", "overlay-shape", ""),
    ],
)
def test_faults_of_actions(tmp_path: Path, action: Any, code: str, hint: str) -> None:
    good = {"target": "$.info", "update": {"title": "after"}}
    document, report = overlaid(tmp_path, overlay(action, good))
    assert errors(report) == [code]
    assert hint in hints(report)
    assert plain(at(document, "/info/title")) == "after"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([], "overlay-shape"),
        (overlay(), "overlay-shape"),
        (overlay({"target": "$", "update": {}}, actions="x"), "overlay-shape"),
        ({**overlay({"target": "$", "update": {}}), "overlay": "2.0.0"}, "overlay-version"),
        ({**overlay({"target": "$", "update": {}}), "overlay": 1.0}, "overlay-version"),
        ({**overlay({"target": "$", "update": {}}), "info": 1}, "overlay-shape"),
        ({**overlay({"target": "$", "update": {}}), "info": {"title": "x"}}, "overlay-shape"),
        (
            {**overlay({"target": "$", "update": {}}), "info": {"title": "x", "version": 1}},
            "overlay-shape",
        ),
        (overlay({"target": "$", "update": {}}, extra=1), "overlay-shape"),
        (overlay({"target": "$", "update": {}}, extends="other.yaml"), "overlay-extends"),
        (overlay({"target": "$", "update": {}}, extends=1), "overlay-extends"),
        ("{", "json-syntax"),
    ],
)
def test_faults_of_overlays(tmp_path: Path, content: Any, code: str) -> None:
    document, report = overlaid(tmp_path, content)
    assert errors(report) == [code]
    assert told(report)[0].startswith(f"error {code} openapi.overlay.json:")
    assert plain(at(document, "/info/title")) == "T"


def test_an_overlay_without_its_required_keys(tmp_path: Path) -> None:
    _, report = overlaid(tmp_path, {"actions": [{"target": "$", "update": {}}]})
    assert sorted(errors(report)) == ["overlay-shape", "overlay-version"]


@pytest.mark.parametrize(
    "extends", ["openapi.yaml", "./openapi.yaml", "https://h/o.yaml", "specs/openapi.yaml"]
)
def test_what_an_overlay_may_extend(tmp_path: Path, extends: str) -> None:
    _, report = overlaid(tmp_path, overlay({"target": "$", "update": {}}, extends=extends))
    assert not len(report)


def test_overlays_beside_each_other_and_out_of_the_folder(tmp_path: Path) -> None:
    action = overlay({"target": "$", "update": {}})
    more = {"openapi.overlay.yml": "overlay: 1"}
    _, report = overlaid(tmp_path / "a", action, **more)
    assert "several-overlays" in errors(report)
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "openapi.overlay.yaml").symlink_to(tmp_path / "secret.json")
    _, report = loaded(tmp_path / "b", {"openapi.yaml": CONTRACT})
    assert errors(report) == ["reference-outside"]


def test_an_overlay_cannot_make_a_document_too_large_or_too_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep: Any = {}
    for _ in range(60):
        deep = {"a": deep}
    at_the_end = "$" + ".a" * 60
    actions = [{"target": "$", "update": deep}, {"target": at_the_end, "update": deep}]
    _, report = overlaid(tmp_path / "deep", overlay(*actions))
    assert errors(report) == ["too-deep"]
    monkeypatch.setattr("apiwright.load.measure.MAX_VALUES", 200)
    wide = {"x": list(range(60))}
    actions = [{"target": "$.tags[*]", "update": wide}, {"target": "$.info", "update": wide}]
    _, report = overlaid(tmp_path / "wide", overlay(*actions))
    assert errors(report) == ["too-large"]


def test_the_search_for_problems_ends(tmp_path: Path) -> None:
    actions = [{"target": f"$.nope{number}", "update": {}} for number in range(1200)]
    _, report = overlaid(tmp_path, overlay(*actions))
    assert "too-many-problems" in errors(report)
    assert len(report) <= 1002


QUERIES: list[tuple[str, list[tuple[str | int, ...]]]] = [
    ("$.d", [("d",)]),
    ("$.l[1:]", [("l", 1), ("l", 2)]),
    ("$.l[-1]", [("l", 2)]),
    ("$.l[?@==$.m[1]]", [("l", 2)]),
    ("$.l[?@==$.m]", []),
    ("$.l[?@==$.l[1]]", [("l", 1)]),
    ("$.l[?length(@)==1]", [("l", 1), ("l", 2)]),
    ("$.l[?count(@.*)==1]", [("l", 1), ("l", 2)]),
    ("$['d','d']", [("d",)]),
    ("$..a", [("l", 2, "a"), ("m", 1, "a")]),
    ("$[?search(@, 'o.b')]", [("d",)]),
    ("$[?match(@, 'o.b')]", []),
    ("$[?match(@, '[.f]oo.bar')]", [("d",)]),
    ("$[?match(@, 'foo\\\\.bar')]", [("d",)]),
    ("$[?match(@, 'foo[')]", []),
    ("$[?match(@, 1)]", []),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_queries(query: str, found: list[tuple[str | int, ...]]) -> None:
    node, _ = json_of('{"d": "foo.bar", "l": [1, [1], {"a": [1]}], "m": [1, {"a": [1]}]}')
    assert node is not None
    assert Queries().select(query, node) == found


@pytest.mark.parametrize(
    ("query", "words"),
    [("$[*]" + "[*,*,*,*]" * 12, "too many values"), ("$[?search(@, '(a|aa)+$')]", "too long")],
)
def test_queries_have_limits(query: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwright.load.jsonpath_data.MAX_QUERY_STEPS", 50_000)
    monkeypatch.setattr("apiwright.load.jsonpath_data.MAX_PATTERN_SECONDS", 0.05)
    deep: str = '{"a":[' * 12 + "1,2" + "]}" * 12
    node, _ = json_of(f'{{"x": {deep}, "t": "{"a" * 60}!"}}')
    assert node is not None
    with pytest.raises(QueryError, match=words):
        Queries().select(query, node)


def test_a_pattern_that_the_regex_module_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apiwright.load.jsonpath._translated", lambda _: "(")
    node, _ = json_of('{"d": "x"}')
    assert node is not None
    assert Queries().select("$[?match(@, 'x')]", node) == []

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apiwright.load import Document, Node, plain, walk
from tests.load.load_helpers import errors, hints, loaded, minimal, refused, told


def at(document: Document, pointer: str) -> Node:
    node = document.at(pointer)
    assert node is not None, pointer
    return node


def texts(document: Document) -> set[str]:
    """Every reference of a document."""
    return {place.reference.text for place in walk(document.root) if place.reference is not None}


def all_local(document: Document) -> bool:
    return all(document.at(text) is not None and text[0] == "#" for text in texts(document))


def test_a_reference_to_another_file_becomes_a_component(tmp_path: Path) -> None:
    files = {
        "openapi.yaml": """
openapi: 3.1.0
info: {title: T, version: "1"}
paths:
  /items:
    get:
      parameters:
        - $ref: parameters.yaml#/Limit
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                $ref: schemas/item.yaml
""",
        "parameters.yaml": "Limit: {name: limit, in: query, schema: {$ref: '#/Size'}}\nSize: {}\n",
        "schemas/item.yaml": """
type: object
properties:
  owner: {$ref: 'person.yaml#/definitions/Person'}
  parent: {$ref: item.yaml}
  self: {$ref: '#'}
""",
        "schemas/person.yaml": """
definitions:
  Person:
    properties: {items: {items: {$ref: '../schemas/item.yaml'}}, name: {$ref: '#/definitions/Name'}}
  Name: {type: string}
""",
    }
    document, report = loaded(tmp_path, files)
    schemas = at(document, "#/components/schemas")
    assert not len(report)
    assert list(schemas.mapping) == ["item", "Size", "Person", "Name"]
    assert at(document, "/paths/~1items/get/parameters/0/$ref").text == (
        "#/components/parameters/Limit"
    )
    assert at(document, "#/components/schemas/Person/properties/items/items/$ref").text == (
        "#/components/schemas/item"
    )
    assert at(document, "#/components/schemas/item/properties/self/$ref").text == (
        "#/components/schemas/item"
    )
    assert all_local(document)
    assert str(schemas.mapping["Name"].position) == "schemas/person.yaml:5:9"
    assert str(at(document, "#/components/schemas/item/properties/owner/$ref").position) == (
        "schemas/item.yaml:4:17"
    )
    assert [path.name for path in document.files] == [
        "openapi.yaml",
        "parameters.yaml",
        "item.yaml",
        "person.yaml",
    ]
    assert set(document.sources) == {
        "openapi.yaml",
        "parameters.yaml",
        "schemas/item.yaml",
        "schemas/person.yaml",
    }


def test_every_kind_goes_to_its_section(tmp_path: Path) -> None:
    part = "part.json#/"
    operation = {
        "parameters": [{"$ref": part + "p"}],
        "requestBody": {"$ref": part + "b"},
        "responses": {"200": {"$ref": part + "r"}},
        "callbacks": {"c": {"$ref": part + "c"}},
    }
    files = {
        "openapi.json": minimal(
            paths={"/a": {"get": operation}},
            webhooks={"w": {"$ref": part + "i"}},
            components={"securitySchemes": {"key": {"$ref": part + "s"}}},
        ),
        "part.json": {
            "p": {"examples": {"e": {"$ref": "#/e"}}},
            "b": {"content": {"a/b": {"schema": {"$ref": "#/x"}}}},
            "r": {"headers": {"H": {"$ref": "#/h"}}, "links": {"L": {"$ref": "#/l"}}},
            "c": {"{$url}": {"$ref": "#/i"}},
            "i": {"post": {}},
            "s": {"type": "apiKey"},
            **{name: {"description": name} for name in "ehlx"},
        },
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    found = {
        section: list(node.mapping) for section, node in at(document, "/components").mapping.items()
    }
    assert not len(report)
    assert found == {
        "securitySchemes": ["key"],
        "parameters": ["p"],
        "requestBodies": ["b"],
        "responses": ["r"],
        "callbacks": ["c"],
        "pathItems": ["i"],
        "examples": ["e"],
        "schemas": ["x"],
        "headers": ["h"],
        "links": ["l"],
    }
    assert all_local(document)
    assert plain(at(document, "/components/securitySchemes/key")) == {"type": "apiKey"}


def test_names_are_readable_and_taken_once(tmp_path: Path) -> None:
    references = [
        "a.yaml#/Item",
        "b.yaml#/Item",
        "b.yaml#/deep/Item",
        "b.yaml#/list/0",
        "b.yaml#/~1x~1{id}",
        "c.yaml",
        "sub/c.yaml",
        "sub/c.yaml#",
        "a.yaml#/Item",
        "a.yaml#/%49tem",
        "ä.yaml",
    ]
    files: dict[str, Any] = {
        "openapi.json": minimal(
            components={
                "schemas": {
                    "Item": {"type": "null"},
                    "Root": {"allOf": [{"$ref": text} for text in references]},
                }
            }
        ),
        "a.yaml": "Item: {title: a}",
        "b.yaml": "Item: {title: b}\ndeep: {Item: {title: d}}\nlist: [{title: l}]\n/x/{id}: {}\n",
        "c.yaml": "title: c",
        "sub/c.yaml": "title: sub",
        "ä.yaml": "title: ä",
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    items = at(document, "/components/schemas/Root/allOf").items
    names = [item.mapping["$ref"].text.rpartition("/")[2] for item in items]
    assert names == [
        "Item_a",
        "Item_b",
        "Item_b_2",
        "b_0",
        "x_id",
        "c",
        "c_2",
        "c_2",
        "Item_a",
        "Item_a",
        "part",
    ]
    assert [problem.code for problem in report] == ["renamed-component"] * 4
    assert not report.failed
    assert "another schema has that name" in hints(report)
    again, _ = loaded(tmp_path / "again", files, "openapi.json")
    assert plain(again.root) == plain(document.root)


def test_a_component_that_is_only_a_reference_gives_its_name(tmp_path: Path) -> None:
    files = {
        "openapi.json": minimal(
            paths={"/a": {"$ref": "paths.json#/a"}},
            components={
                "schemas": {
                    "User": {"$ref": "person.json"},
                    "Member": {"$ref": "person.json"},
                    "Noted": {"$ref": "note.json", "description": "with a text of its own"},
                }
            },
        ),
        "paths.json": {
            "a": {
                "get": {
                    "responses": {
                        "200": {"content": {"a/b": {"schema": {"$ref": "person.json"}}}},
                        "201": {
                            "content": {
                                "a/b": {"schema": {"$ref": "openapi.json#/components/schemas/User"}}
                            }
                        },
                    }
                }
            }
        },
        "person.json": {"title": "Person"},
        "note.json": {"title": "Note"},
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    schemas = at(document, "/components/schemas")
    assert not len(report)
    assert all_local(document)
    assert {key: plain(node) for key, node in schemas.mapping.items()} == {
        "User": {"title": "Person"},
        "Member": {"$ref": "#/components/schemas/User"},
        "Noted": {
            "$ref": "#/components/schemas/note",
            "description": "with a text of its own",
        },
        "note": {"title": "Note"},
    }
    assert str(schemas.mapping["User"].position) == "person.json:1:1"
    assert texts(document) >= {"#/components/pathItems/a", "#/components/schemas/User"}


def legacy(**more: Any) -> dict[str, Any]:
    return {**minimal(**more), "openapi": "3.0.3"}


def test_path_items_of_30_are_put_in_place(tmp_path: Path) -> None:
    files = {
        "openapi.json": legacy(
            paths={
                "/a": {"$ref": "a.json"},
                "/b": {"$ref": "a.json"},
                "/c": {"$ref": "chain.json#/c"},
                "/d": {"$ref": "#/paths/~1a"},
                "/e": {"$ref": "a.json", "summary": "own", "get": {"operationId": "own"}},
            }
        ),
        "a.json": {
            "summary": "a",
            "get": {"callbacks": {"c": {"{$url}": {"$ref": "a.json"}}}},
            "post": {"requestBody": {"$ref": "bodies.json#/B"}},
        },
        "bodies.json": {"B": {"content": {}}},
        "chain.json": {"c": {"$ref": "sub/end.json"}},
        "sub/end.json": {"parameters": [{"$ref": "../bodies.json#/P"}]},
    }
    files["bodies.json"]["P"] = {"name": "p", "in": "query"}
    document, report = loaded(tmp_path, files, "openapi.json")
    assert not len(report)
    assert all_local(document)
    found = plain(at(document, "/paths"))
    reference = {"$ref": "#/paths/~1a"}
    body = {"requestBody": {"$ref": "#/components/requestBodies/B"}}
    whole = {
        "summary": "a",
        "get": {"callbacks": {"c": {"{$url}": reference}}},
        "post": body,
    }
    assert found == {
        "/a": whole,
        "/b": reference,
        "/c": {"parameters": [{"$ref": "#/components/parameters/P"}]},
        "/d": reference,
        "/e": {"summary": "own", "get": {"operationId": "own"}, "post": body},
    }
    assert str(at(document, "/paths/~1a").position) == "a.json:1:1"
    assert str(at(document, "/paths/~1e/get").position) != str(at(document, "/paths/~1a/get"))


def test_what_stands_beside_path_items_of_30_is_of_its_own_file(tmp_path: Path) -> None:
    def responses(reference: str) -> dict[str, Any]:
        return {"responses": {"200": {"$ref": reference}}}

    files: dict[str, Any] = {
        "openapi.json": legacy(
            paths={
                "/a": {"$ref": "sub/a.json", "get": responses("r.json")},
                "/b": {"$ref": "sub/last.json", "post": {}},
                "/c": {"$ref": "sub/lost.json", "post": {}},
                "/own": {"summary": "own"},
            }
        ),
        "r.json": {"description": "of the contract"},
        "sub/a.json": {
            "$ref": "deep/b.json", "get": responses("gone.json"), "put": responses("r.json"),
        },
        "sub/r.json": {"description": "of a"},
        "sub/deep/b.json": {
            "put": responses("gone.json"), "post": responses("r.json"), "summary": "b",
        },
        "sub/deep/r.json": {"description": "of b"},
        "sub/last.json": {"$ref": "../openapi.json#/paths/~1own", "get": {}},
        "sub/lost.json": {"$ref": "gone.json", "get": {}},
    }  # fmt: skip
    document, report = loaded(tmp_path, files, "openapi.json")
    assert "error missing-file sub/lost.json:2:10" in told(report)
    assert errors(report) == ["missing-file"]
    assert plain(at(document, "/paths")) == {
        "/a": {
            "get": responses("#/components/responses/r"),
            "put": responses("#/components/responses/r_2"),
            "post": responses("#/components/responses/r_3"),
            "summary": "b",
        },
        "/b": {"$ref": "#/paths/~1own", "get": {}, "post": {}},
        "/c": {"get": {}, "post": {}},
        "/own": {"summary": "own"},
    }
    found = plain(at(document, "/components/responses"))
    assert found == {
        "r": {"description": "of the contract"},
        "r_2": {"description": "of a"},
        "r_3": {"description": "of b"},
    }


@pytest.mark.parametrize("inner", [{}, {"summary": "s"}])
@pytest.mark.parametrize("outer", [{}, {"summary": "s"}])
def test_path_items_of_30_that_contain_themselves(
    tmp_path: Path, inner: dict[str, str], outer: dict[str, str]
) -> None:
    files = {
        "openapi.json": legacy(paths={"/a": {"$ref": "a.json", **outer}}),
        "a.json": {"get": {"callbacks": {"c": {"{$url}": {"$ref": "a.json", **inner}}}}},
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    inside = "/get/callbacks/c/{$url}" if outer != inner else ""
    assert not len(report)
    assert texts(document) == {"#/paths/~1a" + inside}
    assert all_local(document)


@pytest.mark.parametrize("beside", [{}, {"summary": "s"}])
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_circles_of_references_through_files(
    tmp_path: Path, beside: dict[str, str], version: str
) -> None:
    files: dict[str, Any] = {
        "openapi.json": {
            **minimal(
                paths={"/a": {"$ref": "a.json", **beside}, "/s": {"$ref": "s.json", **beside}},
                components={"schemas": {"X": {"$ref": "x.json"}}},
            ),
            "openapi": version,
        },
        "a.json": {"$ref": "b.json"},
        "b.json": {"$ref": "a.json"},
        "s.json": {"$ref": "s.json"},
        "x.json": {"$ref": "openapi.json#/components/schemas/X"},
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    assert errors(report) == ["reference-cycle"] * 3
    assert all_local(document)


def test_overlapping_parts_are_each_there(tmp_path: Path) -> None:
    files = {
        "openapi.json": minimal(
            components={
                "schemas": {
                    "A": {"items": {"$ref": "x.json#/X"}},
                    "B": {"items": {"$ref": "x.json#/X/properties/p"}},
                }
            }
        ),
        "x.json": {"X": {"properties": {"p": {"items": {"$ref": "#/Y"}}}}, "Y": {}},
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    assert not len(report)
    for pointer in ("/components/schemas/X/properties/p", "/components/schemas/p"):
        assert at(document, pointer + "/items/$ref").text == "#/components/schemas/Y"


def test_discriminators_follow_their_schemas(tmp_path: Path) -> None:
    mapping = {
        "a": "pets.json#/components/schemas/Cat",
        "b": "Own",
        "c": "#/components/schemas/Own",
        "d": "dog.json",
        "e": "Unknown",
        "f": "./nope.json#/x",
        "g": 1,
    }
    files = {
        "openapi.json": minimal(
            components={
                "schemas": {
                    "Own": {},
                    "Pet": {"discriminator": {"propertyName": "t", "mapping": mapping}},
                    "Bare": {"discriminator": {"propertyName": "t"}},
                    "Other": {"$ref": "pets.json#/components/schemas/Animal"},
                }
            }
        ),
        "pets.json": {
            "components": {
                "schemas": {
                    "Cat": {"title": "cat"},
                    "Own": {"title": "another"},
                    "Animal": {
                        "discriminator": {
                            "propertyName": "t",
                            "mapping": {"cat": "Cat", "own": "Own", "x": "Gone"},
                        }
                    },
                }
            }
        },
        "dog.json": {"title": "dog"},
    }
    document, report = loaded(tmp_path, files, "openapi.json")
    assert errors(report) == ["missing-file"]
    assert plain(at(document, "/components/schemas/Pet/discriminator/mapping")) == {
        **mapping,
        "a": "#/components/schemas/Cat",
        "d": "#/components/schemas/dog",
    }
    assert plain(at(document, "/components/schemas/Other/discriminator/mapping")) == {
        "cat": "Cat",
        "own": "#/components/schemas/Own_pets",
        "x": "Gone",
    }


def test_a_broken_file_is_told_once_and_a_missing_one_each_time(tmp_path: Path) -> None:
    contract = minimal(
        components={
            "schemas": {
                "A": {"items": {"$ref": "bad.yaml#/X"}},
                "B": {"items": {"$ref": "bad.yaml#/X"}},
                "C": {"items": {"$ref": "gone.yaml#/X"}},
                "D": {"items": {"$ref": "gone.yaml#/X"}},
                "E": {"items": {"$ref": "."}},
            }
        }
    )
    document, report = loaded(tmp_path, {"openapi.json": contract, "bad.yaml": "["}, "openapi.json")
    assert sorted(errors(report)) == ["missing-file", "missing-file", "not-a-file", "yaml-syntax"]
    assert at(document, "/components/schemas/A/items/$ref").text == "bad.yaml#/X"
    assert "bad.yaml" in document.sources


def test_components_that_cannot_take_more(tmp_path: Path) -> None:
    contract = minimal(paths={"/a": {"get": {"responses": {"200": {"$ref": "r.json"}}}}})
    contract["components"] = ["x"]
    _, report = loaded(tmp_path, {"openapi.json": contract, "r.json": {}}, "openapi.json")
    assert errors(report) == ["wrong-shape"]


def test_a_single_document_is_not_changed(tmp_path: Path) -> None:
    contract = minimal(
        paths={"/a": {"get": {"responses": {"200": {"$ref": "#/components/responses/R"}}}}},
        components={"responses": {"R": {"description": "r"}}},
    )
    document, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert not len(report)
    assert plain(document.root) == contract


def test_aliases_of_references_in_other_files(tmp_path: Path) -> None:
    files = {
        "openapi.yaml": "openapi: 3.1.0\ncomponents: {schemas: {A: {$ref: 'x.yaml#/A'}}}\n",
        "x.yaml": "A: {properties: {a: &r {$ref: '#/B'}, b: *r}}\nB: &b {type: string}\nC: *b\n",
    }
    document, report = loaded(tmp_path, files)
    assert not len(report)
    assert plain(at(document, "/components/schemas/A/properties")) == {
        "a": {"$ref": "#/components/schemas/B"},
        "b": {"$ref": "#/components/schemas/B"},
    }


def test_all_files_together_have_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "openapi.json": minimal(components={"schemas": {"A": {"$ref": "a.json"}}}),
        "a.json": {"allOf": [{"$ref": "b.json"}, {"$ref": "c.json"}]},
        "b.json": {"enum": list(range(50))},
        "c.json": {"enum": list(range(50))},
    }
    monkeypatch.setattr("apiwright.load.files.MAX_VALUES", 80)
    _, report = loaded(tmp_path, files, "openapi.json")
    assert told(report) == ["error too-large c.json:13:3"]
    monkeypatch.setattr("apiwright.load.files.MAX_VALUES", 1000)
    monkeypatch.setattr("apiwright.load.files.MAX_FILES", 2)
    _, report = loaded(tmp_path, files, "openapi.json")
    assert errors(report) == ["too-large", "too-large"]
    monkeypatch.setattr("apiwright.load.files.MAX_FILES", 10)
    monkeypatch.setattr("apiwright.load.files.MAX_BYTES", 700)
    _, report = loaded(tmp_path, files, "openapi.json")
    assert errors(report) == ["too-large"]


def test_merged_path_items_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {f"/{number}": {"$ref": "a.json", "summary": "s"} for number in range(4)}
    files = {"openapi.json": legacy(paths=paths), "a.json": {"get": {}}}
    monkeypatch.setattr("apiwright.load.bundle.MAX_MERGES", 2)
    _, report = loaded(tmp_path, files, "openapi.json")
    assert told(report) == ["error too-large openapi.json:21:12"]


def test_files_cannot_build_depth(tmp_path: Path) -> None:
    def item(number: int) -> dict[str, Any]:
        return {"get": {"callbacks": {"c": {"{$url}": {"$ref": f"{number}.json"}}}}}

    files: dict[str, Any] = {f"{number}.json": item(number + 1) for number in range(30)}
    files["30.json"] = {"get": {}}
    files["openapi.json"] = legacy(paths={"/a": {"$ref": "0.json"}})
    (problem,) = refused(tmp_path, files, "openapi.json")
    assert problem.startswith("error too-deep 24.json")

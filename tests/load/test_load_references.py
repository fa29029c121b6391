from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apiwright.load import plain
from tests.load.load_helpers import errors, hints, loaded, minimal, told


def with_schemas(**schemas: Any) -> dict[str, Any]:
    return minimal(components={"schemas": schemas})


def report_of(tmp_path: Path, text: str, **more: Any) -> tuple[list[str], str]:
    """What is reported of one reference in a schema, beside the schemas Item and Order."""
    schemas = with_schemas(S={"items": {"$ref": text}}, Item={}, Order={"properties": {"a": {}}})
    _, report = loaded(tmp_path, {"openapi.json": schemas, **more}, "openapi.json")
    return errors(report), hints(report)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:1/x",
        "https://h/x.yaml#/a",
        "HTTP://h/",
        "file:///etc/passwd",
        "ftp:x",
        "data:application/json,{}",
        "urn:x:y",
        "//host/x",
        "\\\\host\\share",
    ],
)
def test_nothing_remote_is_followed(tmp_path: Path, text: str) -> None:
    assert report_of(tmp_path, text)[0] == ["remote-reference"]


@pytest.mark.parametrize(
    "text",
    [
        "/etc/passwd",
        "/etc/passwd#/a",
        "C:\\x.yaml",
        "c:/x.yaml",
        "\\x",
        "../x.yaml",
        "a/../../x.yaml",
        "%2e%2e/x.yaml",
        "%2E%2E%2Fx.yaml",
        "..%5cx.yaml",
        "a%00.yaml",
        "%252e%252e/x.yaml",
        "./../outside.yaml#/a",
    ],
)
def test_nothing_outside_of_the_folder_is_reached(tmp_path: Path, text: str) -> None:
    (tmp_path / "outside.yaml").write_text("a: {}")
    (tmp_path / "in").mkdir()
    assert report_of(tmp_path / "in", text)[0] == ["reference-outside"]


@pytest.mark.parametrize(
    "text",
    [
        "a\\b.yaml",
        "a.yaml?x=1",
        "a%zz.yaml",
        "a%c3.yaml",
        "#/~",
        "#/a~2",
        "#/%zz",
        "#/\n",
        "a\0b",
        "#/" + "a" * 5000,
    ],
)
def test_what_is_no_reference(tmp_path: Path, text: str) -> None:
    assert report_of(tmp_path, text)[0] == ["bad-reference"]


def test_links_are_followed_before_the_folder_is_checked(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text("password: {x: hunter2}")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "folder").symlink_to(tmp_path)
    (inside / "loop.yaml").symlink_to("loop.yaml")
    (inside / "sub" / "real.yaml").write_text("a: {type: string}")
    (inside / "near.yaml").symlink_to("sub/real.yaml")
    assert report_of(inside, "link.yaml#/password")[0] == ["reference-outside"]
    assert report_of(inside, "folder/secret.yaml#/password")[0] == ["reference-outside"]
    assert report_of(inside, "near.yaml#/a")[0] == []
    assert report_of(inside, "loop.yaml#/a")[0] == ["unreadable-file"]


def test_what_is_in_a_file_is_never_said(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0:hunter2\nhunter2: [")
    schemas = with_schemas(S={"$ref": "secret#/a"}, T={"$ref": "secret"})
    _, report = loaded(tmp_path, {"openapi.json": schemas}, "openapi.json")
    assert report.failed
    assert "hunter2" not in repr(list(report))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("#/components/schemas/Itm", "did you mean '#/components/schemas/Item'?"),
        ("#/components/schemas/item", "did you mean '#/components/schemas/Item'?"),
        ("#/component/schemas/Itm", "did you mean '#/components/schemas/Item'?"),
        ("#/definitions/Item", "did you mean '#/components/schemas/Item'?"),
        ("#/components/schemas/Order/properties/b", ""),
        ("#/components/schemas/Order/properties/a/items", ""),
        ("#/zzz", ""),
        ("#Item", "did you mean '#/components/schemas/Item'?"),
        ("#Nope", "a JSON Pointer begins with '#/'"),
        ("other.json#/Itm", "did you mean 'other.json#/Item'?"),
        ("other.jsn#/Item", "did you mean 'other.json'?"),
    ],
)
def test_the_nearest_target_is_offered(tmp_path: Path, text: str, hint: str) -> None:
    codes, found = report_of(tmp_path, text, **{"other.json": {"Item": {}}})
    assert codes == ["missing-file" if "jsn" in text else "unresolved-reference"]
    assert found.startswith(hint)
    if not hint:
        assert not found


def test_messages_name_what_is_missing(tmp_path: Path) -> None:
    schemas = with_schemas(
        A={"$ref": "#/components/schemas/Nope"}, B={"$ref": "o.json#/components/schemas/Nope"}
    )
    _, report = loaded(tmp_path, {"openapi.json": schemas, "o.json": {}}, "openapi.json")
    assert [problem.message for problem in report] == [
        "there is no schema 'Nope'",
        "there is no schema 'Nope' in 'o.json'",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("#/components/schemas/Order", None),
        ("#/components/schemas/Order/properties/a", None),
        ("#/paths/~1a~1%7Bid%7D/get/responses/200/content/text~1plain/schema", None),
        ("#/paths/~1a~1{id}/get/parameters/0/schema", None),
        ("#/x-data/odd~01/a", None),
        ("#/components/schemas/Yes", None),
        ("#/paths/~1a~1{id}/get/parameters/-1/schema", "unresolved-reference"),
        ("#/paths/~1a~1{id}/get/parameters/-/schema", "unresolved-reference"),
        ("#/paths/~1a~1{id}/get/parameters/00/schema", "unresolved-reference"),
        ("#/paths/~1a~1{id}/get/parameters/017/schema", "unresolved-reference"),
        ("#/paths/~1a~1{id}/get/parameters/1/schema", "unresolved-reference"),
        ("#/paths/~1a~1{id}/get/parameters/" + "9" * 3000, "unresolved-reference"),
        ("#/paths/~1a~1{id}/get", "reference-kind"),
        ("#/paths/~1a~1{id}/get/parameters/0", "reference-kind"),
        ("#/components/schemas", "reference-kind"),
        ("#/info/title", "reference-kind"),
        ("#/components/schemas/Text", "reference-kind"),
        ("#", "reference-kind"),
        ("", "reference-kind"),
    ],
)
def test_pointers_to_the_letter(tmp_path: Path, text: str, code: str | None) -> None:
    operation = {
        "parameters": [{"name": "id", "in": "path", "schema": {}}],
        "responses": {"200": {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    }
    contract = minimal(
        paths={"/a/{id}": {"get": operation}},
        components={
            "schemas": {
                "S": {"items": {"$ref": text}},
                "Order": {"properties": {"a": {}}},
                "Yes": True,
                "Text": "x",
            }
        },
        **{"x-data": {"odd~1": {"a": {"$ref": "#/components/schemas/Order"}}}},
    )
    _, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert errors(report) == ([code] if code else [])


def test_references_in_extensions_are_checked_once_something_refers_to_them(
    tmp_path: Path,
) -> None:
    contract = minimal(
        components={"schemas": {"A": {"$ref": "#/x-a/b"}, "B": {"$ref": "#/x-a/b"}}},
        **{"x-a": {"b": {"$ref": "#/x-a/c"}, "c": {"items": {"$ref": "#/nope"}}, "d": {"$ref": 1}}},
    )
    _, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert [problem.message for problem in report] == ["there is nothing at '#/nope'"]


def test_what_only_looks_like_a_reference_is_left_alone(tmp_path: Path) -> None:
    text = {"$ref": "file:///etc/passwd"}
    schema = {
        "properties": {"$ref": {"type": "string"}},
        "example": text,
        "default": text,
        "enum": [text],
        "const": text,
        "examples": [text],
        "x-a": text,
    }
    contract = minimal(
        components={
            "schemas": {"A": schema, "B": {"properties": {"a": {"$ref": {"type": "x"}}}}},
            "examples": {"E": {"value": text}},
        },
        **{"x-b": text},
    )
    document, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert not len(report)
    assert plain(document.root) == contract


def test_circles_of_references(tmp_path: Path) -> None:
    ref = "#/components/schemas/"
    contract = with_schemas(
        Self={"$ref": ref + "Self"},
        A={"$ref": ref + "B"},
        B={"$ref": ref + "A"},
        In={"$ref": ref + "A"},
        Tree={"properties": {"child": {"$ref": ref + "Tree"}}},
        Chain={"$ref": ref + "Tree"},
    )
    document, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert errors(report) == ["reference-cycle", "reference-cycle"]
    assert [len(problem.related) for problem in report] == [0, 1]
    circle = document.at("#/components/schemas/A")
    assert circle is not None
    assert document.resolve(circle).get("$ref") is not None


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_stands_beside_a_reference(tmp_path: Path, version: str) -> None:
    contract = minimal(
        paths={
            "/a": {
                "$ref": "#/paths/~1b",
                "summary": "s",
                "get": {"responses": {"200": {"$ref": "#/components/responses/R", "headers": {}}}},
            },
            "/b": {},
        },
        components={
            "schemas": {
                "A": {"$ref": "#/components/schemas/B", "description": "d", "x-a": 1},
                "B": {"type": "string"},
                "C": {"$ref": "#/components/schemas/B", "nullable": True},
            },
            "responses": {"R": {"description": "r"}},
        },
    )
    contract["openapi"] = version
    _, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    words = [problem.message for problem in report]
    expected = ["'headers' has no effect beside '$ref'"]
    if version == "3.0.3":
        expected.append("'nullable' has no effect beside '$ref'")
    assert words == expected
    assert not report.failed


def test_references_where_none_can_stand(tmp_path: Path) -> None:
    contract = minimal(
        info={"$ref": "info.yaml"},
        paths={
            "$ref": "paths.yaml",
            "/a": {"get": {"$ref": "get.yaml", "parameters": {"$ref": "p"}}},
        },
        components={"schemas": {"$ref": "s.yaml", "A": {"properties": {"$ref": "p.yaml"}}}},
    )
    _, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert errors(report) == ["misplaced-reference"] * 6
    assert "a reference cannot stand for a whole operation" in [p.message for p in report]
    assert "a reference cannot stand for all 'properties' of a schema" in [
        p.message for p in report
    ]


def test_a_parameter_may_stand_for_a_header(tmp_path: Path) -> None:
    contract = minimal(
        components={
            "headers": {"H": {"$ref": "#/components/parameters/P"}},
            "parameters": {"P": {"name": "p", "in": "header", "schema": {}}},
        }
    )
    _, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    (problem,) = report
    assert told(report)[0].startswith("warning reference-kind")
    assert problem.message.endswith("is a parameter, but a header is wanted here")


def test_links_to_operations(tmp_path: Path) -> None:
    links = {
        "good": {"operationRef": "#/paths/~1a/get"},
        "bad": {"operationRef": "#/paths/a/get"},
        "worse": {"operationRef": "#/~"},
        "far": {"operationRef": "https://example.com/o.json#/paths/~1a/get"},
        "file": {"$ref": "links.json#/L"},
    }
    contract = minimal(paths={"/a": {"get": {}}}, components={"links": links})
    files = {"openapi.json": contract, "links.json": {"L": {"operationRef": "#/paths/~1a/get"}}}
    _, report = loaded(tmp_path, files, "openapi.json")
    assert errors(report) == ["unresolved-reference"] * 3
    assert "use operationId" in hints(report)


def test_names_of_schemas_by_anchor_and_id(tmp_path: Path) -> None:
    contract = with_schemas(
        A={"$anchor": "a", "type": "string"},
        B={"$ref": "#a"},
        C={
            "$id": "https://example.com/c",
            "$defs": {"X": {"type": "integer"}},
            "properties": {"x": {"$ref": "#/$defs/X"}, "a": {"$ref": "#/components/schemas/A"}},
        },
        D={"$ref": "https://example.com/c"},
        E={"items": {"$ref": "file.json#n"}},
    )
    files = {"openapi.json": contract, "file.json": {"$defs": {"N": {"$anchor": "n"}}}}
    document, report = loaded(tmp_path, files, "openapi.json")
    assert not len(report)
    found = {
        key: getattr(document.at(f"#/components/schemas/{key}/$ref"), "text", None)
        for key in ("B", "D", "E/items", "C/properties/x", "C/properties/a")
    }
    assert found == {
        "B": "#/components/schemas/A",
        "D": "#/components/schemas/C",
        "E/items": "#/components/schemas/N",
        "C/properties/x": "#/components/schemas/C/$defs/X",
        "C/properties/a": "#/components/schemas/A",
    }


def test_the_search_for_problems_ends(tmp_path: Path) -> None:
    items = [{"$ref": f"#/nope/{number}"} for number in range(1500)]
    contract = with_schemas(A={"allOf": items})
    _, report = loaded(tmp_path, {"openapi.json": contract}, "openapi.json")
    assert len(report) == 1001
    assert "too-many-problems" in errors(report)

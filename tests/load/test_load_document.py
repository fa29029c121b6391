"""What a document answers: pointers, chains of references."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.load import Document, plain
from tests.load.load_helpers import loaded, minimal


def document_of(tmp_path: Path) -> Document:
    """A document with a list, odd keys and a chain of references."""
    return loaded(
        tmp_path,
        {
            "openapi.json": minimal(
                tags=[{"name": "a"}, {"name": "b"}],
                components={
                    "schemas": {
                        "A": {"$ref": "#/components/schemas/B"},
                        "B": {"$ref": "#/components/schemas/C%25"},
                        "C%": {"type": "string"},
                        "Gone": {"$ref": "#/nope"},
                        "Odd": {"$ref": "#/~"},
                    }
                },
                **{"x-~/": 1},
            )
        },
        "openapi.json",
    )[0]


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/tags/1/name", "b"),
        ("#/tags/1/name", "b"),
        ("#/tags/0", {"name": "a"}),
        ("/x-~0~1", 1),
        ("#/x-%7E0~1", 1),
        ("/components/schemas/C%/type", "string"),
        ("#/components/schemas/C%25/type", "string"),
        ("#/components/schemas/C%/type", None),
        ("/tags/-1", None),
        ("/tags/01", None),
        ("/tags/-", None),
        ("/tags/2", None),
        ("/tags/1/name/x/y", None),
        ("/tags/\u0661", None),
        ("/tags/" + "1" * 5000, None),
        ("tags", None),
    ],
)
def test_at(tmp_path: Path, pointer: str, expected: object) -> None:
    node = document_of(tmp_path).at(pointer)
    assert (None if node is None else plain(node)) == expected


def test_the_whole_document(tmp_path: Path) -> None:
    document = document_of(tmp_path)
    assert document.at("") is document.root
    assert document.at("#") is document.root


def test_resolve(tmp_path: Path) -> None:
    document = document_of(tmp_path)
    schemas = document.root.mapping["components"].mapping["schemas"].mapping
    assert document.resolve(schemas["A"]) is schemas["C%"]
    assert document.resolve(schemas["C%"]) is schemas["C%"]
    assert document.resolve(schemas["Gone"]) is schemas["Gone"]
    assert document.resolve(schemas["Odd"]) is schemas["Odd"]
    assert document.resolve(schemas["C%"].mapping["type"]) is schemas["C%"].mapping["type"]

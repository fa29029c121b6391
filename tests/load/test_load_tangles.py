"""Files that refer to each other at random: every tangle becomes one document, or is an error."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from apiwright.load import walk
from tests.load.load_helpers import errors, loaded

FILES = ("openapi.json", "a.json", "b.json", "sub/c.json")


class Tangle:
    """Makes the files of one contract."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.version = self.random.choice(["3.0.3", "3.1.0"])

    def files(self) -> dict[str, Any]:
        """All files, each a whole contract."""
        return {name: self.file(name) for name in FILES}

    def file(self, name: str) -> dict[str, Any]:
        """One file: paths, schemas, and both in an extension."""
        return {
            "openapi": self.version,
            "paths": {f"/p{i}": self.path(0, name) for i in range(3)},
            "components": {"schemas": {f"S{i}": self.schema(0, name) for i in range(3)}},
            "x-more": {"s": self.schema(1, name), "p": self.path(1, name)},
        }

    def reference(self, name: str, pointers: list[str]) -> str:
        """A reference to one of some pointers, in any file."""
        target = self.random.choice([*FILES, None])
        path = "" if target is None else os.path.relpath(target, Path(name).parent)
        return f"{path}#{self.random.choice(pointers)}"

    def schema(self, depth: int, name: str) -> dict[str, Any]:
        """A schema, often a reference, sometimes with more beside it."""
        pointers = [*(f"/components/schemas/S{i}" for i in range(3)), "/x-more/s"]
        if self.random.random() < (0.5 if depth else 0.15):
            beside: dict[str, Any] = {"properties": {"q": {}}} if self.random.random() < 0.3 else {}
            return {"$ref": self.reference(name, pointers), **beside}
        if depth > 3:
            return {"type": "string"}
        inner = self.schema(depth + 1, name)
        mapping = {"x": self.reference(name, pointers), "y": "S1"}
        discriminator = {"propertyName": "t", "mapping": mapping}
        return self.random.choice(
            [{"properties": {"a": inner}}, {"allOf": [inner, {"discriminator": discriminator}]}]
        )

    def path(self, depth: int, name: str) -> dict[str, Any]:
        """A path item, often a reference, sometimes with an operation beside it."""
        if self.random.random() < (0.6 if depth else 0.25):
            pointers = [*(f"/paths/~1p{i}" for i in range(3)), "/x-more/p"]
            post = {"post": self.operation(depth + 1, name)}
            beside = post if self.random.random() < 0.4 else {}
            return {"$ref": self.reference(name, pointers), **beside}
        return {"get": self.operation(depth + 1, name)}

    def operation(self, depth: int, name: str) -> dict[str, Any]:
        """An operation, perhaps with a callback and a path item in it."""
        content = {"a/b": {"schema": self.schema(2, name)}}
        operation: dict[str, Any] = {"responses": {"200": {"content": content}}}
        if depth < 4 and self.random.random() < 0.6:
            operation["callbacks"] = {"c": {"u": self.path(depth + 1, name)}}
        return operation


@pytest.mark.parametrize("seed", range(60))
def test_a_tangle_becomes_one_document(tmp_path: Path, seed: int) -> None:
    document, report = loaded(tmp_path, Tangle(seed).files(), "openapi.json")
    assert set(errors(report)) <= {"reference-cycle"}
    for place in walk(document.root):
        if place.reference is not None:
            assert place.reference.text.startswith("#")
            assert document.at(place.reference.text) is not None
            document.resolve(place.node)

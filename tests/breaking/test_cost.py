"""What comparing costs grows with the contract, not with how often its schemas are used."""

from __future__ import annotations

from typing import Any

import pytest

from apiwright.breaking.difference import Pair
from apiwright.breaking.schemas import Comparison
from tests.support.api_changes import changes


def chain(length: int, shared: Any) -> dict[str, Any]:
    """Resources of which each refers to the next one, and all to one schema."""
    schemas: dict[str, Any] = {"Shared": shared, f"T{length}": {"type": "object"}}
    paths = {}
    for index in range(length):
        properties = {
            "next": {"$ref": f"#/components/schemas/T{index + 1}"},
            "shared": {"$ref": "#/components/schemas/Shared"},
        }
        schemas[f"T{index}"] = {"type": "object", "properties": properties}
        schema = {"schema": {"$ref": f"#/components/schemas/T{index}"}}
        answer = {"description": "x", "content": {"application/json": schema}}
        paths[f"/t{index}"] = {"get": {"responses": {"200": answer}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chain", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


@pytest.mark.parametrize("length", [50, 200])
def test_each_pair_of_schemas_is_compared_once(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Pair] = []
    visited: list[int] = []
    compare, differences = Comparison._compare, Comparison._differences

    def counting(self: Comparison, pair: Pair) -> Any:
        compared.append(pair)
        return compare(self, pair)

    def looking(self: Comparison, found: Any) -> Any:
        visited.append(1)
        return differences(self, found)

    monkeypatch.setattr(Comparison, "_compare", counting)
    monkeypatch.setattr(Comparison, "_differences", looking)
    before = chain(length, {"type": "string"})
    found = changes(before, chain(length, {"type": "string", "maxLength": 3}))
    assert {change.where for change in found} == {"responses/200/application/json/shared"}
    assert len(found) == length
    assert len(compared) == len(set(compared))
    assert len(compared) < 5 * length
    assert len(visited) < 10 * length

"""Contracts as dictionaries, edited in a place or two, and what changed between them."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from apiwright.breaking import ApiChange, api_changes
from apiwright.load import Document, load
from apiwright.problems import Report


class Gone:
    """Stands for what an edit takes away."""


GONE: Final = Gone()
Edits = Mapping[str, Any]


def edited(contract: Mapping[str, Any], edits: Edits) -> dict[str, Any]:
    """A copy with each place set to its value; a place is keys with blanks between them."""
    result: dict[str, Any] = json.loads(json.dumps(contract))  # in which nothing is shared
    for place, value in edits.items():
        *way, last = place.split()
        holder: Any = result
        for key in way:
            holder = holder[int(key)] if isinstance(holder, list) else holder.setdefault(key, {})
        if isinstance(holder, list):
            index = len(holder) if last == "+" else int(last)
            holder[index : index + 1] = [] if value is GONE else [copy.deepcopy(value)]
        elif value is GONE:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(value)
    return result


def loaded(contract: Mapping[str, Any], name: str = "openapi.json") -> Document:
    """The contract as it is read from a file; it has to be one that can be read."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(json.dumps(contract), encoding="utf-8")
        return read(file, base=Path(folder))


def read(file: Path, base: Path | None = None) -> Document:
    """The contract in a file; it has to be one that can be read."""
    report = Report()
    document = load(file, report, base=base)
    assert document is not None, list(report)
    return document


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], today: date | None = None
) -> tuple[ApiChange, ...]:
    """What changed between two contracts."""
    return api_changes(loaded(before, "old.json"), loaded(after, "new.json"), today=today)


def echoing(components: Any) -> dict[str, Any]:
    """A contract with these schemas, which takes an A and answers with an A."""
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Any", "version": "1"},
        "paths": {
            "/any": {
                "post": {
                    "requestBody": content,
                    "responses": {"200": {"description": "x", **content}},
                }
            }
        },
        "components": {"schemas": components},
    }

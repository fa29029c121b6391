"""Snapshots: the tables of the last revision, a readable file for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from apiwright.plan.storage.tables import (
    Check,
    ForeignKey,
    Found,
    FoundColumn,
    FoundPart,
    PairEnd,
    RowPolicy,
    Table,
    TableColumn,
    TableIndex,
)


class SnapshotError(ValueError):
    """A snapshot that can't be read; the text says why."""


def write_snapshot(table: Table) -> str:
    """A table as JSON.

    A table says nothing of others but what its foreign keys name, so that what two branches add
    stands in two files; `retained`, `found`, `append_only` and `policies` are written only where
    it is so.
    """
    written = asdict(table)
    for part in (written, *written["columns"], *written["checks"], *written["indexes"]):
        for word in ("retained", "twin"):
            if not part.get(word, True):
                del part[word]
    for policy in written["policies"]:
        if not policy["ends"]:
            del policy["ends"]
    for word in ("found", "append_only", "policies"):
        if not written[word]:
            del written[word]
    return json.dumps(written, indent=2, ensure_ascii=True) + "\n"


def read_snapshots(texts: Mapping[str, str]) -> tuple[Table, ...]:
    """The tables of snapshot files, by file name; SnapshotError names the file that is broken."""
    found: list[Table] = []
    for name, text in sorted(texts.items()):
        try:
            found.append(_table(json.loads(text)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"{name} is no snapshot of a table: {error}") from error
    return tuple(found)


def write_unmanaged(tables: Iterable[str]) -> str:
    """The names of tables that the service leaves alone, as JSON."""
    return json.dumps({"tables": sorted(tables)}, indent=2, ensure_ascii=True) + "\n"


def read_unmanaged(text: str) -> tuple[str, ...]:
    """The names of tables that the service leaves alone; SnapshotError where it's no such list."""
    try:
        return tuple(str(name) for name in json.loads(text)["tables"])
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"unmanaged.json is no list of tables: {error}") from error


def _table(written: dict[str, Any]) -> Table:
    return Table(
        name=written["name"],
        columns=tuple(TableColumn(**column) for column in written["columns"]),
        key=tuple(written["key"]),
        checks=tuple(
            Check(**{**check, "retained": tuple(check.get("retained", ()))})
            for check in written["checks"]
        ),
        foreign_keys=tuple(ForeignKey(**key) for key in written["foreign_keys"]),
        indexes=tuple(
            TableIndex(**{**index, "parts": tuple(index["parts"])}) for index in written["indexes"]
        ),
        retained=written.get("retained", False),
        found=_found(written["found"]) if written.get("found") else None,
        append_only=written.get("append_only", False),
        policies=tuple(_policy(policy) for policy in written.get("policies", ())),
    )


def _policy(written: dict[str, Any]) -> RowPolicy:
    ends = tuple(PairEnd(**end) for end in written.get("ends", ()))
    return RowPolicy(**{**written, "ends": ends})


def _found(written: dict[str, Any]) -> Found:
    return Found(
        columns=tuple(FoundColumn(**column) for column in written["columns"]),
        parts=tuple(
            FoundPart(**{**part, "columns": tuple(part["columns"])}) for part in written["parts"]
        ),
        absent=tuple(written["absent"]),
    )

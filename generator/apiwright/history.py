"""Reads what earlier runs left behind of the database's history: snapshots and revisions."""

from __future__ import annotations

import ast
from pathlib import Path

from apiwright.plan.storage.revisions import History
from apiwright.plan.storage.snapshot import SnapshotError, read_snapshots


class HistoryError(Exception):
    """The snapshots or revisions of a project can't be read, or don't fit together."""


def read_history(output: Path) -> History:
    """The history of the database of the service in `output`; an empty one if there is none."""
    snapshots = {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted((output / "alembic" / "schema").glob("*.json"))
    }
    files = {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted((output / "alembic" / "versions").glob("*.py"))
    }
    try:
        tables = read_snapshots(snapshots)
    except SnapshotError as error:
        raise HistoryError(f"alembic/schema/{error}") from error
    return History(tables, _head(files), tuple(files.items()))


def _head(files: dict[str, str]) -> str:
    """The revision that no other one follows."""
    parents: dict[str, str] = {}
    for name, text in files.items():
        found = _revision(name, text)
        if found is not None:
            parents[found[0]] = found[1]
    heads = sorted(set(parents) - set(parents.values()))
    if len(heads) > 1:
        raise HistoryError(
            f"alembic/versions has several heads ({', '.join(heads)}): two branches added "
            "revisions; let one follow the other by its down_revision"
        )
    return heads[0] if heads else ""


def _revision(name: str, text: str) -> tuple[str, str] | None:
    """The id of a revision and of the one before it."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise HistoryError(f"alembic/versions/{name} is no Python: {error.msg}") from error
    values = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    revision = values.get("revision")
    parent = values.get("down_revision")
    return (revision, str(parent or "")) if isinstance(revision, str) else None

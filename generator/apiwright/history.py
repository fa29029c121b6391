"""Reads what earlier runs left behind of the database's history: snapshots and revisions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from apiwright.plan.storage.revisions import History
from apiwright.plan.storage.snapshot import SnapshotError, read_snapshots, read_unmanaged


class HistoryError(Exception):
    """The snapshots or revisions of a project can't be read, or don't fit together."""


def read_history(output: Path) -> History:
    """The history of the database of the service in `output`; an empty one if there is none."""
    snapshots = _texts(output, "schema", "*.json")
    files = _texts(output, "versions", "*.py")
    try:
        tables = read_snapshots(snapshots)
    except SnapshotError as error:
        raise HistoryError(f"alembic/schema/{error}") from error
    return History(tables, _head(files), tuple(files.items()), _unmanaged(output))


def _unmanaged(output: Path) -> tuple[str, ...]:
    """The tables that the service leaves alone."""
    text = next(iter(_texts(output, ".", "unmanaged.json").values()), "")
    try:
        return read_unmanaged(text) if text else ()
    except SnapshotError as error:
        raise HistoryError(f"alembic/{error}") from error


def _texts(output: Path, folder: str, pattern: str) -> dict[str, str]:
    """The files of one kind, by name."""
    found: dict[str, str] = {}
    for file in sorted((output / "alembic" / folder).glob(pattern)):
        try:
            found[file.name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise HistoryError(f"alembic/{folder}/{file.name} can't be read: {error}") from error
    return found


def _head(files: dict[str, str]) -> str:
    """The revision that no other one follows."""
    parents: dict[str, tuple[str, ...]] = {}
    for name, text in files.items():
        found = _revision(name, text)
        if found is not None:
            parents[found[0]] = found[1]
    followed = {parent for listed in parents.values() for parent in listed}
    heads = sorted(set(parents) - followed)
    if len(heads) > 1:
        raise HistoryError(
            f"alembic/versions has several heads ({', '.join(heads)}): two branches added "
            "revisions; `apiwright migrate merge` says which, and what to do"
        )
    return heads[0] if heads else ""


def _revision(name: str, text: str) -> tuple[str, tuple[str, ...]] | None:
    """The id of a revision and of those before it, of which a merge has several."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise HistoryError(f"alembic/versions/{name} is no Python: {error}") from error
    values = dict(_assigned(tree))
    revision = values.get("revision")
    parent = values.get("down_revision")
    parents = parent if isinstance(parent, tuple | list) else (parent,)
    listed = tuple(one for one in parents if isinstance(one, str))
    return (revision, listed) if isinstance(revision, str) else None


def _assigned(tree: ast.Module) -> Iterator[tuple[str, object]]:
    """The names that a module gives plain values to."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                with suppress(ValueError):
                    yield target.id, ast.literal_eval(node.value)

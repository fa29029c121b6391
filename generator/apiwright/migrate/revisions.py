"""The revisions of a service, read without running them, and how they follow each other."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from apiwright.migrate.errors import MigrateError

BASE = "base"


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision; `parents` is empty for the first one, and has several members for a merge."""

    id: str
    parents: tuple[str, ...]
    title: str
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.id}  {self.title}"


@dataclass(frozen=True, slots=True)
class Revisions:
    """All revisions by their ids, in the order of their files."""

    by_id: Mapping[str, Revision]

    @property
    def heads(self) -> tuple[str, ...]:
        """The revisions that no other one follows; one, as long as the history is a line."""
        followed = {parent for found in self.by_id.values() for parent in found.parents}
        return tuple(sorted(set(self.by_id) - followed))

    @property
    def head(self) -> str:
        """The one head, "" where there are no revisions; MigrateError where there are several."""
        if len(self.heads) > 1:
            raise MigrateError(
                f"there are several heads: {', '.join(self.heads)}",
                "run `apiwright migrate merge` to see which side made which",
            )
        return self.heads[0] if self.heads else ""

    def ancestry(self, names: Iterable[str]) -> frozenset[str]:
        """Some revisions and all that came before them; those that no file has are left out."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in self.by_id and name not in found:
                found.add(name)
                waiting += self.by_id[name].parents
        return frozenset(found)

    def ordered(self, names: Iterable[str]) -> tuple[Revision, ...]:
        """Some revisions, each after those that it follows."""
        waiting, done = set(names), dict[str, Revision]()
        while waiting:
            ready = sorted(
                name for name in waiting if not waiting.intersection(self.by_id[name].parents)
            )
            if not ready:
                raise MigrateError(f"the revisions {', '.join(sorted(waiting))} follow each other")
            done.update((name, self.by_id[name]) for name in ready)
            waiting.difference_update(ready)
        return tuple(done.values())

    def pending(self, current: Iterable[str]) -> tuple[Revision, ...]:
        """What a database at the revisions `current` has still to go through."""
        return self.ordered(set(self.by_id) - self.ancestry(current))

    def find(self, name: str) -> str:
        """The id that `name` means: an id, its beginning, or "head"; MigrateError if none."""
        if name in {"head", "heads"}:
            return self.head
        found = [known for known in self.by_id if known.startswith(name)] if name else []
        if len(found) == 1 or name in self.by_id:
            return name if name in self.by_id else found[0]
        if found:
            raise MigrateError(f"{name} may mean {' or '.join(sorted(found))}")
        near = difflib.get_close_matches(name, list(self.by_id), 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else "`apiwright migrate status` lists them"
        raise MigrateError(f"there is no revision {name}", hint)


@dataclass(frozen=True, slots=True)
class Part:
    """The revisions to prove: those after `lower` up to `upper`.

    `at_head` tells that nothing follows, so that models and snapshots can be held against it.
    """

    lower: str
    upper: str
    at_head: bool = True


def read_revisions(output: Path) -> Revisions:
    """The revisions of the service in `output`; MigrateError names a file that can't be read."""
    files = sorted((output / "alembic" / "versions").glob("*.py"))
    return revisions_of({file.name: _text(file) for file in files})


def revisions_of(files: Mapping[str, str]) -> Revisions:
    """The revisions among texts of Python files, by file name; helpers among them don't matter."""
    found: dict[str, Revision] = {}
    for name, text in files.items():
        revision = _revision(name, text)
        if revision is None:
            continue
        if revision.id in found:
            raise MigrateError(
                f"{found[revision.id].file} and {name} are the same revision, {revision.id}",
                "keep one of the two files",
            )
        found[revision.id] = revision
    for revision in found.values():
        for parent in revision.parents:
            if parent not in found:
                raise MigrateError(
                    f"alembic/versions/{revision.file} follows {parent}, which no file has",
                    "a revision that was shared has to stay; git has it still",
                )
    return Revisions(found)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MigrateError(f"alembic/versions/{file.name} can't be read: {error}") from error


def parsed(name: str, text: str) -> ast.Module:
    """The syntax tree of a file of revisions; MigrateError with its place if it is no Python."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        hint = ""
        if text.startswith("<<<<<<< ") or "\n<<<<<<< " in text:
            hint = "it has marks of a merge that conflicted"
        place = f"alembic/versions/{name}:{error.lineno}"
        raise MigrateError(f"{place} is no Python: {error.msg}", hint) from error
    except ValueError as error:
        raise MigrateError(f"alembic/versions/{name} is no Python: {error}") from error


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names that a module gives values to, and the expressions of these."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                yield target.id, node.value


def _revision(name: str, text: str) -> Revision | None:
    tree = parsed(name, text)
    values: dict[str, object] = {}
    for target, expression in assigned(tree):
        with suppress(ValueError):
            values[target] = ast.literal_eval(expression)
    revision, parent = values.get("revision"), values.get("down_revision")
    if not isinstance(revision, str):
        return None
    listed = parent if isinstance(parent, tuple | list) else (parent,)
    parents = tuple(one for one in listed if isinstance(one, str))
    title = (ast.get_docstring(tree) or "").partition("\n")[0]
    return Revision(revision, parents, title or name, name, text)

"""Two heads after a merge: which revisions each side made, and which of them others may have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from apiwright.git import NoGitError, git
from apiwright.migrate.errors import MigrateError
from apiwright.migrate.revisions import Revision, Revisions

_BASES = ("origin/HEAD", "origin/main", "origin/master")


@dataclass(frozen=True, slots=True)
class Shared:
    """The files of revisions that `base`, a revision of git, has; no `base` is ""."""

    base: str
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Side:
    """A head with the revisions that lead to it and to no other head."""

    head: str
    revisions: tuple[Revision, ...]
    shared: tuple[str, ...]


def shared_revisions(output: Path, base: str = "") -> Shared:
    """What others have already: the revisions of `base`, or of the remote's main branch.

    MigrateError if git doesn't know a `base` that was named.
    """
    for name in (base,) if base else _BASES:
        listed = _git(output / "alembic" / "versions", "ls-tree", "--name-only", "-z", name, ".")
        if listed is not None:
            return Shared(name, frozenset(listed.split("\0")) - {""})
    if base:
        raise MigrateError(f"git knows no {base} here", "name a branch or a commit with --base")
    return Shared("", frozenset())


def sides(revisions: Revisions, shared: Shared) -> tuple[Side, ...]:
    """The heads, with what is theirs alone."""
    found = []
    for head in revisions.heads:
        others = revisions.ancestry(name for name in revisions.heads if name != head)
        own = revisions.ordered(revisions.ancestry([head]) - others)
        found.append(Side(head, own, tuple(r.id for r in own if r.file in shared.files)))
    return tuple(found)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it fails, or is not there."""
    try:
        found = git(folder, *arguments)
    except (NoGitError, OSError):
        return None
    return None if found is None else found.decode().rstrip("\n")

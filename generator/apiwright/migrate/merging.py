"""Making one line, or at least one head, of a history that has two."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apiwright import names
from apiwright.migrate.branches import Side
from apiwright.migrate.errors import MigrateError
from apiwright.migrate.revisions import Revision, Revisions, assigned, parsed

_NUMBER = re.compile(r"\d{4}_")
_JOIN = '''"""{title}

Revision ID: {id}
Revises: {listed}
"""

from __future__ import annotations

revision = "{id}"
down_revision = ({parents})
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision: both ways lead to the same tables."""


def downgrade() -> None:
    """Go back to the revisions before."""
'''


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A revision that becomes another one: the file that goes, and the one that takes its place."""

    before: Revision
    after: Revision


def moved(revisions: Revisions, sides: tuple[Side, ...], onto: str) -> tuple[Rewritten, ...]:
    """The revisions of the other sides, as they are when they follow the head `onto`.

    They get new ids: a database that has run one of them under its old id has not run what comes
    before it now, and must not be taken for one that has. MigrateError where revisions that others
    have would have to be rewritten.
    """
    if onto not in {side.head for side in sides}:
        heads = ", ".join(side.head for side in sides)
        raise MigrateError(f"{onto} is no head", f"the heads are {heads}")
    others = [side for side in sides if side.head != onto]
    shared = [name for side in others for name in side.shared]
    if shared:
        raise MigrateError(
            f"{', '.join(shared)} can't be rewritten: others have it already, "
            "and revisions that are shared stay as they are",
            "let the other side follow (--onto), or join the two (--join)",
        )
    if any(len(revision.parents) > 1 for side in others for revision in side.revisions):
        raise MigrateError("a revision that joins others can't be moved", "join the heads (--join)")
    return tuple(_moved(others, onto, len(revisions.by_id) - sum(len(s.revisions) for s in others)))


def _moved(sides: list[Side], onto: str, number: int) -> Iterator[Rewritten]:
    parent = onto
    for side in sides:
        for revision in side.revisions:
            number += 1
            after = _follows(revision, parent, number)
            yield Rewritten(revision, after)
            parent = after.id


def _follows(revision: Revision, parent: str, number: int) -> Revision:
    """A revision that follows another one than before."""
    name = _digest(parent, revision.text)
    text = _with_parent(revision, parent)
    text = re.sub(rf"\b{re.escape(revision.id)}\b", name, text)
    file = _NUMBER.sub(f"{number:04}_", revision.file.replace(revision.id, name), count=1)
    return Revision(name, (parent,), revision.title, file, text)


def _with_parent(revision: Revision, parent: str) -> str:
    lines = revision.text.splitlines(keepends=True)
    for target, node in assigned(parsed(revision.file, revision.text)):
        if target == "down_revision" and node.end_lineno is not None:
            start, end = node.lineno - 1, node.end_lineno - 1
            before = lines[start].encode()[: node.col_offset].decode()
            after = lines[end].encode()[node.end_col_offset :].decode()
            lines[start : end + 1] = [f'{before}"{parent}"{after}']
            break
    return re.sub(r"(?m)^Revises: .*$", f"Revises: {parent}", "".join(lines), count=1)


def joined(revisions: Revisions) -> Revision:
    """A revision that does nothing but follow all heads."""
    heads = revisions.heads
    name = _digest(*heads)
    title = f"join {' and '.join(heads)}"
    text = _JOIN.format(
        title=title,
        id=name,
        listed=", ".join(heads),
        parents=", ".join(f'"{head}"' for head in heads),
    )
    slug = names.snake(title, "join")[:40].strip("_")
    file = f"{len(revisions.by_id) + 1:04}_{slug}_{name}.py"
    return Revision(name, heads, title, file, text)


def write_moved(output: Path, rewritten: tuple[Rewritten, ...]) -> None:
    """Put the new files in place; the old ones go last, so that nothing is ever lost."""
    folder = output / "alembic" / "versions"
    for one in rewritten:
        (folder / one.after.file).write_text(one.after.text, encoding="utf-8")
    for one in rewritten:
        if one.before.file not in {other.after.file for other in rewritten}:
            (folder / one.before.file).unlink()


def write_joined(output: Path, revision: Revision) -> None:
    """Put a new file in place."""
    folder = output / "alembic" / "versions"
    (folder / revision.file).write_text(revision.text, encoding="utf-8")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

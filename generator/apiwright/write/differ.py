"""Unified diffs, as `git diff` writes them, that `git apply` and `patch` understand."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

MAX_BYTES = 1024 * 1024
"""Larger files are only said to differ: comparing lines takes time that grows with their square."""

_NO_NEWLINE = "\\ No newline at end of file\n"


def difference(path: str, old: bytes | None, new: bytes | None) -> str:
    """What turns `old` into `new`, empty if they are equal; None stands for no file."""
    if old == new:
        return ""
    before = "/dev/null" if old is None else f"a/{path}"
    after = "/dev/null" if new is None else f"b/{path}"
    if max(len(old or b""), len(new or b"")) > MAX_BYTES:
        return f"Large files {before} and {after} differ\n"
    old_lines, new_lines = _lines(old or b""), _lines(new or b"")
    if old_lines is None or new_lines is None:
        return f"Binary files {before} and {after} differ\n"
    text = "".join(_ended(unified_diff(old_lines, new_lines, before, after)))
    return text or f"--- {before}\n+++ {after}\n"  # an empty file comes or goes


def _lines(data: bytes) -> list[str] | None:
    """The lines of a text, or None if it is none that can be shown."""
    if b"\0" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = [f"{line}\n" for line in text.split("\n")]  # not splitlines: form feeds end no line
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if not line.endswith("\n"):
            yield f"\n{_NO_NEWLINE}"

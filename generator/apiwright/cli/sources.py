"""The texts that problems point into: files of a contract, and overrides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from apiwright.load import Source
from apiwright.problems import Report


def sources_of(root: Path, report: Report) -> Mapping[str, Source]:
    """The sources of every file below `root` that a problem stands in, as far as they can be read.

    They are read again, since a contract that can't be loaded leaves no document behind.
    """
    found: dict[str, Source] = {}
    for problem in report:
        for position in (problem.position, *(place for place, _ in problem.related)):
            if position is None or position.file in found:
                continue
            try:
                text = (root / position.file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            found[position.file] = Source(position.file, text)
    return found

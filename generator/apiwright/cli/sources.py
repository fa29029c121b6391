"""The texts that problems point into: the contract's files, and overrides."""

from __future__ import annotations

from collections.abc import Mapping

from apiwright.load import Document, Source
from apiwright.problems import Report
from apiwright.project import Project


def sources_of(
    project: Project, report: Report, document: Document | None
) -> Mapping[str, Source]:
    """The sources of every file that a problem of `report` stands in, as far as they can be read.

    Reading again is cheap, and needed: a contract that can't be loaded leaves no document.
    """
    found = dict(document.sources) if document is not None else {}
    for problem in report:
        for position in (problem.position, *(place for place, _ in problem.related)):
            if position is None or position.file in found:
                continue
            try:
                text = (project.root / position.file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            found[position.file] = Source(position.file, text)
    return found

"""The contracts that the service served so far: what clients rely on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from apiwright.breaking import ApiChange, api_changes
from apiwright.load import Document, load
from apiwright.problems import Report
from apiwright.project import Project
from apiwright.understand.limits_contract import drop_additions
from apiwright.understand.security import base_path
from apiwright.understand.versions.names import version_name

_FOLDER = "app/contract"
_CONTRACT = "openapi.json"
_ANNOUNCED = b'"x-sunset"'
_TOO_EARLY = "-before-sunset"


def served_contracts(project: Project, report: Report) -> tuple[Document, ...]:
    """The contracts of the last run, as their authors wrote them, the newest version first.

    What can't be read any more is left out, and `report` tells why.
    """
    found = []
    for file in _files(project):
        faults = Report()
        document = load(file, faults, base=project.root)
        if document is not None and not faults.failed:
            drop_additions(document)
            found.append(document)
        for fault in faults:
            report.add(fault)
    return tuple(found)


def changes_of_contracts(
    before: Sequence[Document], after: Sequence[Document], today: date | None
) -> tuple[ApiChange, ...]:
    """What changes for the clients of every version.

    Versions are told apart by the paths under which they are served; one that is new is a version
    whose operations are all new, and one that is gone has lost all of its own. A contract that has
    no versions beside it, and had none, may move.
    """
    if len(before) == len(after) == 1:
        return tuple(api_changes(before[0], after[0], today=today))
    old, new = (_by_path(documents) for documents in (before, after))
    found: list[ApiChange] = []
    for path in dict.fromkeys((*old, *new)):
        one, other = old.get(path), new.get(path)
        known = one or other
        assert known is not None, "every path is that of a version"
        empty = _emptied(known)
        for change in api_changes(one or empty, other or empty, today=today):
            place = f"{version_name(path)} {change.operation}".strip()
            found.append(replace(change, operation=place))
    return tuple(found)


def check_withdrawals(
    project: Project, documents: Sequence[Document], today: date | None, report: Report
) -> None:
    """Report what is gone from a contract before the day that clients were told (RFC 8594).

    So for a whole version that is gone.
    """
    if not any(_ANNOUNCED in file.read_bytes() for file in _files(project)):
        return
    before = served_contracts(project, Report())
    kept = _by_path(documents) if len(before) > 1 else _by_path(before)
    for path, document in _by_path(before).items():
        if path not in kept:
            _check_version(version_name(path), document, today, report)
    still = [document for document in before if base_path(document.root) in kept]
    for change in changes_of_contracts(still, documents, today):
        if change.id.endswith(_TOO_EARLY):
            message = f"{change.operation}: {change.message}"
            report.error(change.id, message, change.position, hint=change.hint)


def _check_version(name: str, before: Document, today: date | None, report: Report) -> None:
    """Report a version that is gone while operations of it are announced to last."""
    changes = api_changes(before, _emptied(before), today=today)
    early = [change for change in changes if change.id.endswith(_TOO_EARLY)]
    if early:
        many = f" and {len(early) - 1} others" if len(early) > 1 else ""
        report.error(
            "api-version-removed-before-sunset",
            f"{name} is gone before the day that was announced for {early[0].operation}{many}",
            early[0].position,
            hint="let its contract stand until its `x-sunset`",
        )


def _files(project: Project) -> Iterator[Path]:
    folder = project.output / _FOLDER
    newest = folder / _CONTRACT
    if newest.is_file():
        yield newest
    yield from sorted(folder.glob(f"*/{_CONTRACT}"))


def _by_path(documents: Sequence[Document]) -> dict[str, Document]:
    return {base_path(document.root): document for document in documents}


def _emptied(document: Document) -> Document:
    """A contract of which no operation is left."""
    root = document.root
    paths = root.get("paths")
    if paths is None:
        return document
    return replace(
        document, root=replace(root, value={**root.mapping, "paths": replace(paths, value={})})
    )

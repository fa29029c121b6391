"""Older versions of the API beside the newest: their contracts read, checked and understood."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.check import check
from apiwright.ir.service import Service
from apiwright.ir.versions import Version
from apiwright.load import Document, load
from apiwright.overriding.adapters import check_adapters, read_adapters
from apiwright.problems import Position, Report
from apiwright.project import Project
from apiwright.understand import completed, understand_versions
from apiwright.understand.security import base_path
from apiwright.understand.versions import Grafted, adapt, announce, graft
from apiwright.understand.versions.names import MODULES, version_name


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contract of the newest version, those of older ones, and the newest with what is theirs.

    `whole` is what the service is made of; without older versions it is the newest contract.
    """

    newest: Document
    older: tuple[Document, ...]
    grafted: Grafted

    @property
    def whole(self) -> Document:
        """The newest contract with the operations that only older ones have."""
        return self.grafted.document

    @property
    def all(self) -> tuple[Document, ...]:
        """Every contract that is served, the newest first."""
        return (self.newest, *self.older)


def read_contracts(project: Project, report: Report) -> Contracts | None:
    """The contracts of a project, loaded; None if the newest can't be read, or any has errors."""
    found = [load(path, report, base=project.root) for path in (project.spec, *project.versions)]
    newest, *older = found
    if newest is None:
        return None
    read = tuple(document for document in older if document is not None)
    for document in (newest, *read):
        announce(document)
    return Contracts(newest, read, graft(newest, read))


def check_contracts(contracts: Contracts, report: Report) -> None:
    """Report everything that is wrong with any of the contracts."""
    check(contracts.newest, report)
    for document in contracts.older:
        check(document, report)
    if contracts.grafted.homes and not report.failed:
        check(contracts.whole, report)
    _check_names(contracts, report)


def completed_contracts(contracts: Contracts) -> Contracts:
    """The contracts, which have no errors, with what the service answers of itself."""
    newest = completed(contracts.newest)
    older = tuple(completed(document) for document in contracts.older)
    return Contracts(newest, older, graft(newest, older))


def understand_contracts(
    project: Project, contracts: Contracts, report: Report
) -> tuple[Service, tuple[Version, ...]]:
    """What the contracts mean; what can't be derived, and nobody has overridden, is reported."""
    service, services = understand_versions(contracts.newest, contracts.older, contracts.grafted)
    adapters = read_adapters(project.overrides, project.root, report) if services else {}
    versions = []
    for older in services:
        name = version_name(older.base_path)
        adapter = adapters.get(name)
        methods = {method.name for method in adapter.methods} if adapter is not None else set()
        answers = contracts.grafted.answers[older.base_path]
        versions.append(adapt(name, older, service, answers, methods if adapter else None))
    check_adapters(adapters, {v.name: v.methods for v in versions}, report)
    for version in versions:
        for gap in version.gaps:
            tell = report.warning if gap.harmless else report.error
            tell(gap.code, gap.message, gap.position, hint=gap.hint)
    return service, tuple(versions)


def _check_names(contracts: Contracts, report: Report) -> None:
    """Every version has a path of its own, whose last part is its name."""
    if not contracts.older:
        return
    seen: dict[str, Position] = {}
    for document in contracts.all:
        base = base_path(document.root)
        name = version_name(base)
        written = document.root.get("servers") or document.root
        if not base or name in seen or name in MODULES:
            report.error(
                "version-base-path",
                f"a version can't be called {name}, or two are"
                if base
                else "this version has no path of its own",
                written.position,
                hint="let the URL of its first server end in a name of its own, such as /api/v1",
            )
        seen[name] = written.position

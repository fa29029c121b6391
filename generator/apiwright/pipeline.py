"""The stages in their order: load, check, understand, plan, render. Writing is up to the caller."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from apiwright.check import check
from apiwright.history import read_history
from apiwright.ir.service import Service
from apiwright.load import Document, load
from apiwright.overriding import check_overrides, read_overrides
from apiwright.plan import Policy, expected_overrides, plan
from apiwright.problems import Report
from apiwright.project import Project
from apiwright.render import render
from apiwright.understand import understand


@dataclass(slots=True)
class Timings:
    """Seconds that each stage took, in the order in which they ran."""

    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what runs inside as the stage `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] = time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Understood:
    """A contract that passed the checks: the document, what it means, the overrides bound to it."""

    document: Document
    service: Service
    bound: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Output:
    """The files of a service, and who owns each."""

    files: Mapping[str, str]
    policies: Mapping[str, Policy]


def read(project: Project, report: Report, timings: Timings) -> Document | None:
    """The contract, loaded and checked; None if nothing of it could be read."""
    with timings.stage("load"):
        document = load(project.spec, report, base=project.root)
    if document is None:
        return None
    if not report.failed:
        with timings.stage("check"):
            check(document, report)
    return document


def comprehend(project: Project, report: Report, timings: Timings) -> Understood | None:
    """What the contract means; None if it has errors, which are then in `report`."""
    document = read(project, report, timings)
    if document is None or _failed(report):
        return None
    with timings.stage("understand"):
        service = understand(document, report)
        overrides = read_overrides(project.overrides, project.root, report)
        bound = check_overrides(overrides, expected_overrides(service), report)
    if _failed(report):
        return None
    return Understood(document, service, bound)


def _failed(report: Report) -> bool:
    """Whether there are errors by now."""
    return report.failed


def build(project: Project, understood: Understood, timings: Timings) -> Output:
    """The files of the service; RenderError or HistoryError where they can't be made."""
    with timings.stage("plan"):
        history = read_history(project.output)
        planned = plan(understood.service, history, understood.bound)
    with timings.stage("render"):
        files = render(planned, project.templates)
    policies = {file.path: file.policy for file in planned.files}
    policies.update({file.path: file.policy for file in planned.data})
    return Output(files, policies)

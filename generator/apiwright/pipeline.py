"""The stages in their order: load, check, understand, plan, render. Writing is up to the caller."""

from __future__ import annotations

import shlex
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from apiwright.check.shown import check_shown
from apiwright.history import read_history
from apiwright.ir.operations import CustomAction, Operation
from apiwright.ir.service import Service
from apiwright.ir.versions import Version
from apiwright.load import Document
from apiwright.overriding import (
    OverrideClass,
    check_handlers,
    check_overrides,
    read_overrides,
)
from apiwright.plan import (
    History,
    Policy,
    Renames,
    StoragePlan,
    expected_handlers,
    expected_overrides,
    plan,
    storage_plan,
)
from apiwright.problems import Position, Report
from apiwright.project import Project
from apiwright.render import render
from apiwright.served import check_withdrawals
from apiwright.versioning import (
    Contracts,
    check_contracts,
    completed_contracts,
    read_contracts,
    understand_contracts,
)

NEEDS_OVERRIDE = "needs-override"
"""The code of the note on an operation that answers 501."""


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
    """A contract that passed the checks: the document, what it means, the overrides bound to it.

    `versions` are the older ones of the API that live beside it, `older` their documents; `handled`
    tells whether there are handlers of events among the overrides.
    """

    document: Document
    service: Service
    bound: Mapping[str, str]
    versions: tuple[Version, ...] = ()
    older: tuple[Document, ...] = ()
    handled: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """The files of a service, who owns each, and what becomes of its database."""

    files: Mapping[str, str]
    policies: Mapping[str, Policy]
    storage: StoragePlan


def read(project: Project, report: Report, timings: Timings) -> Contracts | None:
    """The contract and those of older versions, loaded and checked; None if it can't be read."""
    with timings.stage("load"):
        contracts = read_contracts(project, report)
    if contracts is None:
        return None
    with timings.stage("check"):
        check_contracts(contracts, report)
    return contracts


def comprehend(project: Project, report: Report, timings: Timings) -> Understood | None:
    """What the contract means; None if it has errors, which are then in `report`."""
    understood = comprehend_contract(project, report, timings)
    if understood is None:
        return None
    with timings.stage("overrides"):
        bound = bind(project, understood.service, report)
        handled = bind_handlers(project, understood.service, report)
    return None if _failed(report) else replace(understood, bound=bound, handled=handled)


def comprehend_contract(project: Project, report: Report, timings: Timings) -> Understood | None:
    """What the contract means, as if nothing were overridden; None if it has errors."""
    contracts = read(project, report, timings)
    if contracts is None or _failed(report):
        return None
    with timings.stage("understand"):
        contracts = completed_contracts(contracts)
        service, versions = understand_contracts(project, contracts, report)
        check_shown(service, report)
    if _failed(report):
        return None
    return Understood(contracts.newest, service, {}, versions, contracts.older)


def comprehend_versions(
    project: Project, report: Report, timings: Timings
) -> tuple[Version, ...] | None:
    """The older versions, whatever of them can't be derived; None if a contract has errors."""
    contracts = read(project, report, timings)
    if contracts is None or _failed(report):
        return None
    return understand_contracts(project, completed_contracts(contracts), Report())[1]


def bind(project: Project, service: Service, report: Report) -> Mapping[str, str]:
    """The overrides that take the place of services; what is wrong with them goes to `report`."""
    overrides = read_overrides(project.overrides, project.root, report)
    bound = check_overrides(overrides, expected_overrides(service), report)
    _note_open(service, overrides, report)
    return bound


def bind_handlers(project: Project, service: Service, report: Report) -> bool:
    """Whether overrides handle events; what is wrong with the handlers goes to `report`."""
    overrides = read_overrides(project.overrides, project.root, Report())
    return check_handlers(overrides, expected_handlers(service), report)


def unanswered(service: Service, overrides: Iterable[OverrideClass]) -> Iterator[Operation]:
    """The operations that answer 501: neither a rule nor an override gives them a body."""
    answered = {(found.module, method.name) for found in overrides for method in found.methods}
    for resource in service.resources:
        for name in resource.operations:
            operation = service.operations[name]
            if (
                isinstance(operation.action, CustomAction)
                and (resource.module, operation.name) not in answered
            ):
                yield operation


def _note_open(service: Service, overrides: Iterable[OverrideClass], report: Report) -> None:
    """Note every operation that answers 501."""
    for operation in unanswered(service, overrides):
        assert isinstance(operation.action, CustomAction), "others are answered"
        message = f"{operation.id} answers 501 until an override gives it a body"
        report.note(
            NEEDS_OVERRIDE,
            f"{message}: {operation.action.reason}",
            operation.position,
            hint=f"apiwright override {shlex.quote(operation.id)}",
        )


def _judge(project: Project, storage: StoragePlan, report: Report) -> None:
    """Report why the database can't follow."""
    place = Position(project.shown(project.spec))
    for refusal in storage.refusals:
        where = refusal.position or place
        report.error(refusal.code, refusal.message, where, hint=refusal.hint)


def note_storage(project: Project, storage: StoragePlan, report: Report) -> None:
    """Report what the database keeps, and what isn't clear."""
    place = Position(project.shown(project.spec))
    for question in storage.questions:
        where = question.position or place
        report.note("looks-renamed", question.message, where, hint=question.hint)
    for note in storage.notes:
        report.note(note.code, note.message, note.position or place, hint=note.hint)


def _failed(report: Report) -> bool:
    """Whether there are errors by now."""
    return report.failed


def build(
    project: Project,
    understood: Understood,
    report: Report,
    timings: Timings,
    allowed: Collection[str] = (),
    today: date | None = None,
    history: History | None = None,
    renames: Renames = Renames.AT_ONCE,
) -> Output | None:
    """The files of the service; None if its database or its clients can't follow.

    `report` then tells why. `allowed` names the tables and columns whose data may be lost; without
    `today`, no announced day has come; `history` is that of a database which was there first, else
    the one that earlier runs left behind. RenderError or HistoryError where files can't be made.
    """
    with timings.stage("withdrawals"):
        check_withdrawals(project, (understood.document, *understood.older), today, report)
    with timings.stage("plan"):
        history = history or read_history(project.output)
        storage = storage_plan(history, understood.service, allowed, renames)
        _judge(project, storage, report)
        if _failed(report):
            return None
    return rendered(project, understood, history, storage, timings)


def rendered(
    project: Project,
    understood: Understood,
    history: History,
    storage: StoragePlan,
    timings: Timings,
) -> Output:
    """The files of the service whose database follows `history` as `storage` says."""
    with timings.stage("files"):
        planned = plan(
            understood.service,
            history,
            understood.bound,
            storage,
            versions=understood.versions,
            handled=understood.handled,
        )
    with timings.stage("render"):
        files = render(planned, project.templates, str(project.output))
    policies = {file.path: file.policy for file in planned.files}
    policies.update({file.path: file.policy for file in planned.data})
    return Output(files, policies, storage)

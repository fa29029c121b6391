"""Putting a forecast together: the same stages as a run, with nothing written at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from apiwright.breaking import ApiChange
from apiwright.forecast.answers import newly_unanswered
from apiwright.forecast.baseline import Baseline
from apiwright.forecast.model import FileChanges, Forecast, RevisionForecast
from apiwright.history import read_history
from apiwright.inputs import inputs_digest
from apiwright.ir.service import Service
from apiwright.kept import digest, keep, kept
from apiwright.overriding import read_overrides
from apiwright.pipeline import (
    NEEDS_OVERRIDE,
    Output,
    Timings,
    Understood,
    bind,
    bind_handlers,
    rendered,
    unanswered,
)
from apiwright.plan import Renames, storage_plan
from apiwright.problems import Problem, Report, Severity
from apiwright.project import Project
from apiwright.served import changes_of_contracts
from apiwright.write import Left, compare, left_behind

_VERSIONS = "alembic/versions/"
_KEPT = "sql"
_ENTRIES = 256


def forecast(
    project: Project,
    understood: Understood,
    baseline: Baseline,
    timings: Timings,
    *,
    allowed: Collection[str] = (),
    renames: Renames = Renames.AT_ONCE,
    today: date | None = None,
    with_sql: bool = True,
) -> Forecast:
    """What would become of everything, compared with `baseline`.

    `understood` is the contract by itself. `allowed` names tables and columns whose data may be
    lost; revisions have no SQL unless `with_sql`. HistoryError, RenderError or
    WriteError where a run would fail as well.
    """
    overrides = Report()
    with timings.stage("overrides"):
        bound = bind(project, understood.service, overrides)
        handled = bind_handlers(project, understood.service, overrides)
        told = tuple(_with_new_ones(overrides, project, understood.service, baseline))
    with timings.stage("plan"):
        history = read_history(project.output)
        following = storage_plan(history, understood.service, allowed, renames)
        overall = following
        if baseline.history != history:
            overall = storage_plan(baseline.history, understood.service, allowed, renames)
    files = FileChanges()
    revisions: tuple[RevisionForecast, ...] = ()
    if not following.refusals:
        output: Output | Left | None = None
        # What `generate` would not write anew needs no rendering to be known.
        if not (following.revisions or allowed or renames is Renames.CONTRACT):
            with timings.stage("inputs"):
                output = left_behind(project.output, inputs_digest(project))
        if output is None:
            bound_now = replace(understood, bound=bound, handled=handled)
            output = rendered(project, bound_now, history, following, timings)
        with timings.stage("compare"):
            changes = compare(baseline.output, output.files, output.policies)
            files = FileChanges(changes.created, changes.changed, changes.removed, changes.edited)
        with timings.stage("sql"):
            revisions = _revisions(output.files, baseline, with_sql=with_sql)
    with timings.stage("api"):
        api = _api(baseline, understood, today)
    return Forecast(baseline.name, files, overall, revisions, api, told, baseline.faults)


def _with_new_ones(
    found: Report, project: Project, service: Service, baseline: Baseline
) -> Iterator[Problem]:
    """What was found of overrides; an operation that answers 501 from now on is a warning."""
    open_now = tuple(unanswered(service, read_overrides(project.overrides, project.root, Report())))
    new = {operation.position for operation in newly_unanswered(open_now, baseline)}
    for problem in found:
        if problem.code == NEEDS_OVERRIDE and problem.position in new:
            yield replace(problem, severity=Severity.WARNING)
        else:
            yield problem


def _revisions(
    files: Mapping[str, str], baseline: Baseline, *, with_sql: bool
) -> tuple[RevisionForecast, ...]:
    """The revisions that the baseline doesn't have, with their SQL."""
    known = {name for name, _ in baseline.history.files}
    new = [
        path
        for path in sorted(files)
        if path.startswith(_VERSIONS) and path.removeprefix(_VERSIONS) not in known
    ]
    return tuple(RevisionForecast(p, _sql(p, files[p]) if with_sql else "") for p in new)


def _sql(path: str, text: str) -> str:
    """The SQL of a revision."""
    versions = f"{version('alembic')} {version('sqlalchemy')}"
    key = digest(Path(__file__).read_bytes(), versions.encode(), path.encode(), text.encode())
    known = kept(_KEPT, key)
    if known is not None:
        return known.decode()
    # SQLAlchemy takes half a second to import, which nobody spends twice on a revision.
    from apiwright.forecast.revision_sql import upgrade_sql  # noqa: PLC0415

    found = upgrade_sql(path, text)
    keep(_KEPT, key, found.encode(), entries=_ENTRIES)
    return found


def _api(
    baseline: Baseline, understood: Understood, today: date | None
) -> tuple[ApiChange, ...] | None:
    if not baseline.documents:
        return None
    after = (understood.document, *understood.older)
    return changes_of_contracts(baseline.documents, after, today)

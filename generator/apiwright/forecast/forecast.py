"""Putting a forecast together: the same stages as a run, with nothing written at the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from apiwright.breaking import ApiChange
from apiwright.forecast.baseline import Baseline
from apiwright.forecast.model import FileChanges, Forecast, RevisionForecast
from apiwright.history import read_history
from apiwright.pipeline import Timings, Understood, bind, rendered
from apiwright.plan import Renames, storage_plan
from apiwright.problems import Report
from apiwright.project import Project
from apiwright.served import changes_of_contracts
from apiwright.write import compare

_VERSIONS = "alembic/versions/"


def forecast(
    project: Project,
    understood: Understood,
    baseline: Baseline,
    timings: Timings,
    *,
    allowed: Collection[str] = (),
    renames: Renames = Renames.AT_ONCE,
    today: date | None = None,
) -> Forecast:
    """What would become of everything, compared with `baseline`.

    `understood` is the contract by itself. `allowed` names tables and columns whose data may be
    lost. HistoryError, RenderError or WriteError where a run would fail as well.
    """
    overrides = Report()
    with timings.stage("overrides"):
        bound = bind(project, understood.service, overrides)
    with timings.stage("plan"):
        history = read_history(project.output)
        following = storage_plan(history, understood.service, allowed, renames)
        overall = following
        if baseline.history != history:
            overall = storage_plan(baseline.history, understood.service, allowed, renames)
    files = FileChanges()
    revisions: tuple[RevisionForecast, ...] = ()
    if not following.refusals:
        output = rendered(project, replace(understood, bound=bound), history, following, timings)
        with timings.stage("compare"):
            changes = compare(baseline.output, output.files, output.policies)
            files = FileChanges(changes.created, changes.changed, changes.removed, changes.edited)
        with timings.stage("sql"):
            revisions = _revisions(output.files, baseline)
    with timings.stage("api"):
        api = _api(baseline, understood, today)
    return Forecast(baseline.name, files, overall, revisions, api, tuple(overrides))


def _revisions(files: Mapping[str, str], baseline: Baseline) -> tuple[RevisionForecast, ...]:
    """The revisions that the baseline doesn't have, with their SQL."""
    known = {name for name, _ in baseline.history.files}
    new = [
        path
        for path in sorted(files)
        if path.startswith(_VERSIONS) and path.removeprefix(_VERSIONS) not in known
    ]
    if not new:
        return ()
    # SQLAlchemy takes half a second to import, which a plan without a revision doesn't spend.
    from apiwright.forecast.revision_sql import upgrade_sql  # noqa: PLC0415

    return tuple(RevisionForecast(path, upgrade_sql(path, files[path])) for path in new)


def _api(
    baseline: Baseline, understood: Understood, today: date | None
) -> tuple[ApiChange, ...] | None:
    if not baseline.documents:
        return None
    after = (understood.document, *understood.older)
    return changes_of_contracts(baseline.documents, after, today)

"""Generating as a step of other commands: the contract becomes files, problems are shown."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.cli.session import Session
from apiwright.cli.verifying import verify_new
from apiwright.inputs import inputs_digest
from apiwright.pipeline import Understood, build, comprehend
from apiwright.plan import History
from apiwright.problems import Report
from apiwright.write import compare, write


@dataclass(frozen=True, slots=True)
class Generated:
    """What came of it: the contract, and whether any file is new or different."""

    understood: Understood
    changed: bool


def generate(session: Session, history: History | None = None) -> Generated | None:
    """Bring the generated service up to date; None if the contract has errors, which are shown.

    `history` is that of a database which was there first.

    RenderError, HistoryError or WriteError where it can't be made or written, MigrateError where a
    new revision of the database does not hold.
    """
    session.report = Report()
    understood = comprehend(session.project, session.report, session.timings)
    if understood is None:
        session.show_problems()
        return None
    output = build(
        session.project,
        understood,
        session.report,
        session.timings,
        today=session.today,
        history=history,
    )
    if output is None:
        session.show_problems()
        return None
    changes = compare(session.project.output, output.files, output.policies)
    if not changes.edited:
        verify_new(session, changes)
    write(changes, inputs=inputs_digest(session.project))
    return Generated(understood, bool(changes.paths))

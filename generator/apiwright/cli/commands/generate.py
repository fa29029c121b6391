"""`apiwright generate`: the contract becomes a service."""

from __future__ import annotations

from dataclasses import dataclass

import click

from apiwright.cli.options import renames_of, renames_option
from apiwright.cli.session import PROBLEMS, Session, fail, guarded, show_problems
from apiwright.cli.verifying import verify_new
from apiwright.inputs import inputs_digest
from apiwright.pipeline import build, note_storage
from apiwright.plan import Renames, StoragePlan
from apiwright.problems import Report
from apiwright.write import Changes, EditedFilesError, compare, recorded_inputs, write

_MARKS = (
    ("created", "+", "green"),
    ("changed", "~", "yellow"),
    ("removed", "-", "red"),
)


@click.command(
    epilog="""\b
Examples:
  apiwright generate             write what has changed
  apiwright generate --check     write nothing; exit 1 with a diff if anything would change
  apiwright generate --timings   show how long each stage takes
"""
)
@click.option("--check", "check_only", is_flag=True, help="Write nothing; show what would change.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")
@renames_option
@click.option(
    "--allow-data-loss",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="A table or table.column whose data may be lost.",
)
@click.option(
    "--verify/--no-verify",
    default=True,
    help="Whether to try a new revision on a scratch PostgreSQL before it is written.",
)
@click.option("--timings", is_flag=True, help="Show how long each stage took.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless there is a problem.")
@guarded
def command(
    *,
    check_only: bool,
    force: bool,
    renames: str | None,
    allowed: tuple[str, ...],
    verify: bool,
    timings: bool,
    quiet: bool,
) -> None:
    """Turn the contract into a service.

    Writes the folder `generated/`, as a whole or not at all. Files that nobody changed stay as
    they are; a generated file that somebody edited is never overwritten without --force. A new
    revision of the database is tried on a scratch PostgreSQL first: up, down, and up again.
    """
    session = Session.here()
    with session.timings.stage("inputs"):
        digest = inputs_digest(session.project)
        known = recorded_inputs(session.project.output)
    way = renames_of(renames)
    if known == digest and not (check_only or allowed or way is Renames.CONTRACT):
        _tell(session, quiet, "nothing has changed")
    else:
        _generate(session, digest, Wishes(check_only, force, allowed, way, verify, quiet))
    if timings:
        session.show_timings()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants of a run."""

    check_only: bool
    force: bool
    allowed: tuple[str, ...]
    renames: Renames
    verify: bool
    quiet: bool


def _generate(session: Session, digest: str, wishes: Wishes) -> None:
    understood = session.comprehend()
    project, report, timings = session.project, session.report, session.timings
    output = build(
        project,
        understood,
        report,
        timings,
        wishes.allowed,
        session.today,
        renames=wishes.renames,
    )
    if output is None:
        session.show_problems()
        raise click.exceptions.Exit(PROBLEMS)
    with timings.stage("compare"):
        changes = compare(project.output, output.files, output.policies)
    if not wishes.quiet:
        _show_notes(session, output.storage)
    if wishes.check_only:
        _check(session, changes, wishes.quiet)
        return
    if wishes.force:
        for path in changes.edited:
            click.echo(changes.diff(path), nl=False, err=True)
    # Edited files stop the run anyway.
    if wishes.verify and (wishes.force or not changes.edited):
        verify_new(session, changes)
    with timings.stage("write"):
        try:
            write(changes, force=wishes.force, inputs=digest)
        except EditedFilesError as error:
            fail(error.message, error.hint)
    _summarize(session, changes, wishes.quiet)


def _show_notes(session: Session, storage: StoragePlan) -> None:
    """Show what the database keeps, and what looks like a rename."""
    notes = Report()
    note_storage(session.project, storage, notes)
    if len(notes):
        show_problems(notes, session.project.root)


def _check(session: Session, changes: Changes, quiet: bool) -> None:
    if not changes.paths:
        _tell(session, quiet, "up to date")
        return
    for path in changes.paths:
        click.echo(changes.diff(path), nl=False)
    fail(
        f"{session.project.shown(session.project.output)} is not what the contract gives",
        "run `apiwright generate`",
    )


def _summarize(session: Session, changes: Changes, quiet: bool) -> None:
    if quiet:
        return
    for name, mark, color in _MARKS:
        for path in getattr(changes, name):
            click.secho(f"  {mark} {path}", fg=color)
    counts = [
        f"{len(getattr(changes, name))} {name}"
        for name in ("created", "changed", "unchanged", "removed")
    ]
    _tell(session, quiet, ", ".join(counts))


def _tell(session: Session, quiet: bool, message: str) -> None:
    if not quiet:
        click.echo(f"{session.project.shown(session.project.output)}: {message}")

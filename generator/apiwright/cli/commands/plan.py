"""`apiwright plan`: what a run of `generate` would do, before anything is written."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import Any

import click

from apiwright.cli.options import renames_of, renames_option
from apiwright.cli.printer import harmless
from apiwright.cli.session import PROBLEMS, Session, fail, guarded, print_json, quiet_pipe
from apiwright.forecast import (
    BaselineError,
    Forecast,
    Verdict,
    forecast,
    last_generated,
    revision_of_git,
)
from apiwright.forecast.data import as_data
from apiwright.forecast.markdown import markdown
from apiwright.forecast.telling import Line, Tone, lines
from apiwright.pipeline import comprehend_contract

SAFE, DECIDE = 3, 4
_CODES = {Verdict.NOTHING: 0, Verdict.SAFE: SAFE, Verdict.DECIDE: DECIDE}
_STYLES: dict[Tone, dict[str, Any]] = {
    Tone.PLAIN: {},
    Tone.TITLE: {"bold": True},
    Tone.BAD: {"fg": "red", "bold": True},
    Tone.DOUBTFUL: {"fg": "yellow"},
    Tone.GOOD: {"fg": "green"},
    Tone.QUIET: {"dim": True},
}


@click.command(
    epilog="""\b
Examples:
  apiwright plan                        what the edited contract would change
  apiwright plan --against origin/main  what this branch changes
  apiwright plan --markdown             the same, for a pull request
"""
)
@click.option("--against", metavar="REF", help="A revision of git, instead of the last run.")
@renames_option
@click.option(
    "--allow-data-loss",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="A table or table.column whose data may be lost.",
)
@click.option("--json", "form", flag_value="json", help="As JSON, for programs.")
@click.option("--markdown", "form", flag_value="markdown", help="As Markdown, for a pull request.")
@click.option("--sql/--no-sql", "with_sql", default=True, help="Whether to show the SQL.")
@click.option("--timings", is_flag=True, help="Show how long each stage took.")
@guarded
def command(
    *,
    against: str | None,
    renames: str | None,
    allowed: tuple[str, ...],
    form: str | None,
    with_sql: bool,
    timings: bool,
) -> None:
    """Tell what `generate` would do: to clients, to the database, to overrides and files.

    Needs no database and no network, and writes nothing. Exits with 0 if nothing changes, 3 if
    what changes is safe, 4 if something needs a decision; 1 if the contract has errors.
    """
    session = Session.here()
    understood = comprehend_contract(session.project, session.report, session.timings)
    if understood is None:
        session.show_problems()
        raise click.exceptions.Exit(PROBLEMS)
    with ExitStack() as stack:
        try:
            with session.timings.stage("baseline"):
                baseline = (
                    last_generated(session.project)
                    if against is None
                    else stack.enter_context(revision_of_git(session.project, against))
                )
        except BaselineError as error:
            fail(str(error), error.hint)
        found = forecast(
            session.project,
            understood,
            baseline,
            session.timings,
            allowed=allowed,
            renames=renames_of(renames),
            today=session.today,
            with_sql=with_sql or form is not None,
        )
    with quiet_pipe():
        _show(found, form, with_sql=with_sql)
    if timings:
        session.show_timings()
    sys.exit(_CODES[found.verdict])


def _show(found: Forecast, form: str | None, *, with_sql: bool) -> None:
    if form == "json":
        print_json(as_data(found))
    elif form == "markdown":
        click.echo(markdown(found), nl=False)
    else:
        for line in lines(found, with_sql=with_sql):
            _print(line)


def _print(line: Line) -> None:
    click.secho(harmless(line.text), **_STYLES[line.tone])

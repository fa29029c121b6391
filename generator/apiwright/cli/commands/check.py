"""`apiwright check`: every problem at once."""

from __future__ import annotations

import sys

import click

from apiwright.cli.printer import problems_as_github
from apiwright.cli.printer import problems_as_json as as_json
from apiwright.cli.session import PROBLEMS, Session, guarded, print_json
from apiwright.pipeline import comprehend


@click.command(
    epilog="""\b
Examples:
  apiwright check                  for people
  apiwright check --format github  as annotations of a GitHub workflow
"""
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="For people, for programs, or for a GitHub workflow.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@guarded
def command(*, form: str) -> None:
    """Report every problem of the contract and of the overrides.

    Exits with 1 if there is an error; warnings and notes alone are no reason to fail.
    """
    session = Session.here()
    comprehend(session.project, session.report, session.timings)
    if form == "json":
        print_json(as_json(session.report))
    elif form == "github":
        click.echo(problems_as_github(session.report), nl=False)
    else:
        session.show_problems()
        if not len(session.report):
            click.echo(f"{session.project.shown(session.project.spec)}: no problems")
    if session.report.failed:
        sys.exit(PROBLEMS)

"""`apiwright explain`: what was understood, from which evidence, and which file holds it."""

from __future__ import annotations

from dataclasses import asdict

import click

from apiwright.cli.session import (
    WRONG_USE,
    Session,
    did_you_mean,
    fail,
    guarded,
    print_json,
    quiet_pipe,
)
from apiwright.dev.service import ServiceError
from apiwright.dev.statements import statements
from apiwright.plan.describe import (
    OperationStory,
    SchemaStory,
    describe_operations,
    describe_schemas,
)
from apiwright.plan.describe_versions import describe_versions


@click.command(
    epilog="""\b
Examples:
  apiwright explain             everything
  apiwright explain createItem  one operation
  apiwright explain Item        one schema
  apiwright explain listItems --sql   the statement behind an operation
"""
)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option(
    "--sql", "as_sql", is_flag=True, help="The SQL of an operation, if it is all there is."
)
@guarded
def command(*, name: str | None, as_json: bool, as_sql: bool) -> None:
    """Tell what was understood of the contract, and why.

    NAME is an operationId or the name of a schema; without it, all of them are told.
    """
    session = Session.here()
    understood = session.comprehend()
    service = understood.service
    stories = describe_operations(service)
    everything = (*stories, *describe_versions(understood.versions, stories))
    operations = [o for o in everything if name in {None, o.id, o.id.rpartition(":")[2]}]
    schemas = [s for s in describe_schemas(service) if name in {None, s.name}]
    if name is not None and not operations and not schemas:
        known = [*(o.id for o in everything), *service.schemas]
        hint = did_you_mean(name, known)
        fail(f"the contract has no operation and no schema called {name}", hint, WRONG_USE)
    with quiet_pipe():
        if as_sql:
            _show_statements(operations, session)
            return
        if as_json:
            print_json(
                {
                    "operations": [asdict(story) for story in operations],
                    "schemas": [asdict(story) for story in schemas],
                }
            )
            return
        for operation in operations:
            _show_operation(operation, session)
        for schema in schemas:
            _show_schema(schema, session)


def _show_statements(operations: list[OperationStory], session: Session) -> None:
    named = [story.id for story in operations if story.direct and ":" not in story.id]
    if not named:
        fail(
            "nothing of that is answered by one statement", "see what `explain` says without --sql"
        )
    try:
        click.echo(statements(session.project.output, named), nl=False)
    except ServiceError as error:
        fail(str(error))


def _show_operation(story: OperationStory, session: Session) -> None:
    click.secho(story.id, bold=True, nl=False)
    click.echo(f"  {story.method} {story.path}  ({story.place})")
    _show_rest(story, session)


def _show_schema(story: SchemaStory, session: Session) -> None:
    click.secho(story.name, bold=True, nl=False)
    click.echo(f"  ({story.place})")
    _show_rest(story, session)


def _show_rest(story: OperationStory | SchemaStory, session: Session) -> None:
    click.echo(f"  {story.does}")
    for detail in story.details:
        click.echo(f"    {detail}")
    for reason in story.evidence:
        click.secho(f"  because {reason}", dim=True)
    output = session.project.shown(session.project.output)
    for file in story.files:
        click.secho(f"  in {output}/{file}", dim=True)
    click.echo()

"""`apiwright init`: a new project."""

from __future__ import annotations

from pathlib import Path

import click

from apiwright.check import check
from apiwright.check.schema_document import editor_schema
from apiwright.cli.generating import generate
from apiwright.cli.session import (
    PROBLEMS,
    WRONG_USE,
    Session,
    fail,
    guarded,
    json_text,
    show_problems,
)
from apiwright.load import load
from apiwright.problems import Report
from apiwright.project import find_project
from apiwright.render.engine import builtin_templates
from apiwright.starter import starter_files


@click.command(
    epilog="""\b
Examples:
  apiwright init shop                        with a small contract to begin with
  apiwright init shop --from contract.yaml   with a contract of your own
"""
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Begin with this OpenAPI document; the files that it refers to come along.",
)
@guarded
def command(*, folder: Path, source: Path | None) -> None:
    """Lay out a new project in FOLDER, and generate its service.

    Nothing that exists is overwritten; a contract with errors is shown them, and nothing is made.
    """
    contract = _contract(source) if source is not None else {}
    spec = f"specs/{source.name}" if source is not None else ""
    files = {path: text.encode() for path, text in starter_files(folder, spec).items()}
    files.update(contract)
    files["specs/apiwright.schema.json"] = f"{json_text(editor_schema())}\n".encode()
    taken = sorted(path for path in files if (folder / path).exists())
    if taken:
        fail(
            f"{folder} has {', '.join(taken)} already; nothing was written",
            "choose an empty folder",
            WRONG_USE,
        )
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    session = Session(find_project(folder.resolve(), builtin_templates()))
    if generate(session) is None:
        raise click.exceptions.Exit(PROBLEMS)
    _greet(folder, session)


def _contract(source: Path) -> dict[str, bytes]:
    """The files of a person's contract, by the paths that they get in the project."""
    report = Report()
    base = Path.cwd()
    document = load(source, report, base=base)
    if document is not None:
        check(document, report)
    if document is None or report.failed:
        show_problems(report, base)
        raise click.exceptions.Exit(PROBLEMS)
    root = source.resolve().parent
    return {
        f"specs/{file.resolve().relative_to(root).as_posix()}": file.read_bytes()
        for file in document.files
    }


def _greet(folder: Path, session: Session) -> None:
    """Say what there is now, and what to do next."""
    project = session.project
    click.echo(f"{folder}: a project with the contract {project.shown(project.spec)}")
    click.echo("next:")
    click.echo(f"  cd {folder}")
    click.echo("  apiwright dev        run the service, and follow every edit")
    click.echo("  apiwright explain    what was understood of the contract")

"""`apiwright init`: a new project."""

from __future__ import annotations

import importlib.util
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apiwright import names
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
from apiwright.code import comment
from apiwright.ir.service import Service
from apiwright.load import load
from apiwright.migrate.errors import MigrateError
from apiwright.pipeline import Timings, comprehend_contract
from apiwright.plan import History
from apiwright.problems import Report
from apiwright.project import find_project
from apiwright.render.templates import builtin_templates
from apiwright.starter import starter_files

if TYPE_CHECKING:
    from apiwright.adopt import Adoption

_SPEC = "specs/openapi.yaml"
_NEEDED = ("asyncpg", "sqlalchemy")


@click.command(
    epilog="""\b
Examples:
  apiwright init shop                        with a small contract to begin with
  apiwright init shop --from contract.yaml   with a contract of your own
  apiwright init shop --from-database URL    on the tables of a PostgreSQL database
"""
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Begin with this OpenAPI document; the files that it refers to come along.",
)
@click.option(
    "--from-database",
    "url",
    metavar="URL",
    help="Begin with the tables of this PostgreSQL database, in which nothing is changed.",
)
@guarded
def command(*, folder: Path, source: Path | None, url: str | None) -> None:
    """Lay out a new project in FOLDER, and generate its service.

    Nothing that exists is overwritten; a contract with errors is shown them, and nothing is made.
    The address of a database is written nowhere.
    """
    if source is not None and url is not None:
        raise click.UsageError("--from and --from-database are two beginnings: choose one")
    found = _adopted(folder, url) if url is not None else None
    contract = _contract(source) if source is not None else {}
    spec = f"specs/{source.name}" if source is not None else ""
    if found is not None:
        spec = _SPEC
        contract = {_SPEC: found.contract.encode()}
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
    if generate(session, found.history if found is not None else None) is None:
        raise click.exceptions.Exit(PROBLEMS)
    if found is not None:
        _tell(found)
    _greet(folder, session, recorded=found is not None)


@dataclass(frozen=True, slots=True)
class _Adopted:
    """The contract of a database, and the history of a service that runs on it."""

    contract: str
    history: History
    adoption: Adoption


def _adopted(folder: Path, url: str) -> _Adopted:
    """What `--from-database` leads to; ends the command where that is nothing."""
    for name in _NEEDED:
        if importlib.util.find_spec(name) is None:
            fail(f"{name} is not installed", "install apiwright[dev]")
    # SQLAlchemy takes half a second to import, which other projects don't spend.
    from apiwright.adopt import adopt, contract_text, read_database  # noqa: PLC0415

    try:
        adoption = read_database(url)
        title = " ".join(names.words(folder.name)).capitalize() or "Service"
        text = contract_text(adoption.decision, title)
        service = _understood(text)
        return _Adopted(text, adopt(url, adoption, service), adoption)
    except MigrateError as error:
        here = "--from-database"
        fail(
            str(error).replace("DATABASE_URL", here),
            error.hint.replace("DATABASE_URL", here),
            WRONG_USE if str(error).startswith("DATABASE_URL") else PROBLEMS,
        )
        raise


def _understood(text: str) -> Service:
    """What a contract means that was written here; ends the command where it has errors."""
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        (root / "specs").mkdir()
        (root / _SPEC).write_text(text, encoding="utf-8")
        project = find_project(root, builtin_templates())
        understood = comprehend_contract(project, report, Timings())
        if understood is None:
            show_problems(report, root)
            raise click.exceptions.Exit(PROBLEMS)
        return understood.service


def _tell(found: _Adopted) -> None:
    """Say what became of the tables, and what was left as it is."""
    decision = found.adoption.decision
    for thing in decision.things:
        click.echo(f"  {thing.table}: {thing.schema}")
    for link in decision.links:
        click.echo(f"  {link}: pairs")
    if decision.left:
        click.echo("left as it is, and out of the contract:")
    for one in decision.left:
        name = f"{one.table}.{one.column}" if one.column else one.table
        click.echo(f"  {comment(name)}: {comment(one.reason)}")
    if found.adoption.revisions:
        known = ", ".join(comment(name) for name in found.adoption.revisions)
        click.echo(f"the database is at {known} of another history of Alembic; to follow this one:")
        click.echo("  alembic stamp --purge head")


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


def _greet(folder: Path, session: Session, *, recorded: bool) -> None:
    """Say what there is now, and what to do next; `recorded` on a database that was there first."""
    project = session.project
    click.echo(f"{folder}: a project with the contract {project.shown(project.spec)}")
    click.echo("next:")
    click.echo(f"  cd {folder}")
    if recorded:
        click.echo("  DATABASE_URL=... apiwright migrate up    record where the database is")
    click.echo("  apiwright dev        run the service, and follow every edit")
    click.echo("  apiwright explain    what was understood of the contract")

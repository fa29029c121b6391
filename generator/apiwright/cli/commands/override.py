"""`apiwright override`: the stub of an override."""

from __future__ import annotations

import click

from apiwright.cli.session import PROBLEMS, WRONG_USE, Session, did_you_mean, fail, guarded
from apiwright.overriding import read_overrides
from apiwright.overriding.stub import Stub, StubError, add_stub
from apiwright.pipeline import comprehend_versions
from apiwright.plan.stubs import adapter_stub, stub_of
from apiwright.problems import Report


@click.command(
    epilog="""\b
Example:
  apiwright override reserveItem         writes overrides/items.py, or adds a method to it
  apiwright override v1:downgrade_item   the same for the adapter of an older version
"""
)
@click.argument("operation")
@click.option("--print", "print_only", is_flag=True, help="Print the stub and write nothing.")
@guarded
def command(*, operation: str, print_only: bool) -> None:
    """Write the stub of an override for OPERATION (an operationId, or a method of an adapter).

    The stub has the right signature and imports, and calls the default with super(). A file that
    exists is added to; nothing in it is changed.
    """
    session = Session.here()
    if ":" in operation:
        _write(session, _adapter_stub(session, operation), operation, print_only=print_only)
        return
    service = session.comprehend().service
    if operation not in service.operations:
        hint = did_you_mean(operation, service.operations, "`apiwright routes` lists them")
        fail(f"the contract has no operation called {operation}", hint, WRONG_USE)
    stub = stub_of(service, operation)
    _write(session, stub, operation, print_only=print_only)


def _adapter_stub(session: Session, name: str) -> Stub:
    """The stub of a method of an adapter, which may be what the contract waits for."""
    versions = comprehend_versions(session.project, session.report, session.timings)
    if versions is None:
        session.show_problems()
        raise click.exceptions.Exit(PROBLEMS)
    stub = adapter_stub(versions, name)
    if stub is None:
        known = [f"{version.name}:{method}" for version in versions for method in version.methods]
        hint = did_you_mean(name, known, "`apiwright explain` tells which there are")
        fail(f"no older version has an adapter with {name}", hint, WRONG_USE)
    return stub


def _write(session: Session, stub: Stub, operation: str, *, print_only: bool) -> None:
    """Write a stub, or print the file with it."""
    file = session.project.overrides / f"{stub.module}.py"
    known = read_overrides(file.parent, session.project.root, Report())
    for found in known:
        for method in found.methods:
            if (found.module, method.name) == (file.stem, stub.method):
                fail(f"{operation} is overridden already, at {method.position}")
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    try:
        text = add_stub(before, stub)
    except StubError as error:
        fail(str(error))
    if print_only:
        click.echo(text, nl=False)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    package = file.parent / "__init__.py"
    if not package.exists():
        package.write_text('"""What this service does beyond its defaults."""\n', encoding="utf-8")
    file.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"{session.project.shown(file)}: {stub.class_name}.{stub.method}")
    click.echo("run `apiwright generate` to bind it")

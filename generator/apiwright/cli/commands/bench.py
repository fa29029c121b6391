"""`apiwright bench`: how fast the service is, and what a request costs it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from apiwright.bench.load import allow_files
from apiwright.bench.run import Effort, Figures, bench
from apiwright.bench.targets import LeftOut
from apiwright.cli.generating import generate
from apiwright.cli.progress import Progress
from apiwright.cli.serving import project_servers
from apiwright.cli.session import (
    PROBLEMS,
    WRONG_USE,
    Session,
    did_you_mean,
    fail,
    guarded,
    print_json,
)
from apiwright.dev.service import Service as DevService
from apiwright.dev.service import ServiceError, listen
from apiwright.ir.service import Service
from apiwright.local import LocalServerError
from apiwright.project import Project

_DATABASE = "bench"
_WARM_UP = 1.0


@click.command(
    epilog="""\b
Examples:
  apiwright bench                      every operation that anybody may call
  apiwright bench listItems readItem   these two
  apiwright bench --workers 2 --json   two processes; figures for programs
"""
)
@click.argument("operations", nargs=-1)
@click.option(
    "--connections",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    help="Clients at the same time.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    help="How long to load each operation.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the service.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="Rows to put into empty tables.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@guarded
def command(
    *,
    operations: tuple[str, ...],
    connections: int,
    seconds: float,
    workers: int,
    rows: int,
    as_json: bool,
) -> None:
    """Measure how fast the service answers, and what a request costs it.

    Generates the service and starts it like `apiwright dev` does, on a database of its own (or the
    one that DATABASE_URL names), seeds empty tables, and loads each GET operation that anybody may
    call, from another process. OPERATIONS are operationIds; without them, all are measured.
    """
    progress = Progress()
    session = Session.here()
    try:
        contract = _generated(session, operations, progress)
        allow_files(connections)
        servers = project_servers(session.project, progress, database=_DATABASE)
        with servers, listen("127.0.0.1", 0) as socket:
            variables = _environ(servers.database_url, servers.redis_url)
            log = _log(session.project)
            service = DevService(
                session.project.output, variables, socket, log=log, workers=workers
            )
            try:
                _start(service, rows, progress)
                effort = Effort(connections, seconds, min(_WARM_UP, seconds))
                with progress.step("measure"):
                    names = frozenset(operations)
                    found = list(bench(contract, service.address, service.pid, effort, names))
            finally:
                service.stop()
    except (LocalServerError, ServiceError) as error:
        fail(str(error), getattr(error, "hint", ""))
    _show(found, as_json=as_json)
    if any(isinstance(figures, Figures) and figures.errors for figures in found):
        raise click.exceptions.Exit(PROBLEMS)


def _generated(session: Session, operations: Sequence[str], progress: Progress) -> Service:
    """The contract of the service, which is brought up to date."""
    with progress.step("generate the service"):
        generated = generate(session)
    if generated is None:
        raise click.exceptions.Exit(PROBLEMS)
    contract = generated.understood.service
    for name in operations:
        if name not in contract.operations:
            hint = did_you_mean(name, contract.operations)
            fail(f"the contract has no operation called {name}", hint, WRONG_USE)
    return contract


def _start(service: DevService, rows: int, progress: Progress) -> None:
    with progress.step("migrate the database"):
        service.migrate()
    with progress.step("seed the database"):
        service.seed(rows)
    with progress.step("start the service"):
        service.start()


def _environ(database_url: str, redis_url: str) -> dict[str, str]:
    """What the service runs in: nothing of it is kept, and `.env` says the rest."""
    return {
        "ENVIRONMENT": "development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_KEYS": json.dumps({"bench": secrets.token_urlsafe(48)}),
        "JWT_SIGNING_KEY": "bench",
        "SEED_PASSWORD": secrets.token_urlsafe(12),
        # Limits are counted, as ever, but for more requests than anybody can make.
        "RATE_LIMIT_FACTOR": "1000",
    }


def _log(project: Project) -> Path:
    project.state.mkdir(parents=True, exist_ok=True)
    return project.state / "bench.log"


def _show(found: Sequence[Figures | LeftOut], *, as_json: bool) -> None:
    measured = [figures for figures in found if isinstance(figures, Figures)]
    left_out = [figures for figures in found if isinstance(figures, LeftOut)]
    if as_json:
        print_json(
            {
                "operations": [asdict(figures) for figures in measured],
                "left_out": [asdict(figures) for figures in left_out],
            }
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("operation")
    for title in ("req/s", "p50 ms", "p95 ms", "p99 ms", "CPU us/req", "memory MB"):
        table.add_column(title, justify="right")
    for figures in measured:
        times = (f"{value:.2f}" for value in (figures.p50, figures.p95, figures.p99))
        megabytes = f"{figures.memory / 2**20:.0f}"
        table.add_row(
            figures.operation, f"{figures.rate:.0f}", *times, f"{figures.cpu:.0f}", megabytes
        )
    Console(highlight=False, soft_wrap=True).print(table)
    for figures in measured:
        for error, count in figures.errors.items():
            click.secho(f"{figures.operation}: {count} times {error}", fg="red", err=True)
    for skipped in left_out:
        click.echo(f"{skipped.operation} was left out: {skipped.reason}", err=True)

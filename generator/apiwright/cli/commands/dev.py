"""`apiwright dev`: the service runs, and follows every edit."""

from __future__ import annotations

import signal
from types import FrameType

import click

from apiwright.cli.development import Development
from apiwright.cli.progress import Progress
from apiwright.cli.serving import project_servers
from apiwright.cli.session import Session, fail, guarded
from apiwright.dev.service import ServiceError, listen
from apiwright.local import LocalServerError


@click.command(
    epilog="""\b
Examples:
  apiwright dev                 at http://127.0.0.1:8000, with its documentation at /docs
  apiwright dev --port 8001
  DATABASE_URL=postgresql://... apiwright dev    on a database of your own
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8000, show_default=True, help="The port to listen at.")
@click.option("--seed/--no-seed", default=True, help="Whether to put rows into empty tables.")
@click.option("--watch/--no-watch", default=True, help="Whether to follow edits.")
@guarded
def command(*, host: str, port: int, seed: bool, watch: bool) -> None:
    """Run the service, and follow every edit.

    Generates the service, starts PostgreSQL and Redis (unless DATABASE_URL and REDIS_URL name
    others), migrates, seeds and serves. Whenever the contract, a template or an override changes,
    it does so again; while there is an error, the last good service keeps running.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    progress = Progress()
    try:
        with listen(host, port) as socket:
            development = Development(Session.here(), progress, socket)
            edits = development.edits() if watch else None
            generated = development.generate()
            with project_servers(development.project, progress) as servers:
                development.serve(generated, servers, seed=seed, edits=edits)
    except (LocalServerError, ServiceError) as error:
        fail(str(error), getattr(error, "hint", ""))
    except KeyboardInterrupt:
        progress.say("stopped")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

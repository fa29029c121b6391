"""The loop of `apiwright dev`: generate, migrate, serve; again after every edit."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import click
from watchfiles import watch

from apiwright.cli.generating import Generated, generate
from apiwright.cli.progress import Progress
from apiwright.cli.session import PROBLEMS, Session
from apiwright.dev.environment import development_environment
from apiwright.dev.service import Service, ServiceError
from apiwright.dev.try_out import curl_lines
from apiwright.history import HistoryError
from apiwright.local import Servers
from apiwright.pipeline import Understood
from apiwright.project import Project
from apiwright.render import RenderError
from apiwright.render.engine import builtin_templates
from apiwright.write import WriteError

LOGIN = "admin@example.com"


class Development:
    """A service under development."""

    def __init__(self, session: Session, progress: Progress, at: socket.socket) -> None:
        self._session = session
        self._progress = progress
        self._socket = at

    @property
    def project(self) -> Project:
        """The project of the service."""
        return self._session.project

    def generate(self) -> Generated:
        """The first generation; ends the command if the contract has errors."""
        with self._progress.step("generate the service"):
            generated = generate(self._session)
        if generated is None:
            raise click.exceptions.Exit(PROBLEMS)
        return generated

    def serve(self, generated: Generated, servers: Servers, *, seed: bool, watch: bool) -> None:
        """Run the service until somebody ends it."""
        variables = development_environment(
            self.project.output, servers.database_url, servers.redis_url, os.environ
        )
        service = Service(self.project.output, variables, self._socket)
        try:
            with self._progress.step("migrate the database"):
                service.migrate()
            if seed:
                with self._progress.step("seed the database"):
                    service.seed()
            with self._progress.step("start the service"):
                service.start()
            self._greet(generated.understood, service, variables["SEED_PASSWORD"])
            for paths in self._edits() if watch else _forever(service):
                self._follow(service, paths)
        finally:
            service.stop()

    def _greet(self, understood: Understood, service: Service, password: str) -> None:
        """Say where the service is, who can sign in, and what to try."""
        say = self._progress.say
        say(f"\n{understood.service.title} is at {service.address}")
        say(f"its documentation is at {service.address}/docs")
        if understood.service.identity is not None:
            say(f"sign in as {LOGIN} with the password {password}")
        lines = curl_lines(understood.service, service.address, LOGIN, password)
        if lines:
            say("\ntry:")
        for line in lines:
            say(f"  {line}")
        say("")

    def _edits(self) -> Iterator[frozenset[Path]]:
        """What changed of all that the service depends on, each time that something did."""
        for found in watch(*self._watched(), debounce=300, step=50, raise_interrupt=True):
            yield frozenset(Path(path) for _, path in found)

    def _watched(self) -> list[Path]:
        project = self.project
        folders = [project.spec.parent, project.overrides, builtin_templates()]
        if project.templates is not None:
            folders.append(project.templates)
        return [folder for folder in folders if folder.is_dir()]

    def _follow(self, service: Service, paths: frozenset[Path]) -> None:
        """Bring the running service up to date; whatever is wrong is shown, and changes nothing."""
        try:
            with self._progress.step("generate the service"):
                generated = generate(self._session)
            if generated is None:
                self._progress.warn("the last good service keeps running")
                return
            mine = any(path.is_relative_to(self.project.overrides) for path in paths)
            if not (generated.changed or mine):
                return
            service.try_out()
            with self._progress.step("migrate the database"):
                service.migrate()
            with self._progress.step("restart the service"):
                service.stop()
                service.start()
        except (HistoryError, RenderError, ServiceError, WriteError) as error:
            self._progress.warn(f"{error}\nthe last good service keeps running")


def _forever(service: Service) -> Iterator[frozenset[Path]]:
    """No edits, for as long as the service runs."""
    service.wait()
    yield from ()

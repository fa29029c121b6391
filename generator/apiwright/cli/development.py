"""The loop of `apiwright dev`: generate, migrate, serve; again after every edit."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import chain
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
from apiwright.local import LocalServerError, Servers
from apiwright.migrate.errors import MigrateError
from apiwright.pipeline import Understood
from apiwright.project import Project
from apiwright.render import RenderError
from apiwright.render.templates import builtin_templates
from apiwright.write import WriteError

LOGIN = "admin@example.com"
_PAUSE = 250
"""Milliseconds after which a look at the watched folders ends, if nothing has changed."""


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

    def edits(self) -> Iterator[frozenset[Path]]:
        """What changes, from now on, of all that the service depends on, whenever it does.

        Nothing is missed between this call and the first look: the start takes some seconds, in
        which people edit as well.
        """
        found = watch(
            *self._watched(),
            debounce=300,
            step=50,
            rust_timeout=_PAUSE,
            yield_on_timeout=True,
            raise_interrupt=True,
        )
        early = next(found)
        return (
            frozenset(Path(path) for _, path in changes)
            for changes in chain((early,), found)
            if changes
        )

    def serve(
        self,
        generated: Generated,
        servers: Servers,
        *,
        seed: bool,
        edits: Iterator[frozenset[Path]] | None,
    ) -> None:
        """Run the service until somebody ends it; without `edits` it stays as it is."""
        variables = development_environment(
            self.project.output, servers.database_url, servers.redis_url, os.environ
        )
        service = Service(self.project.output, variables, self._socket, relays=True)
        try:
            with self._progress.step("migrate the database"):
                service.migrate()
            if seed:
                with self._progress.step("seed the database"):
                    service.seed()
            with self._progress.step("start the service"):
                service.start()
            self._greet(generated.understood, service, variables["SEED_PASSWORD"])
            if edits is None:
                service.wait()
                return
            for paths in edits:
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
        except (
            HistoryError,
            LocalServerError,
            MigrateError,
            RenderError,
            ServiceError,
            WriteError,
        ) as error:
            self._progress.warn(f"{error}\nthe last good service keeps running")

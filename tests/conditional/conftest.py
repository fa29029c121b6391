"""A newsroom, running twice on one database: answering directly, and always in sessions."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from apiwright.local import Servers
from apiwright.local.redis import find_program
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    ROOT,
    free_port,
    running_service,
    scratch_database,
    service_environ,
)

CONTRACT = ROOT / "tests" / "services" / "newsroom.yaml"
TYPED = "from app.main import create_app\n\napp = create_app(answer_directly=False)\n"
OVERRIDE = '''\
from app import models
from app.schemas.section import Section, SectionInput
from app.services import section_service


class SectionService(section_service.SectionService):
    """Reads what no version counts, and changes rows in ways of its own."""

    async def read_section(self, id_: int) -> Section:
        shown = await super().read_section(id_)
        about = await self.session.scalars(models.Topic.__table__.select())
        return shown.model_copy(update={"name": f"{shown.name} ({len(about.all())} topics)"})

    async def rename_section(self, id_: int, body: SectionInput) -> Section:
        row = await self.sections.get(models.Section.id == id_)
        if body.name != "unchecked":
            self.require_version(row.version)
        name = f"{row.name}+" if body.name == "one more" else body.name
        await self.sections.change(row, {"name": name})
        return Section.model_validate(row)
'''
_SERVERS = shutil.ignore_patterns(".apiwright")


@dataclass(frozen=True)
class Newsroom:
    """The service both ways, and with overrides."""

    direct: httpx2.Client
    typed: httpx2.Client
    overridden: httpx2.Client
    database_url: str
    valkey: subprocess.Popen[bytes]
    valkey_url: str


@contextmanager
def running_valkey(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Valkey that tests may stop for a while."""
    command = [str(find_program()), "--port", str(port), "--save", "", "--dir", str(folder)]
    command += ["--enable-debug-command", "yes"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


@pytest.fixture(scope="session")
def newsroom(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """The service of `newsroom.yaml`."""
    folder = tmp_path_factory.mktemp("newsroom")
    succeeded(apiwright(folder, "init", "news", "--from", str(CONTRACT)))
    own = Path(shutil.copytree(folder / "news", folder / "own", ignore=_SERVERS))
    (own / "overrides" / "sections.py").write_text(OVERRIDE)
    succeeded(apiwright(own, "generate", "--no-verify"))
    (folder / "typed.py").write_text(TYPED)
    with ExitStack() as stack:
        database_url = stack.enter_context(scratch_database(servers))
        port = free_port()
        valkey = stack.enter_context(running_valkey(folder, port))
        valkey_url = f"redis://127.0.0.1:{port}/0"
        environ = service_environ(database_url, valkey_url)
        environ["PYTHONPATH"] = str(folder)
        environ["JWT_KEYS"] = json.dumps({"tests": secrets.token_urlsafe(48)})
        clients = []
        for project, application in (
            (folder / "news", "app.main:app"),
            (folder / "news", "typed:app"),
            (own, "app.main:app"),
        ):
            service = running_service(
                project / "generated", environ, folder, application=application
            )
            url = stack.enter_context(service).url
            clients.append(stack.enter_context(httpx2.Client(base_url=f"{url}/news")))
        direct, typed, overridden = clients
        yield Newsroom(direct, typed, overridden, database_url, valkey, valkey_url)


@pytest.fixture(params=["direct", "typed"])
def client(request: pytest.FixtureRequest, newsroom: Newsroom) -> httpx2.Client:
    """A client of the service, whichever way it answers."""
    found: httpx2.Client = getattr(newsroom, request.param)
    return found

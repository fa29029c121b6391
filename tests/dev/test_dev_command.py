"""`apiwright dev`, as a person uses it: run, edit, break, mend, stop."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright_process, reference_project
from tests.support.running import free_port, scratch_database


class Dev:
    """A running `apiwright dev`."""

    def __init__(self, project: Path, environ: dict[str, str], *arguments: str) -> None:
        self.project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (project / "dev.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apiwright", "dev", "--port", str(self.port), *arguments],
            cwd=project,
            env={**os.environ, **environ},
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def said(self) -> str:
        """Everything it has said so far."""
        return (self.project / "dev.log").read_text()

    def until(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        """Wait until something holds; an AssertionError with the log if it doesn't.

        A request that meets a service about to be replaced has no answer yet.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said
            with suppress(httpx2.TransportError):
                if holds():
                    return
            time.sleep(0.1)
        raise AssertionError(self.said)

    def stop(self) -> int:
        """End it as a terminal does, and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(90)
        self._log.close()
        return self.process.returncode

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file of the project."""
        file = self.project / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def dev(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """The reference project, running, on a database and a Redis that the environment names.

    All tests share it, for to start it takes longer than what most of them do: they leave it in
    order, and the last one ends it.
    """
    with scratch_database(servers) as url:
        project = reference_project(tmp_path_factory.mktemp("dev"))
        found = Dev(project, {"DATABASE_URL": url, "REDIS_URL": servers.redis_url})
        try:
            found.until(lambda: "try:" in found.said)
            yield found
        finally:
            found.stop()


def items(dev: Dev) -> list[dict[str, object]]:
    """The first page of items."""
    found: list[dict[str, object]] = httpx2.get(f"{dev.url}/api/v1/items/").json()["items"]
    return found


def test_it_serves_and_says_how(dev: Dev) -> None:
    """The address, a login that works, and three lines that a shell understands."""
    said = dev.said
    assert f"Marketplace API is at {dev.url}" in said
    assert f"{dev.url}/docs" in said
    assert len(items(dev)) == 20
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ") and "curl" in line]
    assert len(lines) == 3
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"items":[{' in done.stdout
    assert '"title":"Desk lamp"' in done.stdout
    assert stat_mode(dev.project / "generated" / ".env") == 0o600


def stat_mode(file: Path) -> int:
    """Who may read a file."""
    return file.stat().st_mode & 0o777


def test_it_follows_edits_and_survives_mistakes(dev: Dev) -> None:
    """A new field is there at once; a mistake is shown, and the last good service stays."""
    spec = dev.project / "specs" / "openapi.yaml"
    good = spec.read_text()
    new = (
        "        condition:\n          type: string\n"
        "          enum: [new, used]\n          default: new\n"
    )
    anchor = "        quantity:\n          description: How many pieces there are\n"
    spec.write_text(good.replace(anchor, new + anchor))
    dev.until(lambda: items(dev)[0].get("condition") == "new")

    spec.write_text(spec.read_text().replace("schemas/ItemPage'", "schemas/ItemPaje'"))
    dev.until(lambda: "error[unresolved-reference]" in dev.said)
    dev.until(lambda: "the last good service keeps running" in dev.said)
    assert items(dev)[0].get("condition") == "new"

    spec.write_text(spec.read_text().replace("schemas/ItemPaje'", "schemas/ItemPage'"))
    dev.edit("specs/openapi.yaml", "title: Marketplace API", "title: Bazaar API")
    dev.until(lambda: httpx2.get(f"{dev.url}/openapi.json").json()["info"]["title"] == "Bazaar API")


def test_it_follows_overrides(dev: Dev) -> None:
    """A changed override is in force at once; a broken one is shown, and changes nothing."""
    file = "overrides/items.py"
    good = (dev.project / file).read_text()
    dev.edit(
        file,
        "    @override\n    async def reserve_item",
        "    @override\n    async def read_item(self, item_id: UUID) -> Item:\n"
        '        raise Conflict("not today")\n\n'
        "    @override\n    async def reserve_item",
    )
    key = items(dev)[0]["id"]
    dev.until(lambda: httpx2.get(f"{dev.url}/api/v1/items/{key}").status_code == 409)
    dev.edit(file, 'raise Conflict("not today")', "return NOPE.x  # noqa: F821")
    dev.edit(file, "from app import models", "from app import modelz")
    dev.until(lambda: "modelz" in dev.said)
    assert httpx2.get(f"{dev.url}/api/v1/items/{key}").status_code == 409
    (dev.project / file).write_text(good)
    dev.until(lambda: httpx2.get(f"{dev.url}/api/v1/items/{key}").status_code == 200)


def test_it_ends_cleanly(dev: Dev) -> None:
    """An interrupt ends it with success, and nobody listens any more."""
    before = len(dev.said)
    assert dev.stop() == 0
    assert "stopped" in dev.said[before:]
    assert "Traceback" not in dev.said[before:]
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(dev.url)


def test_it_starts_its_own_servers(tmp_path: Path) -> None:
    """Without DATABASE_URL and REDIS_URL, both are started, and keep their data."""
    environ = {"DATABASE_URL": "", "REDIS_URL": ""}
    project = reference_project(tmp_path)
    passwords = []
    for _ in range(2):
        found = Dev(project, environ, "--no-watch")
        try:
            found.until(lambda running=found: "try:" in running.said)  # type: ignore[misc]  # the default binds the loop's variable
            assert len(items(found)) == 20
            match = re.search(r"with the password (\S+)", found.said)
            assert match is not None
            passwords.append(match[1])
        finally:
            assert found.stop() == 0
    assert passwords[0] == passwords[1]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://nobody:s3cret@127.0.0.1:1/x", "the database x at 127.0.0.1:1 can't be"),
        ("mysql://nobody:s3cret@127.0.0.1/x", "DATABASE_URL names a database of mysql"),
    ],
)
def test_a_database_that_cannot_be_had_is_told(url: str, told: str, tmp_path: Path) -> None:
    """In a line or two, before anything of the service runs."""
    project = reference_project(tmp_path)
    environ = {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1"}
    done = apiwright_process(project, "dev", "--port", str(free_port()), environ=environ)
    assert done.code == 1
    assert f"error: {told}" in done.err
    assert "= hint: " in done.err
    assert "s3cret" not in done.text
    assert not (project / "generated" / ".env").exists()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """With the option that helps."""
    project = reference_project(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "apiwright", "dev", "--port", str(taken.getsockname()[1])],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
    assert "Traceback" not in done.stderr

"""The document that the reference service is built after: its tests and its checks, unedited."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from apiwright.local import Servers
from tests.support.command import reference_project
from tests.support.running import (
    run_python,
    running_service,
    scratch_database,
    service_environ,
)

REFERENCE = Path(__file__).parent / "reference"
PORT = 8000
"""Where the document's own scripts look for the service."""

ROWS = 10_000
TOO_SLOW = re.compile(r" 0 failed\nmean [\d.]+ s, median [\d.]+ s, most [\d.]+ s\s*\Z")
"""The end of a run whose load test got every answer, but too late."""


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A copy of the service with its overrides, and the document's tests among its own."""
    folder = reference_project(tmp_path) / "generated"
    shutil.copy(REFERENCE / "test_reference_api.py.txt", folder / "tests" / "test_reference_api.py")
    return folder


def test_the_tests_of_the_document_pass(generated: Path, servers: Servers) -> None:
    """They run with a client that announces no lifespan, and a new event loop for each request."""
    assert servers.postgres is not None
    environ = service_environ(servers.postgres.url("postgres"))
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_reference_api.py")
    assert "5 passed" in run_python(generated, environ, *arguments)


def test_the_checks_of_the_document_pass(
    generated: Path, servers: Servers, tmp_path: Path, types_of_libraries: Path
) -> None:
    """Types, style, security, tests with coverage, load and migrations, in one script.

    How fast the load test is depends on the machine: its bar stands among those of the benchmark
    (`nox -s bench`). Here it may be what ends the script, and nothing else; the steps that follow
    it are run then.
    """
    with scratch_database(servers) as url:
        known = str(types_of_libraries)
        environ = service_environ(url, servers.redis_url, MYPY_CACHE_DIR=known)
        with running_service(generated, environ, tmp_path, port=PORT) as running:
            running.python("-m", "app.seed", "--rows", str(ROWS))
            done = subprocess.run(
                [REFERENCE / "quality_reference.sh"],
                cwd=generated,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=600,
            )
        if done.returncode and TOO_SLOW.search(done.stdout):
            for arguments in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
                run_python(generated, environ, "-m", "alembic", *arguments)
            return
    assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
    assert "All tests passed" in done.stdout

"""The reference service, running, against its own contract: Schemathesis over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from apiwright.local import Servers
from tests.support.running import ROOT, Running, running_service, scratch_database, service_environ

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "200")
SEEDS = ("20260115", str(secrets.randbelow(2**32)))
ADMIN = "fuzz-admin@example.com"
DATABASES = {"gw0": 1, "gw1": 2}
"""Two services at the same time don't count the requests of each other."""


@pytest.fixture(scope="module")
def running(
    servers: Servers, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The reference service, with tokens that outlast the run; each seed may have its own."""
    assert servers.redis is not None
    redis_url = servers.redis.url(DATABASES.get(worker_id, 0))
    with scratch_database(servers) as database_url:
        environ = service_environ(database_url, redis_url, ACCESS_TOKEN_SECONDS="36000")
        folder = tmp_path_factory.mktemp("fuzz")
        with running_service(ROOT / "generated", environ, folder) as found:
            make_admin(found, database_url)
            yield found


def make_admin(running: Running, database_url: str) -> None:
    """An administrator, made as people make the first one: by hand in the database."""
    account = {"email": ADMIN, "password": "correct horse battery staple", "full_name": "Fuzz"}
    request = urllib.request.Request(
        f"{running.url}/api/v1/users/",
        json.dumps(account).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201

    async def promote() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute("UPDATE users SET roles = ARRAY['member', 'admin']")
        await connection.close()

    asyncio.run(promote())


@pytest.mark.parametrize("seed", SEEDS, ids=["fixed", "random"])
def test_the_running_service_keeps_its_contract(running: Running, seed: str) -> None:
    """Every check, every phase, with a valid token; the same document that it was made from."""
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "--config-file", str(HERE / "schemathesis.toml"),
        "run", str(ROOT / "specs" / "openapi.yaml"),
        "--url", f"{running.url}/api/v1",
        "--max-examples", EXAMPLES,
        "--seed", seed,
        "--checks", "all",
        "--phases", "examples,coverage,fuzzing,stateful",
    ]  # fmt: skip
    environ = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "FUZZ_URL": f"{running.url}/api/v1",
        "FUZZ_ADMIN": ADMIN,
    }
    done = subprocess.run(
        command, env=environ, cwd=running.log.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"seed {seed}\n{done.stdout[-20_000:]}\n{done.stderr}"
    assert "Traceback" not in running.log.read_text(), running.log.read_text()[-5_000:]

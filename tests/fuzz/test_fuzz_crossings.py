"""What two people own, neither gets of the other: Schemathesis, signed in as both."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    ROOT,
    Running,
    as_plain_role,
    run_python,
    running_service,
    scratch_database,
    service_environ,
)

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("FUZZ_CROSSINGS", "40")
PASSWORD = "correct horse battery staple"
PEOPLE = ("alice", "bob")
HELPDESK = ROOT / "tests" / "services" / "helpdesk.yaml"


@dataclass(frozen=True)
class Target:
    """A service that runs, its contract, and who fuzzes it."""

    running: Running
    contract: Path
    base: str
    token_path: str
    left_out: tuple[str, ...]

    def post(self, path: str, content_type: str, body: bytes) -> Any:
        """What the service answers to a POST."""
        url = f"{self.running.url}{self.base}{path}"
        request = urllib.request.Request(url, body, {"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def ask(
        self, person: str, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """The status and the body of what somebody gets who asks."""
        sent = {"Authorization": f"Bearer {self.token(person)}", **headers}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        url = f"{self.running.url}{self.base}{path}"
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def token(self, person: str) -> str:
        """An access token of somebody."""
        form = {"username": f"{person}@example.com", "password": PASSWORD}
        written = urllib.parse.urlencode(form).encode()
        tokens = self.post(self.token_path, "application/x-www-form-urlencoded", written)
        found: str = tokens["access_token"]
        return found


@pytest.fixture(scope="module")
def reference(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The reference service, with two members."""
    folder = tmp_path_factory.mktemp("crossings")
    with scratch_database(servers) as url:
        environ = service_environ(url, ACCESS_TOKEN_SECONDS="36000")
        with running_service(ROOT / "generated", environ, folder) as running:
            ending = ("logout", "deleteMe", "changePassword")
            contract = ROOT / "specs" / "openapi.yaml"
            target = Target(running, contract, "/api/v1", "/auth/token", ending)
            for person in PEOPLE:
                account = {
                    "email": f"{person}@example.com",
                    "password": PASSWORD,
                    "full_name": person,
                }
                target.post("/users/", "application/json", json.dumps(account).encode())
            yield target


@pytest.fixture(scope="module")
def helpdesk(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A service with tenants, run as a plain role, with a manager in each of two of them."""
    folder = tmp_path_factory.mktemp("helpdesk")
    succeeded(apiwright(folder, "init", "desk", "--from", str(HELPDESK)))
    generated = folder / "desk" / "generated"
    with scratch_database(servers) as url:
        run_python(generated, service_environ(url), "-m", "alembic", "upgrade", "head")
        password = run_python(
            generated,
            service_environ(url),
            "-c",
            "import asyncio; from app.config import get_settings; "
            "from app.utils.security import PasswordHasher as P; "
            f"print(asyncio.run(P(get_settings()).hash({PASSWORD!r})))",
        )
        plain = asyncio.run(settle(url, password.strip().splitlines()[-1]))
        assert servers.redis is not None
        redis_url = servers.redis.url(3)
        environ = service_environ(plain, redis_url, ACCESS_TOKEN_SECONDS="36000")
        with running_service(generated, environ, folder) as running:
            yield Target(running, HELPDESK, "/desk/v1", "/token", ("signOut", "forgotPassword"))


async def settle(url: str, password_hash: str) -> str:
    """Two tenants with a manager each, and a role for the service; its address of the database."""
    connection = await asyncpg.connect(url)
    for person in PEOPLE:
        desk = await connection.fetchval(
            "INSERT INTO organizations (name) VALUES ($1) RETURNING id", person
        )
        await connection.execute(
            "INSERT INTO accounts (email, full_name, role, organization_id, password_hash) "
            "VALUES ($1, $2, 'manager', $3, $4)",
            f"{person}@example.com",
            person,
            desk,
            password_hash,
        )
    plain = await as_plain_role(connection, url)
    await connection.close()
    return plain


def fuzz(target: Target, folder: Path) -> None:
    """Let both make things and read them, and each try what the other one has."""
    identities = [
        {
            "name": person,
            "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {target.token(person)}"}],
        }
        for person in PEOPLE
    ]
    (folder / "people.json").write_text(json.dumps({"auth": identities}), encoding="utf-8")
    (folder / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "--config-file", "schemathesis.toml",
        "run", str(target.contract),
        "--url", f"{target.running.url}{target.base}",
        "--max-examples", EXAMPLES,
        "--seed", "20260115",
        "--checks", "object_level_authorization,not_a_server_error",
        "--phases", "examples,fuzzing,stateful",
        *(word for name in target.left_out for word in ("--exclude-operation-id", name)),
    ]  # fmt: skip
    done = subprocess.run(
        command, env=_quiet(os.environ), cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-10_000:]}\n{done.stderr}"
    assert "will not run" not in done.stdout + done.stderr
    assert "Traceback" not in target.running.log.read_text(), target.running.log.read_text()[
        -5_000:
    ]


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != "SCHEMATHESIS_HOOKS"}


CONFIG = """
continue-on-failure = true
workers = 1
request-timeout = 10.0
suppress-health-check = ["all"]

[cache]
enabled = false

[generation]
mode = "positive"
database = "none"

[auth.wfc]
path = "people.json"
user = "alice"
peers = ["alice", "bob"]
"""


def test_nothing_crosses_in_the_reference(reference: Target, tmp_path: Path) -> None:
    """What is one member's is not another's."""
    fuzz(reference, tmp_path)


def test_nothing_crosses_between_tenants(helpdesk: Target, tmp_path: Path) -> None:
    """Two managers, who may do nearly everything in their own tenants."""
    fuzz(helpdesk, tmp_path)


def test_nothing_crosses_in_what_is_kept_or_done_at_once(helpdesk: Target) -> None:
    """Kept answers, keys of requests, references, bulk and exports, each tried across."""
    ask = helpdesk.ask
    for person in PEOPLE:
        assert (
            ask(person, "POST", "/labels", {"word": "kept apart"})[0] == 201
        )  # unique in each tenant
        kept = [ask(person, "GET", "/labels") for _ in range(2)]
        assert kept[0] == kept[1]
    assert ask("alice", "GET", "/labels")[1] != ask("bob", "GET", "/labels")[1]

    _, customer = ask("alice", "POST", "/customers", {"name": "Mill", "email": "a@example.com"})
    wanted = {"title": "Stuck", "customer_id": customer["id"]}
    key = {"Idempotency-Key": "one-and-the-same"}
    status, ticket = ask("alice", "POST", "/tickets", wanted, **key)
    assert status == 201
    assert ask("alice", "POST", "/tickets", wanted, **key) == (201, ticket)
    status, refused = ask("bob", "POST", "/tickets", wanted, **key)
    missing = {**wanted, "customer_id": "00000000-0000-4000-8000-000000000000"}
    assert (status, refused) == ask("bob", "POST", "/tickets", missing)
    assert status == 409

    _, [task] = ask("alice", "POST", "/tasks/bulk", [{"what": "Order a belt"}])
    outcome = ask("bob", "PATCH", "/tasks/bulk", [{"id": task["id"], "done": True}])
    assert [result["status"] for result in outcome[1]] == [404]
    assert ask("bob", "DELETE", "/tasks/bulk", {"ids": [task["id"]]})[0] == 404
    referring = [{"what": "Call", "customer_id": customer["id"]}]
    assert ask("bob", "POST", "/tasks/bulk", referring)[0] == 409
    assert ask("alice", "GET", f"/tasks/{task['id']}") == (200, task)
    token = {"Authorization": f"Bearer {helpdesk.token('bob')}"}
    url = f"{helpdesk.running.url}{helpdesk.base}/tasks/export"
    with urllib.request.urlopen(urllib.request.Request(url, headers=token), timeout=10) as answer:
        assert task["id"] not in answer.read().decode()

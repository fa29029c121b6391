"""Two versions that differ in about everything, one service: over HTTP, on a real database."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, called, succeeded
from tests.support.running import (
    Running,
    run_python,
    running_service,
    scratch_database,
    service_environ,
)

SHOP = Path(__file__).parent / "contracts" / "shop"
FUZZ = Path(__file__).parents[1] / "fuzz" / "schemathesis.toml"
ADAPTER = "overrides/versions/v1.py"
OWN = ("tests/v1", "tests/test_versions.py", "tests/test_contract.py", "tests/test_orders.py")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of both contracts, with an adapter for what can't be derived."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(SHOP, folder / "specs", ignore=shutil.ignore_patterns("*.txt"))
    refused = called(folder, "generate", "--no-verify")
    assert refused.exit_code == 1
    for name in ("downgrade_order", "upgrade_order_input"):
        assert f"override {name}" in refused.output
        assert called(folder, "override", f"v1:{name}").exit_code == 0
    assert called(folder, "check").exit_code == 0
    shutil.copy(SHOP / "v1_adapter.py.txt", folder / ADAPTER)
    succeeded(apiwright(folder, "generate", "--no-verify"))
    return folder


@pytest.fixture(scope="module")
def running(
    project: Path, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The service of the project."""
    with scratch_database(servers) as url:
        folder = tmp_path_factory.mktemp("log")
        with running_service(project / "generated", service_environ(url), folder) as found:
            yield found


@pytest.fixture
def client(running: Running) -> Iterator[httpx2.Client]:
    """A client of both versions."""
    with httpx2.Client(base_url=running.url) as found:
        yield found


def ordered(client: httpx2.Client, **more: Any) -> Any:
    """An order of the newest version."""
    sent = {"cents": 1250, "currency": "USD", "address": {"town": "Rome", "line": "1"}, **more}
    answer = client.post("/v2/orders", json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_its_own_tests_pass(project: Path, servers: Servers, types_of_libraries: Path) -> None:
    """Those of both versions, types and style among them."""
    assert servers.postgres is not None
    environ = service_environ(
        servers.postgres.url("postgres"), MYPY_CACHE_DIR=str(types_of_libraries)
    )
    for check in (
        f"pytest -q -p no:cacheprovider {' '.join(OWN)}",
        "mypy --strict app tests ../overrides",
        "ruff check app tests",
        "ruff format --check app tests",
        "flake8 app tests",
        "bandit --quiet --recursive app",
    ):
        run_python(project / "generated", environ, "-m", *check.split())


def test_what_one_version_writes_the_other_reads(client: httpx2.Client) -> None:
    """Names, parts, values, what is implied, what is overridden, and another status."""
    made = client.post("/v1/orders", json={"price": "12.50", "address": {"city": "Paris"}})
    assert made.status_code == 200, made.text
    order = made.json()
    key = order.pop("id")
    assert order == {
        "status": "open",
        "price": "12.50",
        "address": {"city": "Paris"},
        "priority": 1,
    }
    newer = client.get(f"/v2/orders/{key}").json()
    assert (newer["cents"], newer["currency"], newer["address"]["town"]) == (1250, "EUR", "Paris")
    older = client.get(f"/v1/find/{ordered(client)['id']}").json()
    assert older["address"] == {"city": "Rome"}
    assert "currency" not in older


def test_values_go_both_ways(client: httpx2.Client) -> None:
    """One is renamed, and one that older clients don't know is shown as another."""
    key = ordered(client)["id"]
    sent = client.put(f"/v1/orders/{key}", json={"status": "sent"})
    assert sent.status_code == 200, sent.text
    assert sent.json()["status"] == "sent"
    assert client.get(f"/v2/orders/{key}").json()["state"] == "shipped"
    assert client.patch(f"/v2/orders/{key}", json={"state": "packed"}).status_code == 200
    assert client.get(f"/v1/find/{key}").json()["status"] == "open"
    found = client.get("/v1/orders", params={"status": "sent", "limit": "50"}).json()["items"]
    assert {order["status"] for order in found} <= {"sent"}


def test_defaults_are_those_of_the_version(client: httpx2.Client) -> None:
    """Who says nothing means what the contract of the version says."""
    for _ in range(3):
        ordered(client)
    assert len(client.get("/v1/orders").json()["items"]) == 2
    assert len(client.get("/v2/orders").json()["orders"]) > 2


def test_what_only_the_older_version_has_goes_on(client: httpx2.Client) -> None:
    """There it works, and in the newest it isn't there."""
    key = ordered(client)["id"]
    assert client.delete(f"/v2/orders/{key}").status_code == 405
    assert client.delete(f"/v1/orders/{key}").status_code == 204
    assert client.get(f"/v2/orders/{key}").status_code == 404


def test_errors_keep_the_shape_of_the_version(client: httpx2.Client) -> None:
    """And they name the fields that clients have sent."""
    missing = client.get("/v1/find/987654")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/json"
    assert set(missing.json()) == {"message", "code"}
    newer = client.get("/v2/orders/987654")
    assert newer.headers["content-type"] == "application/problem+json"
    wrong = client.post("/v1/orders", json={"price": "1", "address": {"city": "Paris"}})
    assert (wrong.status_code, "body.price" in wrong.json()["message"]) == (422, True)
    unknown = client.get("/v1/orders", params={"state": "open"})
    assert (unknown.status_code, "query.state" in unknown.json()["message"]) == (422, True)


def test_methods_are_those_of_the_version(client: httpx2.Client) -> None:
    """A path has its methods, and none of the other version."""
    answer = client.patch("/v1/orders/1", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, PUT"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_each_version_keeps_the_contract_that_it_serves(running: Running, version: str) -> None:
    """Schemathesis, with what the service itself says of the version."""
    program = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [
            program, "--config-file", FUZZ, "run", f"{running.url}/openapi/{version}.json",
            "--url", f"{running.url}/{version}", "--max-examples", "20", "--seed", "20260115",
            "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
        ],
        cwd=running.log.parent, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-10_000:]}\n{done.stderr}"

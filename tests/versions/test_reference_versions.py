"""The reference contract with a second version beside the first: nothing changes for old clients.

Version 2 is the reference contract changed by an overlay; version 1 is the contract as it stands.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from openapi_spec_validator import validate

from apiwright.local import Servers
from tests.acceptance.test_reservations import reserve_all
from tests.support.command import called, reference_project
from tests.support.running import (
    ROOT,
    Running,
    run_python,
    running_service,
    scratch_database,
    service_environ,
)

OVERLAYS = Path(__file__).parent / "contracts"
DOCUMENT = ROOT / "tests" / "acceptance" / "reference" / "test_reference_api.py.txt"
OWN = ("tests/v1", "tests/test_versions.py", "tests/test_users.py", "tests/test_items.py")
ADA = {"email": "ada@example.com", "password": "correct horse", "full_name": "Ada King Lovelace"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference project, after a second version was added to it."""
    folder = reference_project(tmp_path_factory.mktemp("reference"))
    specs = folder / "specs"
    (specs / "v1").mkdir()
    shutil.copy(specs / "openapi.yaml", specs / "v1" / "openapi.yaml")
    shutil.copy(OVERLAYS / "v1.overlay.yaml", specs / "v1" / "openapi.overlay.yaml")
    shutil.copy(OVERLAYS / "v2.overlay.yaml", specs / "openapi.overlay.yaml")
    planned = called(folder, "plan", "--no-sql", "--allow-data-loss", "users.full_name")
    assert "endpoint-added" in planned.output
    assert "breaking" not in planned.output
    done = called(folder, "generate", "--no-verify", "--allow-data-loss", "users.full_name")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def running(
    project: Path, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The service of both versions."""
    with scratch_database(servers) as url:
        environ = service_environ(url, servers.redis_url)
        folder = tmp_path_factory.mktemp("log")
        with running_service(project / "generated", environ, folder) as found:
            yield found


@pytest.fixture
def client(running: Running) -> Iterator[httpx2.Client]:
    """A client of both versions."""
    with httpx2.Client(base_url=running.url) as found:
        yield found


def signed_in(client: httpx2.Client, email: str) -> None:
    """Let a new account call from now on; it signs in with the first version."""
    assert client.post("/api/v1/users/", json={**ADA, "email": email}).status_code == 201
    form = {"username": email, "password": ADA["password"]}
    token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def test_the_tests_of_both_versions_pass(project: Path, servers: Servers) -> None:
    """Those that are generated, and those of the document that the service is built after."""
    assert servers.postgres is not None
    tests = project / "generated" / "tests"
    shutil.copy(DOCUMENT, tests / "test_reference_api.py")
    environ = service_environ(servers.postgres.url("postgres"))
    files = (*OWN, "tests/test_reference_api.py")
    run_python(
        project / "generated", environ, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files
    )


def test_overrides_answer_both_versions(running: Running) -> None:
    """A hundred reservations at once, by way of the first version, never sell too much."""
    asyncio.run(reserve_all(f"{running.url}/api/v1"))


def test_a_split_name_is_whole_for_old_clients(client: httpx2.Client) -> None:
    """Written in one version, read and changed in the other."""
    signed_in(client, "split@example.com")
    newer = client.get("/api/v2/users/me").json()
    assert (newer["given_name"], newer["family_name"]) == ("Ada", "King Lovelace")
    assert "full_name" not in newer
    assert client.get("/api/v1/users/me").json()["full_name"] == ADA["full_name"]
    changed = client.patch("/api/v2/users/me", json={"family_name": None})
    assert changed.status_code == 200, changed.text
    assert client.get("/api/v1/users/me").json()["full_name"] == "Ada"


def test_a_renamed_field_has_its_old_name(client: httpx2.Client) -> None:
    """In bodies, answers, lists, parameters and addresses."""
    signed_in(client, "renamed@example.com")
    sent = {"title": "Lamp", "price": "19.99", "description": "Brass"}
    made = client.post("/api/v1/items/", json=sent)
    item = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/items/{item['id']}"
    assert item["description"] == "Brass"
    assert client.get(f"/api/v2/items/{item['id']}").json()["details"] == "Brass"
    listed = client.get("/api/v1/items/", params={"owner_id": item["owner_id"]}).json()
    assert listed["items"] == [item]
    refused = client.get("/api/v2/items/", params={"owner_id": item["owner_id"]})
    assert refused.status_code == 422


def test_a_removed_operation_goes_on_for_old_clients(client: httpx2.Client) -> None:
    """The newest version has it no longer."""
    signed_in(client, "removed@example.com")
    made = client.post("/api/v2/items/", json={"title": "Lamp", "price": "19.99"}).json()
    sent = {"title": "Desk", "price": "5.00", "description": "Oak"}
    assert client.put(f"/api/v2/items/{made['id']}", json=sent).status_code == 405
    replaced = client.put(f"/api/v1/items/{made['id']}", json=sent)
    assert replaced.status_code == 200, replaced.text
    assert client.get(f"/api/v2/items/{made['id']}").json()["details"] == "Oak"


def test_the_end_of_a_version_is_announced(client: httpx2.Client) -> None:
    """In every answer of it, and in none of the newest (RFC 9745, RFC 8594)."""
    older = client.get("/api/v1/items/")
    assert older.headers["deprecation"].startswith("@")
    assert older.headers["sunset"] == "Tue, 31 Dec 2999 00:00:00 GMT"
    newer = client.get("/api/v2/items/")
    assert {"deprecation", "sunset"}.isdisjoint(newer.headers)


def test_both_contracts_are_served(client: httpx2.Client) -> None:
    """Each is valid, and that of the first version is what it was."""
    served = {name: client.get(f"/openapi/{name}.json").json() for name in ("v1", "v2")}
    for document in served.values():
        validate(document)
    assert client.get("/openapi.json").json() == served["v2"]
    before = json.loads((ROOT / "generated/app/contract/openapi.json").read_text())
    assert _without_ends(served["v1"]) == before


def _without_ends(document: dict[str, object]) -> object:
    """A contract without what tells that all of it goes away."""
    words = {"deprecated", "x-deprecated-since", "x-sunset"}

    def left(value: object) -> object:
        if isinstance(value, dict):
            return {key: left(inner) for key, inner in value.items() if key not in words}
        return [left(item) for item in value] if isinstance(value, list) else value

    return left(document)


def test_a_version_is_not_removed_before_its_day(project: Path, tmp_path: Path) -> None:
    """Clients were told how long it lasts."""
    shutil.move(project / "specs" / "v1", tmp_path / "v1")
    try:
        done = called(project, "generate", "--no-verify", "--allow-data-loss", "users.full_name")
        assert done.exit_code == 1
        assert "api-version-removed-before-sunset" in done.output
        assert "v1 is gone before the day" in done.output
    finally:
        shutil.move(tmp_path / "v1", project / "specs" / "v1")

"""OWASP's API Security Top 10 (2023), row by row, as far as the contract has what a row is about.

| row | shown here, and by |
| --- | --- |
| API1 object level | `test_matrix.py` |
| API2 authentication | `test_api2_*`, `test_tokens.py`, `test_passwords.py`, `test_auth.py` |
| API3 properties | `test_api3_*`, `test_contract.py`, `test_canaries.py` |
| API4 resources | `test_api4_*`, `test_limits.py`, `test_contract.py`, `integration/` |
| API5 function level | `test_api5_*`, `test_matrix.py`, `test_contract.py` |
| API6 business flows | `test_limits.py`, `test_idempotency.py` |
| API7 requests to elsewhere | `test_api7_*`, `test_webhooks.py` |
| API8 configuration | `test_api8_*`, `test_config.py`, `test_errors.py`, `test_monitoring.py` |
| API9 inventory | `test_api9_*`, `test_docs.py`, `test_deprecation.py` |
| API10 others' answers | `test_api7_*`: there are none |

Some of these files are there only where the contract has what they test.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

import app
from app import contract as served
from app.config import get_settings
from app.main import create_app
from app.models import Base
from app.paths import PATHS
from tests import factories
from tests.conftest import SignIn, settings_with
from tests.contract import OPERATIONS, Guard, Operation
from tests.factories import Make
from tests.scratch import Scratch, quoted
from tests.wire import at

CANARY = "canary-sings-of-what-is-closed"
FETCHERS = {"aiohttp", "http", "httpx", "httpx2", "requests", "socket", "urllib3"}
FETCHING = ()
"""Modules that may call somebody else."""


def those(choose: Callable[[Operation], object]) -> pytest.MarkDecorator:
    """The operations that a test is for."""
    chosen = [operation for operation in OPERATIONS if choose(operation)]
    return pytest.mark.parametrize("operation", chosen, ids=lambda operation: operation.id)


def guarded(operation: Operation) -> bool:
    """Whether not everybody may call it."""
    return operation.guard is not Guard.OPEN


def reachable(operation: Operation) -> bool:
    """Whether there is anybody who may call it."""
    return operation.guard is not Guard.CALLER or operation.role is not None


def stored(scratch: Scratch) -> str:
    """Everything that the database holds."""
    names = [quoted(table.name) for table in Base.metadata.sorted_tables]
    rows = [row[0] for name in names for row in scratch.execute(f"SELECT t::text FROM {name} AS t")]
    return "\n".join(rows)


def tempting(body: dict[str, Any], closed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The body, each time with one property more that it must not have."""
    for name in closed:
        yield {**body, name: CANARY}


def refused(response: Response, status: int) -> bool:
    """Whether a body was refused with `status`, or what it must not have was passed over."""
    return response.status_code == status or CANARY not in response.text


Admit = Callable[[Operation], dict[str, str]]


@pytest.fixture
def admit(sign_in: SignIn) -> Admit:
    """Gives the headers of somebody who may call an operation."""

    def admitted(operation: Operation) -> dict[str, str]:
        return sign_in(operation.role).headers if operation.role is not None else {}

    return admitted


@those(lambda operation: guarded(operation) and operation.media_type.endswith("json"))
def test_api2_who_calls_is_asked_before_what(client: TestClient, operation: Operation) -> None:
    """A stranger learns nothing of what a body has to be like."""
    for body in (b"", b'{"a": ', b"[" * 100, b"null"):
        assert operation.call(client, {}, body=body).status_code == 401


def test_api3_register_user_writes_no_more_than_it_is_meant_to(
    client: TestClient, scratch: Scratch
) -> None:
    """What the row has, but no client is to write, is refused, or nothing comes of it."""
    body: dict[str, Any] = {
        "email": "ada@example.com",
        "password": "correct horse battery staple",
        "full_name": "Ada Lovelace",
    }
    closed = (
        "id",
        "roles",
        "is_active",
        "created_at",
        "updated_at",
        "password_hash",
        "is_admin",
        "isAdmin",
        "is_superuser",
        "role",
        "tenant_id",
    )
    for sent in tempting(body, closed):
        response = client.post("/api/v1/users/", json=sent)
        assert refused(response, 422), sent
    assert CANARY not in stored(scratch)


def test_api3_update_me_writes_no_more_than_it_is_meant_to(
    client: TestClient, sign_in: SignIn, scratch: Scratch
) -> None:
    """What the row has, but no client is to write, is refused, or nothing comes of it."""
    caller = sign_in()
    body: dict[str, Any] = {"full_name": "Ada King"}
    closed = (
        "id",
        "email",
        "roles",
        "is_active",
        "created_at",
        "updated_at",
        "password",
        "password_hash",
        "is_admin",
        "isAdmin",
        "is_superuser",
        "role",
        "tenant_id",
    )
    for sent in tempting(body, closed):
        response = client.patch("/api/v1/users/me", json=sent, headers=caller.headers)
        assert refused(response, 422), sent
    assert CANARY not in stored(scratch)


def test_api3_update_user_writes_no_more_than_it_is_meant_to(
    client: TestClient, make: Make, sign_in: SignIn, scratch: Scratch
) -> None:
    """What the row has, but no client is to write, is refused, or nothing comes of it."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    body: dict[str, Any] = {"roles": ["member", "admin"]}
    closed = (
        "id",
        "created_at",
        "updated_at",
        "password",
        "password_hash",
        "is_admin",
        "isAdmin",
        "is_superuser",
        "role",
        "tenant_id",
    )
    for sent in tempting(body, closed):
        response = client.patch(
            at("/api/v1/users/{user_id}", user.id), json=sent, headers=caller.headers
        )
        assert refused(response, 422), sent
    assert CANARY not in stored(scratch)


def test_api3_create_item_writes_no_more_than_it_is_meant_to(
    client: TestClient, sign_in: SignIn, scratch: Scratch
) -> None:
    """What the row has, but no client is to write, is refused, or nothing comes of it."""
    caller = sign_in()
    body: dict[str, Any] = {
        "title": "Desk lamp",
        "description": "Brass, with a green shade",
        "price": "19.99",
        "quantity": 12,
        "tags": ["office", "brass"],
    }
    closed = (
        "id",
        "owner_id",
        "created_at",
        "updated_at",
        "deleted_at",
        "version",
        "is_admin",
        "isAdmin",
        "is_superuser",
        "role",
        "tenant_id",
        "password_hash",
    )
    for sent in tempting(body, closed):
        response = client.post("/api/v1/items/", json=sent, headers=caller.headers)
        assert refused(response, 422), sent
    assert CANARY not in stored(scratch)


def test_api3_replace_item_writes_no_more_than_it_is_meant_to(
    client: TestClient, make: Make, sign_in: SignIn, scratch: Scratch
) -> None:
    """What the row has, but no client is to write, is refused, or nothing comes of it."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    body: dict[str, Any] = {
        "title": "Desk lamp",
        "description": "Brass, with a green shade",
        "price": "19.99",
        "quantity": 12,
        "tags": ["office", "brass"],
    }
    closed = (
        "id",
        "owner_id",
        "created_at",
        "updated_at",
        "deleted_at",
        "version",
        "is_admin",
        "isAdmin",
        "is_superuser",
        "role",
        "tenant_id",
        "password_hash",
    )
    for sent in tempting(body, closed):
        response = client.put(
            at("/api/v1/items/{item_id}", item.id), json=sent, headers=caller.headers
        )
        assert refused(response, 422), sent
    assert CANARY not in stored(scratch)


def test_api3_update_item_writes_no_more_than_it_is_meant_to(
    client: TestClient, make: Make, sign_in: SignIn, scratch: Scratch
) -> None:
    """What the row has, but no client is to write, is refused, or nothing comes of it."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    body: dict[str, Any] = {"price": "17.50"}
    closed = (
        "id",
        "owner_id",
        "created_at",
        "updated_at",
        "deleted_at",
        "version",
        "is_admin",
        "isAdmin",
        "is_superuser",
        "role",
        "tenant_id",
        "password_hash",
    )
    for sent in tempting(body, closed):
        response = client.patch(
            at("/api/v1/items/{item_id}", item.id), json=sent, headers=caller.headers
        )
        assert refused(response, 422), sent
    assert CANARY not in stored(scratch)


@those(lambda operation: reachable(operation) and operation.media_type.endswith("json"))
def test_api4_bodies_are_counted_as_they_come(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """One that doesn't say how long it is, is refused as soon as it is too long."""

    def chunks() -> Iterator[bytes]:
        for _ in range(get_settings().max_body_bytes // 1000 + 2):
            yield b" " * 1000

    headers = {**dict(operation.headers), **admit(operation), "Content-Type": operation.media_type}
    response = client.request(
        operation.method, operation.path, params=operation.query, headers=headers, content=chunks()
    )
    assert response.status_code == 413


LIMITED = {
    "listUsers": ("limit", "1000000000"),
    "listItems": ("limit", "1000000000"),
}


@those(lambda operation: operation.id in LIMITED)
def test_api4_nobody_asks_for_everything_at_once(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """A page has a limit, whatever is asked for."""
    query = tuple(pair for pair in operation.query if pair[0] != LIMITED[operation.id][0])
    query += (LIMITED[operation.id],)
    response = operation.call(client, admit(operation), query=query)
    assert response.status_code == operation.invalid


@those(lambda operation: guarded(operation) and operation.method == "GET")
def test_api5_head_is_guarded_as_get_is(client: TestClient, operation: Operation) -> None:
    """Another method is no way round."""
    assert operation.call(client, {}, method="HEAD").status_code == 401


@those(guarded)
def test_api5_methods_are_what_they_are(client: TestClient, operation: Operation) -> None:
    """No header makes another method of one, and TRACE repeats nothing."""
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    for name in names:
        assert operation.call(client, {name: "OPTIONS"}).status_code == 401
    response = client.request("TRACE", operation.path, headers={"X-Canary": CANARY})
    assert response.status_code == 405
    assert CANARY not in response.text


def test_api7_nothing_is_fetched_for_a_client() -> None:
    """No module can call somebody else, but those that are there for it."""
    root = Path(app.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}", *(f"{node.module}.{known.name}" for known in node.names)]
            calls = {name.partition(".")[0] for name in names} & FETCHERS
            if calls - {"http"} or {"http.client", "urllib.request"} & set(names):
                found.add(path.relative_to(root).as_posix())
    assert found <= set(FETCHING)


ORIGINS = (
    "null",
    "http://shop.example.com",
    "https://shop.example.com.attacker.example",
    "https://shop.example.com:8443",
    "https://a.shop.example.com",
    "https://SHOP.example.com",
    "https://attacker.example/https://shop.example.com",
)


def test_api8_pages_of_other_origins_read_nothing() -> None:
    """Whether they only look alike, or have none; by default no page of another origin may call."""
    strict = TestClient(create_app(settings_with(cors_origins=("https://shop.example.com",))))
    for origin in ORIGINS:
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        for method in ("GET", "OPTIONS"):
            answer = strict.request(method, "/health/live", headers=asked)
            assert "Access-Control-Allow-Origin" not in answer.headers, origin
    usual = TestClient(create_app(settings_with(cors_origins=())))
    answer = usual.get("/health/live", headers={"Origin": "https://shop.example.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@those(lambda operation: reachable(operation) and operation.method == "GET")
def test_api8_addresses_that_clients_make_up_are_not_repeated(
    client: TestClient, admit: Admit, operation: Operation
) -> None:
    """Neither in links nor in errors, where a cache would keep them for others."""
    evil = "canary.attacker.example"
    names = ("Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Original-URL", "X-Rewrite-URL")
    sent = {**admit(operation), **dict.fromkeys(names, evil), "X-Forwarded-Prefix": f"/{evil}"}
    response = operation.call(client, sent)
    assert response.status_code < 500 or operation.custom
    assert evil not in response.text
    assert evil not in str(response.headers)


def test_api8_answers_tell_nothing_of_the_server(client: TestClient) -> None:
    """Not what it is made with, nor in which version."""
    for path in ("/health/live", "/api/v1/no-such-path/no-such-path/no-such-path/no-such-path"):
        headers = client.get(path).headers
        assert {"server", "x-powered-by"} & {name.lower() for name in headers} == set()


def contract_paths() -> set[str]:
    """The addresses of the contract, and of those of older versions, whatever parameters are called."""
    found = set()
    for file in served.FOLDER.rglob("openapi.json"):
        document = json.loads(file.read_bytes())
        server = (document.get("servers") or [{"url": ""}])[0]
        url = server["url"]
        for name, variable in server.get("variables", {}).items():
            url = url.replace("{" + name + "}", variable["default"])
        base = urlsplit(url).path.strip("/")
        for path in document.get("paths", {}):
            found.add(re.sub(r"\{[^}]*\}", "{}", f"/{base}{path}" if base else path))
    return found


def test_api9_what_is_served_is_what_is_in_the_contract(application: FastAPI) -> None:
    """Every address that is answered is one of the contract, or one for whoever runs the service."""
    written = contract_paths()
    own = ("/health/", "/metrics", "/docs", "/openapi.json")
    for route in application.routes:
        path = getattr(route, "path", None)
        if path is not None and not path.startswith(own):
            assert re.sub(r"\{[^}]*\}", "{}", path) in written, path
    for _, pattern in PATHS:
        shape = pattern.pattern.replace("([^/]+)", "{}")
        assert re.sub(r"\\(.)", r"\1", shape) in written, shape

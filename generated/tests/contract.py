"""The operations of the contract: a request for each, and what their answers have to be like.

`answers.json` holds the JSON Schemas of the answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
from fastapi.testclient import TestClient
from httpx2 import Response

ANSWERS = Path(__file__).parent / "answers.json"
SCHEMAS = "urn:contract:schemas"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""Headers that every answer has, whatever it is."""

NOWHERE = "/api/v1/no-such-path/no-such-path/no-such-path/no-such-path"
"""A path that no path of the contract can be taken for."""

PASSWORD: Final = "correct horse battery staple"


class Guard(StrEnum):
    """Who may call an operation: anybody, people who are signed in, or nobody that we know."""

    OPEN = "open"
    CALLER = "caller"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, and a request that it takes, for things that are not there.

    `methods` are those of its path. `body` is None where the contract has no example and none
    could be made up; `picky` tells that other media types are refused, and `refused` are bodies
    that break the contract. `role` has what it takes; `scopes` tells that it takes any. `invalid`
    is the status for a request that breaks the contract.
    """

    id: str
    method: str
    path: str
    methods: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    media_type: str = ""
    picky: bool = False
    body_required: bool = False
    refused: tuple[bytes, ...] = ()
    bad_paths: tuple[str, ...] = ()
    parameters: bool = False
    repeatable: tuple[str, str] | None = None
    guard: Guard = Guard.OPEN
    role: str | None = None
    scopes: bool = False
    invalid: int = 422
    custom: bool = False

    def call(
        self,
        client: TestClient,
        headers: Mapping[str, str],
        *,
        method: str = "",
        path: str = "",
        query: tuple[tuple[str, str], ...] | None = None,
        body: bytes | None = None,
        media_type: str = "",
    ) -> Response:
        """The answer to the request, or to one that differs from it in what is given."""
        content = self.body if body is None else body
        sent = {**dict(self.headers), **headers}
        if content is not None:
            sent["Content-Type"] = media_type or self.media_type
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies)
        return client.request(
            method or self.method,
            path or self.path,
            params=list(self.query if query is None else query) or None,
            headers=sent,
            content=content,
        )


def check(response: Response) -> None:
    """Hold an answer to the contract: its status, its media type and its body."""
    response.read()
    for name, value in HEADERS.items():
        assert response.headers[name] == value, f"{name} is missing"
    assert response.headers["X-Request-ID"]
    request = response.request
    declared = _declared(request.method, request.url.path, response.status_code)
    if declared is None:
        return
    if not declared:
        assert not response.content, "the contract declares no body"
        return
    essence = response.headers.get("Content-Type", "").partition(";")[0].strip()
    schema = next((known for kind, known in declared.items() if fnmatchcase(essence, kind)), None)
    assert schema is not None, f"{essence or 'no media type'} is not declared"
    if essence.endswith(("/json", "+json")) and request.method != "HEAD":
        value = json.loads(response.content, parse_float=Decimal)
        _validator(json.dumps(schema)).validate(value)


def _declared(method: str, path: str, status: int) -> dict[str, Any] | None:
    """The schemas of an answer by media type; None for one that the contract doesn't declare."""
    wanted = "GET" if method == "HEAD" else method
    for operation in _answers()["operations"]:
        if operation["method"] == wanted and re.fullmatch(operation["path"], path):
            known: dict[str, dict[str, Any]] = operation["answers"]
            for key in (str(status), f"{status // 100}XX", "default"):
                if key in known:
                    return known[key]
            assert status >= 300, f"{status} is not declared"
            return None
    return None


@cache
def _answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ANSWERS.read_bytes())
    return found


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(SCHEMAS, _answers()["schemas"])])
    return jsonschema_rs.Draft202012Validator(
        json.loads(schema), registry=registry, validate_formats=True, offline=True
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="createToken",
        method="POST",
        path="/api/v1/auth/token",
        methods=("POST",),
        media_type="application/x-www-form-urlencoded",
        body=b"grant_type=password&username=ada%40example.com&password=correct+horse+battery+staple",
        picky=True,
        body_required=True,
    ),
    Operation(
        id="refreshToken",
        method="POST",
        path="/api/v1/auth/refresh",
        methods=("POST",),
        media_type="application/json",
        body=b'{"refresh_token": "v8yCTlAf3wWUp1V6a7dLz2vQ0oYkXnZcE5hG9sJbM4I"}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"refresh_token": "v8yCTlAf3wWUp1V6a7dLz2vQ0oYkXnZcE5hG9sJbM4I", "no such field": 1}',
        ),
        picky=True,
        body_required=True,
    ),
    Operation(
        id="logout",
        method="POST",
        path="/api/v1/auth/logout",
        methods=("POST",),
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="listUsers",
        method="GET",
        path="/api/v1/users/",
        methods=("GET", "HEAD", "POST"),
        repeatable=("limit", "20"),
        parameters=True,
        scopes=True,
        guard=Guard.CALLER,
        role="admin",
    ),
    Operation(
        id="registerUser",
        method="POST",
        path="/api/v1/users/",
        methods=("GET", "HEAD", "POST"),
        media_type="application/json",
        body=b'{"email": "ada@example.com", "password": "correct horse battery staple", "full_name": "Ada Lovelace"}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"email": "ada@example.com", "password": "correct horse battery staple", "full_name": "Ada Lovelace", "no such field": 1}',
        ),
        picky=True,
        body_required=True,
    ),
    Operation(
        id="readMe",
        method="GET",
        path="/api/v1/users/me",
        methods=("DELETE", "GET", "HEAD", "PATCH"),
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="updateMe",
        method="PATCH",
        path="/api/v1/users/me",
        methods=("DELETE", "GET", "HEAD", "PATCH"),
        media_type="application/json",
        body=b'{"full_name": "Ada King"}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"full_name": "Ada King", "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="deleteMe",
        method="DELETE",
        path="/api/v1/users/me",
        methods=("DELETE", "GET", "HEAD", "PATCH"),
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="changePassword",
        method="PUT",
        path="/api/v1/users/me/password",
        methods=("PUT",),
        media_type="application/json",
        body=b'{"current_password": "correct horse battery staple", "new_password": "incorrect mule charger paperclip"}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"current_password": "correct horse battery staple", "new_password": "incorrect mule charger paperclip", "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="readUser",
        method="GET",
        path="/api/v1/users/0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01",
        methods=("DELETE", "GET", "HEAD", "PATCH"),
        bad_paths=("/api/v1/users/no-such-value",),
        scopes=True,
        guard=Guard.CALLER,
        role="admin",
    ),
    Operation(
        id="updateUser",
        method="PATCH",
        path="/api/v1/users/0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01",
        methods=("DELETE", "GET", "HEAD", "PATCH"),
        media_type="application/json",
        bad_paths=("/api/v1/users/no-such-value",),
        body=b'{"roles": ["member", "admin"]}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"roles": ["member", "admin"], "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        guard=Guard.CALLER,
        role="admin",
    ),
    Operation(
        id="deleteUser",
        method="DELETE",
        path="/api/v1/users/0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01",
        methods=("DELETE", "GET", "HEAD", "PATCH"),
        bad_paths=("/api/v1/users/no-such-value",),
        scopes=True,
        guard=Guard.CALLER,
        role="admin",
    ),
    Operation(
        id="listItems",
        method="GET",
        path="/api/v1/items/",
        methods=("GET", "HEAD", "POST"),
        repeatable=("limit", "20"),
        parameters=True,
    ),
    Operation(
        id="createItem",
        method="POST",
        path="/api/v1/items/",
        methods=("GET", "HEAD", "POST"),
        media_type="application/json",
        body=b'{"title": "Desk lamp", "description": "Brass, with a green shade", "price": "19.99", "quantity": 12, "tags": ["office", "brass"]}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"title": "Desk lamp", "description": "Brass, with a green shade", "price": "19.99", "quantity": 12, "tags": ["office", "brass"], "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="readItem",
        method="GET",
        path="/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10",
        methods=("DELETE", "GET", "HEAD", "PATCH", "PUT"),
        bad_paths=("/api/v1/items/no-such-value",),
    ),
    Operation(
        id="replaceItem",
        method="PUT",
        path="/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10",
        methods=("DELETE", "GET", "HEAD", "PATCH", "PUT"),
        media_type="application/json",
        bad_paths=("/api/v1/items/no-such-value",),
        body=b'{"title": "Desk lamp", "description": "Brass, with a green shade", "price": "19.99", "quantity": 12, "tags": ["office", "brass"]}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"title": "Desk lamp", "description": "Brass, with a green shade", "price": "19.99", "quantity": 12, "tags": ["office", "brass"], "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="updateItem",
        method="PATCH",
        path="/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10",
        methods=("DELETE", "GET", "HEAD", "PATCH", "PUT"),
        media_type="application/json",
        bad_paths=("/api/v1/items/no-such-value",),
        body=b'{"price": "17.50"}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"price": "17.50", "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="deleteItem",
        method="DELETE",
        path="/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10",
        methods=("DELETE", "GET", "HEAD", "PATCH", "PUT"),
        bad_paths=("/api/v1/items/no-such-value",),
        scopes=True,
        guard=Guard.CALLER,
        role="member",
    ),
    Operation(
        id="restoreItem",
        method="POST",
        path="/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10/restore",
        methods=("POST",),
        bad_paths=("/api/v1/items/no-such-value/restore",),
        scopes=True,
        guard=Guard.CALLER,
        role="admin",
    ),
    Operation(
        id="reserveItem",
        method="POST",
        path="/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10/reserve",
        methods=("POST",),
        media_type="application/json",
        bad_paths=("/api/v1/items/no-such-value/reserve",),
        body=b'{"quantity": 2}',
        refused=(
            b"{}",
            b"[]",
            b'"example"',
            b"17",
            b"null",
            b'{"quantity": 2, "no such field": 1}',
        ),
        picky=True,
        body_required=True,
        scopes=True,
        custom=True,
        guard=Guard.CALLER,
        role="member",
    ),
)

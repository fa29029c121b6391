"""Credentials for the fuzzer: every request is signed as the operation needs it.

An operation that ends a session or an account, or changes a password, gets one of its own each
time; the others share an administrator's. Bodies that are meant to be right get a real password
and a real refresh token.
"""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from functools import cache
from typing import Any
from uuid import uuid4

import schemathesis

URL = os.environ["FUZZ_URL"]
PASSWORD = "correct horse battery staple"
ADMIN = os.environ["FUZZ_ADMIN"]
ENDING = frozenset({"logout", "deleteMe", "changePassword"})
ENDING_OTHERS = frozenset({"updateUser", "deleteUser"})


def post(path: str, content_type: str, body: bytes) -> Any:
    """What the service answers to a POST."""
    request = urllib.request.Request(f"{URL}{path}", body, {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def register() -> str:
    """A new account's e-mail address."""
    email = f"fuzz-{uuid4().hex}@example.com"
    account = {"email": email, "password": PASSWORD, "full_name": "Fuzz"}
    post("/users/", "application/json", json.dumps(account).encode())
    return email


def sign_in(email: str) -> Any:
    """Tokens of an account."""
    form = urllib.parse.urlencode({"username": email, "password": PASSWORD}).encode()
    return post("/auth/token", "application/x-www-form-urlencoded", form)


@cache
def admin_token() -> str:
    """The access token that most requests carry."""
    token: str = sign_in(ADMIN)["access_token"]
    return token


@schemathesis.auth(cache_by_key=lambda case, _context: _operation(case))
class Token:
    """Gives each case its token."""

    def get(self, case: Any, _context: Any) -> str:
        """A token of its own for what ends sessions, the administrator's for the rest."""
        if _operation(case) in ENDING:
            token: str = sign_in(register())["access_token"]
            return token
        return admin_token()

    def set(self, case: Any, data: str, _context: Any) -> None:
        """Sign the request."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@cache
def admin_id() -> str:
    """The administrator's key, which fuzzed requests must not touch."""
    request = urllib.request.Request(f"{URL}/users/me")
    request.add_header("Authorization", f"Bearer {admin_token()}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: str = json.loads(answer.read())["id"]
        return found


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Put what only the service can know into bodies that are meant to be right."""
    path = case.path_parameters or {}
    if _operation(case) in ENDING_OTHERS and str(path.get("user_id")).lower() == admin_id():
        path["user_id"] = str(uuid4())
    if not case.meta or not case.meta.generation.mode.is_positive:
        return
    operation = _operation(case)
    if operation == "createToken" and isinstance(case.body, dict):
        case.body.update(username=ADMIN, password=PASSWORD)
    elif operation == "refreshToken" and isinstance(case.body, dict):
        case.body["refresh_token"] = sign_in(ADMIN)["refresh_token"]


def _operation(case: Any) -> str:
    name: str = case.operation.definition.raw.get("operationId", "")
    return name

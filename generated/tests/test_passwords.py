"""Passwords: hashes that last, and logins that tell nobody more than they have to.

Where the contract has what it takes: that refusals look alike, and who is shut out, is shown by
`test_auth.py`; how long somebody who guesses has to wait, by `test_attempts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import argon2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app import models
from app.config import get_settings
from app.limits import attempts
from app.utils.security import PasswordHasher
from tests import factories
from tests.conftest import settings_with
from tests.contract import PASSWORD
from tests.factories import Make


@pytest.fixture(scope="module", params=["bcrypt", "argon2id"])
def hasher(request: pytest.FixtureRequest) -> Iterator[PasswordHasher]:
    """A hasher of each kind."""
    made = PasswordHasher(settings_with(hash_algorithm=request.param))
    yield made
    made.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_password_is_known_by_its_hash(hasher: PasswordHasher) -> None:
    """The password fits its hash, others don't, and no two hashes are alike."""
    first, second = await hasher.hash("open sesame"), await hasher.hash("open sesame")
    assert first != second
    assert "sesame" not in first
    assert await hasher.verify("open sesame", first)
    assert not await hasher.verify("open Sesame", first)
    assert not await hasher.verify("", first)


@pytest.mark.asyncio(loop_scope="session")
async def test_nobody_has_a_password(hasher: PasswordHasher) -> None:
    """Where there is no hash, no password fits."""
    assert not await hasher.verify("open sesame", None)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_whole_password_counts(hasher: PasswordHasher) -> None:
    """Passwords that differ behind the 72nd byte, or behind a NUL, are different."""
    known = await hasher.hash("long" * 20 + "a")
    assert await hasher.verify("long" * 20 + "a", known)
    assert not await hasher.verify("long" * 20 + "b", known)
    known = await hasher.hash("open\0sesame")
    assert not await hasher.verify("open\0closed", known)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_password_may_be_typed_on_any_keyboard(hasher: PasswordHasher) -> None:
    """The same characters, composed in another way, are the same password."""
    assert await hasher.verify("cafe\u0301", await hasher.hash("caf\u00e9"))


@pytest.mark.parametrize("known", ["", "x", "bcrypt-sha256:x", "$argon2id$v=19$x", "plain text"])
@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_no_hash_fits_nothing(hasher: PasswordHasher, known: str) -> None:
    """A hash that can't be read is no reason to fail, and none to let anybody in."""
    assert not await hasher.verify("plain text", known)


@pytest.mark.asyncio(loop_scope="session")
async def test_hashes_age() -> None:
    """A hash is outdated once another algorithm or a higher cost is set."""
    cheap, dear, other = (
        PasswordHasher(settings_with(**changes))
        for changes in ({"bcrypt_rounds": 4}, {"bcrypt_rounds": 5}, {"hash_algorithm": "argon2id"})
    )
    known, new = await cheap.hash("open sesame"), await other.hash("open sesame")
    assert not cheap.is_outdated(known)
    assert dear.is_outdated(known)
    assert other.is_outdated(known)
    assert not other.is_outdated(new)
    assert cheap.is_outdated(new)
    assert await cheap.verify("open sesame", new)
    for hasher in (cheap, dear, other):
        hasher.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_hashes_cost_what_they_should() -> None:
    """As much as OWASP's cheat sheet on the storage of passwords asks for, or more."""
    defaults = type(get_settings()).model_fields
    assert defaults["bcrypt_rounds"].default >= 10
    dear = PasswordHasher(settings_with(hash_algorithm="argon2id"))
    found = argon2.extract_parameters(await dear.hash("open sesame"))
    dear.close()
    assert (found.memory_cost, found.time_cost, found.parallelism) >= (19_456, 2, 1)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_hash_that_asks_for_too_much_fits_nothing(hasher: PasswordHasher) -> None:
    """Whoever could write into the table of accounts can't take the memory of the machine."""
    greedy = "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "a" * 43
    assert not await hasher.verify("open sesame", greedy)


@pytest.mark.asyncio(loop_scope="session")
async def test_long_passwords_take_no_longer_than_others(hasher: PasswordHasher) -> None:
    """A body's worth of password is digested like any other, and counts as a whole."""
    long = "a" * get_settings().max_body_bytes
    known = await hasher.hash(long)
    assert len(known) < 200
    assert await hasher.verify(long, known)
    assert not await hasher.verify(long[:-1], known)


@pytest.fixture
def account(make: Make, password_hash: str) -> models.User:
    """Somebody with a password."""
    return make(
        factories.user_row,
        password_hash=password_hash,
        roles=["member"],
        is_active=True,
    )


def ask(client: TestClient, login: str, password: str = PASSWORD) -> Response:
    """The answer to a login."""
    body = {"grant_type": "password", "username": login, "password": password}
    return client.post("/api/v1/auth/token", data=body)


def test_b3_unknown_people_cost_the_same_work(
    client: TestClient, account: models.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One comparison with a hash of the usual cost, whoever it is; so the time tells nothing."""
    compared: list[str] = []
    genuine = PasswordHasher._matches

    def watched(self: PasswordHasher, password: str, known: str) -> bool:
        compared.append(known)
        return genuine(self, password, known)

    monkeypatch.setattr(PasswordHasher, "_matches", watched)
    for login, password in (
        (account.email, PASSWORD),
        (account.email, "wrong horse battery staple"),
        ("nobody@example.com", PASSWORD),
    ):
        ask(client, login, password)
    assert len(compared) == 3
    assert len({(known[:20].rpartition("$")[0], len(known)) for known in compared}) == 1


def test_b3_nobody_is_locked_out_by_somebody_else(
    application: FastAPI,
    serving: TestClient,
    account: models.User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who guesses has to wait, wherever in their network; whose account it is, has not."""
    monkeypatch.setattr(application.state.attempts, "_free", 3)
    monkeypatch.setattr(attempts, "FIRST_WAIT", 600)
    login = account.email

    def at(address: str) -> TestClient:
        client = TestClient(application, raise_server_exceptions=False, client=(address, 50_000))
        client.portal = serving.portal
        return client

    guesses = [ask(at(f"2001:db8:1:2::{n}"), login, "wrong").status_code for n in range(1, 6)]
    assert guesses == [401] * 3 + [429] * 2
    right = ask(at("2001:db8:1:2::9"), login)
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) > 0
    assert ask(at("2001:db8:1:3::1"), login).status_code == 200
    assert ask(at("192.0.2.1"), login).status_code == 200

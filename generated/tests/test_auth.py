"""Signing in, staying signed in, signing out; and what tokens are good for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import delete, update

from app import models
from tests import factories
from tests.conftest import SignedIn, SignIn
from tests.contract import OPERATIONS, PASSWORD
from tests.factories import Make
from tests.scratch import Scratch

GUARDED = next(operation for operation in OPERATIONS if operation.id == "listUsers")
"""What only people who are signed in may call."""

SCOPED = next(operation for operation in OPERATIONS if operation.id == "listUsers")
"""What takes a token with scopes."""


@pytest.fixture
def account(make: Make, password_hash: str) -> models.User:
    """Somebody with a password."""
    return make(
        factories.user_row,
        password_hash=password_hash,
        roles=["member"],
        is_active=True,
    )


def ask(
    client: TestClient, login: str, password: str = PASSWORD, scope: str | None = None
) -> Response:
    """The answer to a login."""
    body = {"grant_type": "password", "username": login, "password": password}
    if scope is not None:
        body["scope"] = scope
    return client.post("/api/v1/auth/token", data=body)


def renew(client: TestClient, token: str) -> Response:
    """The answer to a refresh token."""
    body = {"refresh_token": token}
    return client.post("/api/v1/auth/refresh", json=body)


def change(client: TestClient, caller: SignedIn, current: str, new: str) -> Response:
    """The answer to somebody who wants another password."""
    body = {"current_password": current, "new_password": new}
    return client.put("/api/v1/users/me/password", json=body, headers=caller.headers)


def bearer(token: str) -> dict[str, str]:
    """The headers of somebody who has a token (RFC 6750, section 2.1)."""
    return {"Authorization": f"Bearer {token}"}


def opens(client: TestClient, token: str) -> bool:
    """Whether a token is good for anything."""
    return GUARDED.call(client, bearer(token)).status_code != 401


def test_a_password_is_exchanged_for_a_token(client: TestClient, account: models.User) -> None:
    """Who knows the password gets a token that opens what is closed to others."""
    response = ask(client, account.email.upper())
    assert response.status_code == 200
    assert opens(client, response.json()["access_token"])


def test_every_login_gives_another_token(client: TestClient, account: models.User) -> None:
    """Tokens of two logins are told apart, so that one can end without the other."""
    first, second = (ask(client, account.email).json() for _ in range(2))
    assert first["access_token"] != second["access_token"]


def test_wrong_passwords_and_unknown_people_are_told_the_same(
    client: TestClient, account: models.User
) -> None:
    """Nobody learns from a refusal who has an account."""
    wrong = ask(client, account.email, "wrong horse battery staple")
    unknown = ask(client, "nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content


def test_inactive_accounts_are_shut_out(
    client: TestClient, account: models.User, scratch: Scratch
) -> None:
    """An account that is inactive can't sign in, and its tokens are good for nothing."""
    token = ask(client, account.email).json()["access_token"]
    scratch.run(lambda session: session.execute(update(models.User).values(is_active=False)))
    assert not opens(client, token)
    refused = ask(client, account.email)
    assert refused.status_code == 401
    assert refused.content == ask(client, "nobody@example.com").content


def test_tokens_end_with_their_account(
    client: TestClient, sign_in: SignIn, scratch: Scratch
) -> None:
    """Whose account is gone is signed out at once."""
    caller = sign_in()
    assert GUARDED.call(client, caller.headers).status_code != 401
    scratch.run(lambda session: session.execute(delete(models.User)))
    assert GUARDED.call(client, caller.headers).status_code == 401


def test_tokens_are_sent_as_bearer_tokens(client: TestClient, sign_in: SignIn) -> None:
    """A good token under another scheme opens nothing."""
    token = sign_in().headers["Authorization"].removeprefix("Bearer ")
    response = GUARDED.call(client, {"Authorization": f"Basic {token}"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_answers_to_callers_are_not_kept(client: TestClient, sign_in: SignIn) -> None:
    """No cache on the way stores what was meant for one person."""
    response = GUARDED.call(client, sign_in().headers)
    kept = response.headers["Cache-Control"]
    assert "no-store" in kept or "private" in kept


def test_a_token_can_be_limited(client: TestClient, account: models.User) -> None:
    """Who asks for fewer scopes gets a token that is good for less."""
    response = ask(client, account.email, scope="no-such-scope")
    token = response.json()["access_token"]
    assert opens(client, token)
    assert SCOPED.call(client, bearer(token)).status_code == 403


def test_a_lost_role_is_lost_at_once(client: TestClient, sign_in: SignIn, scratch: Scratch) -> None:
    """A token is good for no more than the roles that the account still has."""
    caller = sign_in(SCOPED.role or "")
    assert SCOPED.call(client, caller.headers).status_code != 403
    scratch.run(lambda session: session.execute(update(models.User).values(roles=[])))
    response = SCOPED.call(client, caller.headers)
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_refresh_tokens_are_exchanged_for_new_tokens(
    client: TestClient, account: models.User
) -> None:
    """Who holds a refresh token stays signed in."""
    first = ask(client, account.email).json()
    response = renew(client, first["refresh_token"])
    assert response.status_code == 200
    assert opens(client, response.json()["access_token"])
    assert response.json()["refresh_token"] != first["refresh_token"]


def test_a_reused_refresh_token_ends_the_session(client: TestClient, account: models.User) -> None:
    """A token that comes twice was stolen: whoever has any token of that session is out."""
    first = ask(client, account.email).json()
    other = ask(client, account.email).json()
    second = renew(client, first["refresh_token"]).json()
    assert renew(client, first["refresh_token"]).status_code == 401
    assert renew(client, second["refresh_token"]).status_code == 401
    assert not opens(client, second["access_token"])
    assert opens(client, other["access_token"])


def test_a_refresh_token_that_comes_many_times_at_once_works_once(
    client: TestClient, account: models.User
) -> None:
    """One of them gets new tokens; the others give away that it was copied, which ends those."""
    token = ask(client, account.email).json()["refresh_token"]
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: renew(client, token), range(20)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == sorted([200] + [401] * 19)
    newest = next(answer.json() for answer in answers if answer.is_success)
    assert renew(client, newest["refresh_token"]).status_code == 401
    assert not opens(client, newest["access_token"])


def test_a_token_is_good_for_one_thing(client: TestClient, account: models.User) -> None:
    """What renews opens nothing, and what opens renews nothing."""
    tokens = ask(client, account.email).json()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert not opens(client, refresh)
    assert not renew(client, access).is_success
    assert opens(client, access)
    assert renew(client, refresh).status_code == 200


def test_unknown_refresh_tokens_are_refused(client: TestClient) -> None:
    """A refresh token that nobody has issued is worth nothing."""
    assert renew(client, "no-such-token").status_code == 401


def test_signing_out_ends_the_session(client: TestClient, account: models.User) -> None:
    """After a logout, no token of the session is good for anything; others are."""
    tokens, other = (ask(client, account.email).json() for _ in range(2))
    caller = SignedIn(account, bearer(tokens["access_token"]))
    assert client.post("/api/v1/auth/logout", headers=caller.headers).is_success
    assert not opens(client, tokens["access_token"])
    assert renew(client, tokens["refresh_token"]).status_code == 401
    assert opens(client, other["access_token"])


def test_a_password_is_changed_by_who_knows_it(client: TestClient, account: models.User) -> None:
    """The old one is good for nothing then, and nobody else is signed in any more."""
    new = "incorrect mule charger paperclip"
    here, elsewhere = (ask(client, account.email).json()["access_token"] for _ in range(2))
    caller = SignedIn(account, bearer(here))
    wrong = change(client, caller, "wrong horse battery staple", new)
    assert wrong.status_code == 403
    assert opens(client, elsewhere)
    assert change(client, caller, PASSWORD, new).is_success
    assert ask(client, account.email).status_code == 401
    assert ask(client, account.email, new).status_code == 200
    assert opens(client, here)
    assert not opens(client, elsewhere)

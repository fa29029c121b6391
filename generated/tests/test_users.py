"""Users: what each operation does, and what it refuses."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app import models
from tests import factories
from tests.conftest import SignIn
from tests.factories import Make
from tests.scratch import Scratch
from tests.wire import at, text


@pytest.fixture
def client(either_way: TestClient) -> TestClient:
    """A client who is answered directly, and then one whose requests work in a session."""
    return either_way


def test_list_users_shows_what_is_there(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """List accounts: a row that is there is shown."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    response = client.get("/api/v1/users/", headers=caller.headers)
    assert response.status_code == 200
    assert text(user.id) in [one["id"] for one in response.json()["items"]]


def test_list_users_shows_no_more_than_asked(
    client: TestClient, make: Make, sign_in: SignIn
) -> None:
    """List accounts: no more rows are shown than the client asks for."""
    caller = sign_in("admin")
    make(factories.user_row)
    make(factories.user_row)
    response = client.get("/api/v1/users/", params=[("limit", "1")], headers=caller.headers)
    assert response.status_code == 200
    assert len(response.json()["items"]) == 1


def test_list_users_filters_by_role(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """List accounts: only rows that fit are shown."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    make(factories.user_row)
    response = client.get(
        "/api/v1/users/", params=[("role", text(user.roles[0]))], headers=caller.headers
    )
    assert response.status_code == 200
    assert text(user.id) in [one["id"] for one in response.json()["items"]]


def test_list_users_filters_by_is_active(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """List accounts: only rows that fit are shown."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    make(factories.user_row)
    response = client.get(
        "/api/v1/users/", params=[("is_active", text(user.is_active))], headers=caller.headers
    )
    assert response.status_code == 200
    assert text(user.id) in [one["id"] for one in response.json()["items"]]
    assert all(one["is_active"] == user.is_active for one in response.json()["items"])


def test_list_users_searches_by_q(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """List accounts: rows are found by the words in them, and by no others."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    response = client.get("/api/v1/users/", params=[("q", "Ada")], headers=caller.headers)
    assert response.status_code == 200
    assert text(user.id) in [one["id"] for one in response.json()["items"]]
    other = client.get("/api/v1/users/", params=[("q", "zyzzyva")], headers=caller.headers)
    assert text(user.id) not in [one["id"] for one in other.json()["items"]]


def test_list_users_sorts_both_ways(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """List accounts: downwards is upwards, turned round."""
    caller = sign_in("admin")
    make(factories.user_row)
    make(factories.user_row)
    make(factories.user_row)
    whole = client.get("/api/v1/users/", headers=caller.headers)
    response = client.get("/api/v1/users/", params=[("sort", "created_at")], headers=caller.headers)
    assert response.status_code == 200
    for up, down in [
        ("created_at", "-created_at"),
        ("email", "-email"),
        ("full_name", "-full_name"),
    ]:
        first, second = (
            client.get("/api/v1/users/", params=[("sort", up)], headers=caller.headers),
            client.get("/api/v1/users/", params=[("sort", down)], headers=caller.headers),
        )
        assert len(first.json()["items"]) == len(whole.json()["items"])
        assert first.json()["items"] == second.json()["items"][::-1]


def test_register_user_stores_what_is_sent(client: TestClient, scratch: Scratch) -> None:
    """Register: what is sent is stored and shown."""
    body = {
        "email": "ada@example.com",
        "password": "correct horse battery staple",
        "full_name": "Ada Lovelace",
    }
    response = client.post("/api/v1/users/", json=body)
    assert response.status_code == 201
    shown = response.json()
    for name in ("email", "full_name"):
        assert shown[name] == body[name], name
    assert scratch.count(models.User) == 1


def test_register_user_refuses_a_second_one_alike(client: TestClient) -> None:
    """Register: what has to be unique in users is taken only once."""
    body = {
        "email": "ada@example.com",
        "password": "correct horse battery staple",
        "full_name": "Ada Lovelace",
    }
    assert client.post("/api/v1/users/", json=body).status_code == 201
    response = client.post("/api/v1/users/", json=body)
    assert response.status_code == 409


def test_read_me_shows_it(client: TestClient, sign_in: SignIn) -> None:
    """Show my account: what is there is shown."""
    caller = sign_in()
    response = client.get("/api/v1/users/me", headers=caller.headers)
    assert response.status_code == 200
    assert response.json()["id"] == text(caller.account.id)


def test_update_me_changes_what_is_sent(client: TestClient, sign_in: SignIn) -> None:
    """Change my account: what is sent is changed."""
    caller = sign_in()
    body = {"full_name": "Ada King"}
    response = client.patch("/api/v1/users/me", json=body, headers=caller.headers)
    assert response.status_code == 200
    shown = response.json()
    assert shown["full_name"] == body["full_name"]


def test_delete_me_removes_it(client: TestClient, sign_in: SignIn) -> None:
    """Close my account: what is removed is gone."""
    caller = sign_in()
    response = client.delete("/api/v1/users/me", headers=caller.headers)
    assert response.status_code == 204
    assert client.delete("/api/v1/users/me", headers=caller.headers).status_code == 401


def test_read_user_shows_it(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Show an account: what is there is shown."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    response = client.get(at("/api/v1/users/{user_id}", user.id), headers=caller.headers)
    assert response.status_code == 200
    assert response.json()["id"] == text(user.id)


def test_read_user_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Show an account: what isn't there is not found."""
    caller = sign_in("admin")
    response = client.get(
        "/api/v1/users/0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01", headers=caller.headers
    )
    assert response.status_code == 404


def test_update_user_changes_what_is_sent(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Change an account: what is sent is changed."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    body = {"roles": ["member", "admin"]}
    response = client.patch(
        at("/api/v1/users/{user_id}", user.id), json=body, headers=caller.headers
    )
    assert response.status_code == 200
    shown = response.json()
    assert shown["roles"] == body["roles"]


def test_update_user_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Change an account: what isn't there is not found."""
    caller = sign_in("admin")
    response = client.patch(
        "/api/v1/users/0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01",
        json={"roles": ["member", "admin"]},
        headers=caller.headers,
    )
    assert response.status_code == 404


def test_delete_user_removes_it(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Remove an account: what is removed is gone."""
    caller = sign_in("admin")
    user = make(factories.user_row)
    response = client.delete(at("/api/v1/users/{user_id}", user.id), headers=caller.headers)
    assert response.status_code == 204
    assert (
        client.delete(at("/api/v1/users/{user_id}", user.id), headers=caller.headers).status_code
        == 404
    )


def test_delete_user_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Remove an account: what isn't there is not found."""
    caller = sign_in("admin")
    response = client.delete(
        "/api/v1/users/0b9e6c52-8a57-4ea1-9a52-3f5b6f8f3f01", headers=caller.headers
    )
    assert response.status_code == 404

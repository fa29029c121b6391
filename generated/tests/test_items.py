"""Items: what each operation does, and what it refuses."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app import models, seed
from tests import factories
from tests.conftest import SignIn
from tests.factories import Make
from tests.scratch import Scratch
from tests.wire import at, text


@pytest.fixture
def client(either_way: TestClient) -> TestClient:
    """A client who is answered directly, and then one whose requests work in a session."""
    return either_way


def test_list_items_shows_what_is_there(client: TestClient, make: Make) -> None:
    """List items: a row that is there is shown."""
    item = make(factories.item_row)
    response = client.get("/api/v1/items/")
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]


def test_list_items_hides_what_is_deleted(client: TestClient, make: Make) -> None:
    """List items: a row that is deleted is not shown."""
    item = make(factories.item_row, deleted_at=seed.NOW)
    response = client.get("/api/v1/items/")
    assert response.status_code == 200
    assert text(item.id) not in [one["id"] for one in response.json()["items"]]


def test_list_items_shows_no_more_than_asked(client: TestClient, make: Make) -> None:
    """List items: no more rows are shown than the client asks for."""
    make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("limit", "1")])
    assert response.status_code == 200
    assert len(response.json()["items"]) == 1


def test_list_items_filters_by_owner_id(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("owner_id", text(item.owner_id))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]
    assert all(one["owner_id"] == text(item.owner_id) for one in response.json()["items"])


def test_list_items_filters_by_status(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("status", text(item.status))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]
    assert all(one["status"] == item.status for one in response.json()["items"])


def test_list_items_filters_by_tag(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("tag", text(item.tags[0]))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]


def test_list_items_filters_by_min_price(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("min_price", text(item.price))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]


def test_list_items_filters_by_max_price(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("max_price", text(item.price))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]


def test_list_items_filters_by_created_from(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("created_from", text(item.created_at))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]


def test_list_items_filters_by_created_to(client: TestClient, make: Make) -> None:
    """List items: only rows that fit are shown."""
    item = make(factories.item_row)
    make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("created_to", text(item.created_at))])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]


def test_list_items_searches_by_q(client: TestClient, make: Make) -> None:
    """List items: rows are found by the words in them, and by no others."""
    item = make(factories.item_row)
    response = client.get("/api/v1/items/", params=[("q", "Desk")])
    assert response.status_code == 200
    assert text(item.id) in [one["id"] for one in response.json()["items"]]
    other = client.get("/api/v1/items/", params=[("q", "zyzzyva")])
    assert text(item.id) not in [one["id"] for one in other.json()["items"]]


def test_list_items_sorts_both_ways(client: TestClient, make: Make) -> None:
    """List items: downwards is upwards, turned round."""
    make(factories.item_row)
    make(factories.item_row)
    make(factories.item_row)
    whole = client.get("/api/v1/items/")
    response = client.get("/api/v1/items/", params=[("sort", "created_at")])
    assert response.status_code == 200
    for up, down in [("created_at", "-created_at"), ("price", "-price"), ("title", "-title")]:
        first, second = (
            client.get("/api/v1/items/", params=[("sort", up)]),
            client.get("/api/v1/items/", params=[("sort", down)]),
        )
        assert len(first.json()["items"]) == len(whole.json()["items"])
        assert first.json()["items"] == second.json()["items"][::-1]


def test_create_item_stores_what_is_sent(
    client: TestClient, sign_in: SignIn, scratch: Scratch
) -> None:
    """Offer an item: what is sent is stored and shown."""
    caller = sign_in()
    body = {
        "title": "Desk lamp",
        "description": "Brass, with a green shade",
        "price": "19.99",
        "quantity": 12,
        "tags": ["office", "brass"],
    }
    response = client.post("/api/v1/items/", json=body, headers=caller.headers)
    assert response.status_code == 201
    shown = response.json()
    for name in ("title", "description", "price", "quantity", "tags"):
        assert shown[name] == body[name], name
    address = response.headers["Location"]
    assert client.get(address).status_code == 200
    assert scratch.count(models.Item) == 1


def test_read_item_shows_it(client: TestClient, make: Make) -> None:
    """Show an item: what is there is shown."""
    item = make(factories.item_row)
    response = client.get(at("/api/v1/items/{item_id}", item.id))
    assert response.status_code == 200
    assert response.json()["id"] == text(item.id)


def test_read_item_does_not_send_it_again(client: TestClient, make: Make) -> None:
    """Show an item: what the client has already is not sent again."""
    item = make(factories.item_row)
    tag = client.get(at("/api/v1/items/{item_id}", item.id)).headers["ETag"]
    response = client.get(at("/api/v1/items/{item_id}", item.id), headers={"If-None-Match": tag})
    assert response.status_code == 304
    assert response.headers["ETag"] == tag


def test_read_item_finds_nothing(client: TestClient) -> None:
    """Show an item: what isn't there is not found."""
    response = client.get("/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10")
    assert response.status_code == 404


def test_replace_item_writes_it_anew(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Replace an item: what is sent takes the place of what was there."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    body = {
        "title": "Desk lamp",
        "description": "Brass, with a green shade",
        "price": "19.99",
        "quantity": 12,
        "tags": ["office", "brass"],
    }
    response = client.put(at("/api/v1/items/{item_id}", item.id), json=body, headers=caller.headers)
    assert response.status_code == 200
    shown = response.json()
    for name in ("title", "description", "price", "quantity", "tags"):
        assert shown[name] == body[name], name


def test_replace_item_leaves_other_versions(
    client: TestClient, make: Make, sign_in: SignIn
) -> None:
    """Replace an item: a row of another version stays as it is."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    response = client.put(
        at("/api/v1/items/{item_id}", item.id),
        json={
            "title": "Desk lamp",
            "description": "Brass, with a green shade",
            "price": "19.99",
            "quantity": 12,
            "tags": ["office", "brass"],
        },
        headers={**caller.headers, "If-Match": '"1000-0"'},
    )
    assert response.status_code == 412


def test_replace_item_puts_defaults_back(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Replace an item: what is not sent goes back to its default."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    response = client.put(
        at("/api/v1/items/{item_id}", item.id),
        json={"title": "Desk lamp", "price": "19.99"},
        headers=caller.headers,
    )
    assert response.status_code == 200
    shown = response.json()
    assert shown["description"] is None
    assert shown["quantity"] == 1
    assert shown["status"] == "available"
    assert shown["tags"] == []


def test_replace_item_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Replace an item: what isn't there is not found."""
    caller = sign_in()
    response = client.put(
        "/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10",
        json={
            "title": "Desk lamp",
            "description": "Brass, with a green shade",
            "price": "19.99",
            "quantity": 12,
            "tags": ["office", "brass"],
        },
        headers=caller.headers,
    )
    assert response.status_code == 404


def test_update_item_changes_what_is_sent(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Change an item: what is sent is changed."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    body = {"price": "17.50"}
    response = client.patch(
        at("/api/v1/items/{item_id}", item.id), json=body, headers=caller.headers
    )
    assert response.status_code == 200
    shown = response.json()
    assert shown["price"] == body["price"]


def test_update_item_leaves_other_versions(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Change an item: a row of another version stays as it is."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    response = client.patch(
        at("/api/v1/items/{item_id}", item.id),
        json={"price": "17.50"},
        headers={**caller.headers, "If-Match": '"1000-0"'},
    )
    assert response.status_code == 412


def test_update_item_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Change an item: what isn't there is not found."""
    caller = sign_in()
    response = client.patch(
        "/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10",
        json={"price": "17.50"},
        headers=caller.headers,
    )
    assert response.status_code == 404


def test_delete_item_removes_it(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Withdraw an item: what is removed is gone."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    response = client.delete(at("/api/v1/items/{item_id}", item.id), headers=caller.headers)
    assert response.status_code == 204
    assert (
        client.delete(at("/api/v1/items/{item_id}", item.id), headers=caller.headers).status_code
        == 404
    )


def test_delete_item_leaves_other_versions(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Withdraw an item: a row of another version stays as it is."""
    caller = sign_in()
    item = make(factories.item_row, owner=caller.account)
    response = client.delete(
        at("/api/v1/items/{item_id}", item.id), headers={**caller.headers, "If-Match": '"1000-0"'}
    )
    assert response.status_code == 412


def test_delete_item_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Withdraw an item: what isn't there is not found."""
    caller = sign_in()
    response = client.delete(
        "/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10", headers=caller.headers
    )
    assert response.status_code == 404


def test_restore_item_brings_it_back(client: TestClient, make: Make, sign_in: SignIn) -> None:
    """Bring an item back: what was removed is there again."""
    caller = sign_in("admin")
    item = make(factories.item_row, owner=caller.account, deleted_at=seed.NOW)
    response = client.post(at("/api/v1/items/{item_id}/restore", item.id), headers=caller.headers)
    assert response.status_code == 200
    assert response.json()["id"] == text(item.id)


def test_restore_item_finds_nothing(client: TestClient, sign_in: SignIn) -> None:
    """Bring an item back: what isn't there is not found."""
    caller = sign_in("admin")
    response = client.post(
        "/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10/restore", headers=caller.headers
    )
    assert response.status_code == 404


def test_reserve_item_waits_for_an_override(client: TestClient, sign_in: SignIn) -> None:
    """Reserve an item: it says that nobody has written it yet, unless an override does."""
    caller = sign_in()
    response = client.post(
        "/api/v1/items/5a1c0f3e-1d7b-4c58-8c55-2b7f0a9d7e10/reserve",
        json={"quantity": 2},
        headers=caller.headers,
    )
    assert response.status_code == 501

"""Many rows in one request: all or nothing, each for itself, in few statements, of one's own."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.warehouse import Warehouse


def part(sku: str, **more: Any) -> dict[str, Any]:
    """A part as clients send it."""
    return {"sku": sku, "name": "Bolt", "price": "0.15", **more}


def made(client: httpx2.Client, *skus: str) -> list[str]:
    """The keys of new parts."""
    answer = client.post("/parts/bulk", json=[part(sku) for sku in skus])
    assert answer.status_code == 201, answer.text
    return [row["id"] for row in answer.json()]


def test_rows_come_back_in_the_order_that_they_were_sent(
    warehouse: Warehouse, ada: httpx2.Client
) -> None:
    """With what the service fills in: the key, the owner, defaults and times."""
    sent = [part(f"S-{at}", quantity=at) for at in range(1000)]
    answer = ada.post("/parts/bulk", json=sent)
    assert answer.status_code == 201
    rows = answer.json()
    assert [row["sku"] for row in rows] == [row["sku"] for row in sent]
    assert len({row["id"] for row in rows}) == 1000
    assert {row["owner_id"] for row in rows} == {str(warehouse.ask("SELECT id FROM keepers"))}
    assert ada.get(f"/parts/{rows[17]['id']}").json() == rows[17]
    # One statement that looks for callers, and one that stores: PostgreSQL's own counter tells.
    assert warehouse.ask("SELECT count(DISTINCT xmin::text) FROM parts") == 1


def test_all_or_nothing_is_nothing_where_one_fails(
    warehouse: Warehouse, ada: httpx2.Client
) -> None:
    """A conflict with a stored row, or with one of the same request; a bad row, or too many."""
    made(ada, "there")
    for sent, status in (
        ([part("new"), part("there")], 409),
        ([part("twice"), part("twice")], 409),
        ([part("good"), part("bad", price="1")], 422),
        ([part(f"{at}") for at in range(1001)], 422),
        ([], 422),
    ):
        answer = ada.post("/parts/bulk", json=sent)
        assert answer.status_code == status, answer.text
    assert warehouse.ask("SELECT count(*) FROM parts") == 1


def test_each_for_itself_tells_of_each(warehouse: Warehouse, ada: httpx2.Client) -> None:
    """What can be stored is; what can't says why, at its place."""
    made(ada, "there")
    answer = ada.post(
        "/parts/batch", json={"items": [part("a"), part("there"), part("b"), part("a")]}
    )
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3]
    assert [result["status"] for result in results] == [201, 409, 201, 409]
    assert [result.get("item", {}).get("sku") for result in results] == ["a", None, "b", None]
    assert results[1]["error"]["code"] == "conflict"
    assert "error" not in results[0]
    assert warehouse.ask("SELECT count(*) FROM parts") == 3


def test_changes_of_many(warehouse: Warehouse, ada: httpx2.Client) -> None:
    """Different attributes of different rows; one that changes nothing keeps its time of change."""
    first, second, third = made(ada, "a", "b", "c")
    before = ada.get(f"/parts/{third}").json()
    sent = [
        {"id": first, "name": "Nut", "quantity": 5},
        {"id": second, "quantity": 7},
        {"id": third, "name": "Bolt"},
    ]
    answer = ada.patch("/parts/bulk", json=sent)
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    assert [(row["name"], row["quantity"]) for row in rows] == [
        ("Nut", 5),
        ("Bolt", 7),
        ("Bolt", 0),
    ]
    assert rows[0]["updated_at"] > rows[0]["created_at"]
    assert rows[2] == before
    assert [ada.get(f"/parts/{row['id']}").json() for row in rows] == rows


def test_rows_of_others_are_left_alone(warehouse: Warehouse, ada: httpx2.Client) -> None:
    """All or nothing refuses all; otherwise each is told apart: mine, somebody else's, none."""
    with warehouse.keeper("bob") as bob:
        [foreign] = made(bob, "bob's")
    [own] = made(ada, "ada's")
    gone = "00000000-0000-0000-0000-000000000001"
    both = [{"id": own, "quantity": 1}, {"id": foreign, "quantity": 1}]
    assert ada.patch("/parts/bulk", json=both).status_code == 403
    assert ada.request("DELETE", "/parts/bulk", json={"ids": [own, foreign]}).status_code == 403
    missing = [{"id": own, "quantity": 1}, {"id": gone, "quantity": 1}]
    assert ada.patch("/parts/bulk", json=missing).status_code == 404
    assert ada.patch("/parts/bulk", json=[both[0], both[0]]).status_code == 422
    assert warehouse.ask("SELECT sum(quantity) FROM parts") == 0
    answer = ada.patch("/parts/batch", json=[*both, missing[1]])
    assert answer.status_code == 207
    assert [result["status"] for result in answer.json()["results"]] == [200, 403, 404]
    assert warehouse.ask("SELECT sum(quantity) FROM parts") == 1


def test_a_conflict_of_a_change_spares_the_others(ada: httpx2.Client) -> None:
    """Each change has a savepoint of its own, once one has failed."""
    first, second = made(ada, "a", "b")
    sent = [{"id": first, "sku": "b"}, {"id": second, "quantity": 3}]
    assert ada.patch("/parts/bulk", json=sent).status_code == 409
    results = ada.patch("/parts/batch", json=sent).json()["results"]
    assert [result["status"] for result in results] == [409, 200]
    assert ada.get(f"/parts/{first}").json()["sku"] == "a"
    assert ada.get(f"/parts/{second}").json()["quantity"] == 3


def test_soft_deletes_of_many(warehouse: Warehouse, ada: httpx2.Client) -> None:
    """Marked as deleted, and found no more: neither here nor by another bulk operation."""
    keys = made(ada, "a", "b", "c")
    assert ada.request("DELETE", "/parts/bulk", json={"ids": keys[:2]}).status_code == 204
    assert [ada.get(f"/parts/{key}").status_code for key in keys] == [404, 404, 200]
    assert warehouse.ask("SELECT count(*) FROM parts WHERE deleted_at IS NOT NULL") == 2
    assert ada.request("DELETE", "/parts/bulk", json={"ids": keys}).status_code == 404
    assert ada.get(f"/parts/{keys[2]}").status_code == 200


def test_deletes_of_many_where_some_are_in_use(warehouse: Warehouse, ada: httpx2.Client) -> None:
    """A pallet that a crate stands on stays; the answer says which."""
    keys = [ada.post("/pallets", json={"label": label}).json()["id"] for label in "abc"]
    assert ada.post("/crates", json={"pallet_id": keys[1]}).status_code == 201
    answer = ada.post("/pallets/delete", json=[*keys, 99])
    assert answer.status_code == 200
    assert [result["status"] for result in answer.json()] == [204, 409, 204, 404]
    assert answer.json()[3]["error"] == "There is no 99"
    assert warehouse.ask("SELECT count(*) FROM pallets") == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_who_is_not_signed_in_writes_nothing(warehouse: Warehouse, method: str) -> None:
    """As for single rows."""
    with httpx2.Client(base_url=warehouse.running.url) as client:
        assert client.request(method, "/parts/bulk", json=[]).status_code == 401


def test_a_bulk_request_can_have_a_key(warehouse: Warehouse, ada: httpx2.Client) -> None:
    """Sent twice, its rows are there once."""
    for _ in range(2):
        answer = ada.post(
            "/parts/bulk", json=[part("a"), part("b")], headers={"Idempotency-Key": "both"}
        )
        assert answer.status_code == 201
    assert warehouse.ask("SELECT count(*) FROM parts") == 2

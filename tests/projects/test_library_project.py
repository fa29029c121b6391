"""A person's own contract, from `init --from` to a running service, without a line of override."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    Running,
    running_service,
    scratch_database,
    service_environ,
)

CONTRACT = Path(__file__).parent / "library.yaml"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that `init --from` lays out."""
    folder = tmp_path_factory.mktemp("library")
    done = succeeded(apiwright(folder, "init", "shelf", "--from", str(CONTRACT)))
    assert "apiwright dev" in done.out
    return folder / "shelf"


@pytest.fixture(scope="module")
def running(
    project: Path, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The service of the project."""
    with scratch_database(servers) as database_url:
        folder = tmp_path_factory.mktemp("log")
        environ = service_environ(database_url)
        with running_service(project / "generated", environ, folder) as found:
            yield found


@pytest.fixture
def client(running: Running) -> Iterator[httpx2.Client]:
    """A client of the service."""
    with httpx2.Client(base_url=f"{running.url}/v1") as found:
        yield found


def made(answer: httpx2.Response, status: int = 201) -> dict[str, Any]:
    """The body of an answer that has to be a success."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_nothing_is_left_to_write_by_hand(project: Path) -> None:
    """Every operation of the contract has a default."""
    done = succeeded(apiwright(project, "routes"))
    assert done.out.strip().endswith("20 default")


def test_the_project_is_clean_and_up_to_date(project: Path) -> None:
    """What `init` leaves behind has no problems and needs no second run."""
    assert "no problems" in succeeded(apiwright(project, "check")).out
    assert "up to date" in succeeded(apiwright(project, "generate", "--check")).out
    assert "nothing has changed" in succeeded(apiwright(project, "generate")).out


def test_books_and_authors_are_many_to_many(client: httpx2.Client) -> None:
    """Books are written with keys of authors, shown with the authors, and found by them."""
    first = made(client.post("/authors", json={"name": "Terry Pratchett"}))
    second = made(client.post("/authors", json={"name": "Neil Gaiman", "born": "1960-11-10"}))
    assert isinstance(first["id"], int)
    sent = {"isbn": "9780060853983", "title": "Good Omens", "published": 1990}
    book = made(client.post("/books", json={**sent, "authorIds": [first["id"], second["id"]]}))
    assert [author["name"] for author in book["authors"]] == ["Terry Pratchett", "Neil Gaiman"]
    assert "createdAt" in book

    found = made(client.get("/books", params={"author_id": second["id"]}), 200)
    assert found["total"] == 1
    assert found["books"] == [book]

    url = f"/books/{book['id']}"
    changed = made(client.patch(url, json={"authorIds": [second["id"]]}), 200)
    assert [author["id"] for author in changed["authors"]] == [second["id"]]
    assert changed["title"] == "Good Omens"
    replaced = made(client.put(url, json={"isbn": "9780060853983", "title": "Omens"}), 200)
    assert replaced["authors"] == []
    assert replaced.get("published") is None

    missing = client.post("/books", json={**sent, "authorIds": [987654]})
    assert missing.status_code == 409
    assert missing.headers["content-type"] == "application/problem+json"
    assert missing.json()["detail"] == "authorIds: there is no 987654"


def test_loans_live_under_their_book(client: httpx2.Client) -> None:
    """A nested path makes, shows, changes and removes only what belongs to its parent."""
    book = made(client.post("/books", json={"isbn": "9780441478125", "title": "Winter"}))
    other = made(client.post("/books", json={"isbn": "9780441478126", "title": "Summer"}))
    member = made(client.post("/members", json={"name": "Ada"}))
    loans = f"/books/{book['id']}/loans"
    loan = made(client.post(loans, json={"member_id": member["id"], "dueOn": "2026-03-01"}))
    assert loan["state"] == "out"
    assert loan["book_id"] == book["id"]

    assert client.get(f"/books/{other['id']}/loans").json() == []
    assert client.get(f"/books/{other['id']}/loans/{loan['id']}").status_code == 404
    assert client.get(f"{loans}/{loan['id']}").json() == loan
    assert client.get(loans, params={"state": "lost"}).json() == []
    changed = made(client.patch(f"{loans}/{loan['id']}", json={"state": "returned"}), 200)
    assert changed == {**loan, "state": "returned"}

    assert (
        client.post(
            "/books/987654/loans", json={"member_id": member["id"], "dueOn": "2026-03-01"}
        ).status_code
        == 404
    )
    assert client.delete(f"/members/{member['id']}").status_code == 409
    assert client.delete(f"{loans}/{loan['id']}").status_code == 204
    assert client.delete(f"/members/{member['id']}").status_code == 204


def test_lists_page_search_and_sort(client: httpx2.Client) -> None:
    """What the parameters are called is enough to know what they do."""
    for number, title in enumerate(["Zebra tales", "Apple tales", "Mango songs"]):
        sent = {"isbn": f"97800000000{number:02}", "title": title, "published": 2000 + number}
        made(client.post("/books", json=sent))
    found = client.get("/books", params={"q": "tale"}).json()
    assert [book["title"] for book in found["books"]] == ["Apple tales", "Zebra tales"]
    found = client.get("/books", params={"q": "tale", "sort": "-title", "limit": 1}).json()
    assert [book["title"] for book in found["books"]] == ["Zebra tales"]
    assert found["total"] == 2
    found = client.get("/books", params={"published_from": 2001, "q": "a"}).json()
    assert {book["title"] for book in found["books"]} == {"Apple tales"}


def test_errors_have_the_shape_of_the_contract(client: httpx2.Client) -> None:
    """Unknown paths, bad methods and bad bodies are told as problem+json alike."""
    for answer in (
        client.get("/nowhere"),
        client.put("/authors"),
        client.post("/authors", json={}),
        client.get("/authors/0"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["title"]

"""A service on a database that was there before it: nothing is altered, and everything works."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import yaml

from apiwright.local import Servers
from apiwright.migrate.database import ask
from apiwright.migrate.drift import find_drift
from apiwright.migrate.snapshots import read_tables, unmanaged_tables
from tests.adopt.adopting import Adopted, catalog, execute
from tests.support.command import apiwright, succeeded
from tests.support.running import run_python, running_service, scratch_database, service_environ


def test_the_first_plan_is_empty(found: Adopted) -> None:
    """There is nothing to generate, and nothing to do to the database."""
    plan = succeeded(apiwright(found.project, "plan"))
    assert "Nothing changes." in plan.out
    succeeded(apiwright(found.project, "generate", "--check"))


def test_the_database_is_only_recorded(found: Adopted) -> None:
    """Going up alters nothing; nothing is pending then, nothing differs, and down forgets."""
    pending = apiwright(found.project, "migrate", "status", environ=found.environ)
    assert pending.code == 1
    assert "pending" in pending.out
    assert "differs" not in pending.out
    for _ in range(2):
        succeeded(apiwright(found.project, "migrate", "up", environ=found.environ))
        status = succeeded(apiwright(found.project, "migrate", "status", environ=found.environ))
        assert "as the snapshots say" in status.out
        said = run_python(found.output, service_environ(found.url), "-m", "alembic", "check")
        assert "No new upgrade operations" in said
        assert catalog(found.url) == found.before
        down = ("migrate", "down", "base", "--yes")
        succeeded(apiwright(found.project, *down, environ=found.environ))
        assert catalog(found.url) == found.before


def test_a_new_database_gets_what_was_found(found: Adopted, servers: Servers) -> None:
    """Built by the first revision, it has the tables that the service has to do with, alike."""
    tables, unmanaged = read_tables(found.output), unmanaged_tables(found.output)
    with scratch_database(servers) as url:
        run_python(found.output, service_environ(url), "-m", "alembic", "upgrade", "head")
        assert ask(url, lambda c: find_drift(c, tables, unmanaged, at_head=True)) == ()
        made = catalog(url)
        loose = {
            (table.name, name)
            for table in tables
            for name in (table.found.loose if table.found is not None else ())
        }
        wanted = managed_lines(found.before, {table.name for table in tables}, loose)
        assert managed_lines(made, {table.name for table in tables}, set()) == wanted
        run_python(found.output, service_environ(url), "-m", "alembic", "downgrade", "base")
        assert catalog(url) == ()


def managed_lines(
    lines: tuple[str, ...], tables: set[str], loose: set[tuple[str, str]]
) -> list[str]:
    """The lines of a catalog about some tables, those left out that needn't be there.

    PostgreSQL writes some casts elsewhere when it reads what it has written: they are left out.
    """
    kept: list[str] = []
    table = ""
    for line in lines:
        if line.startswith("table "):
            table = line.removeprefix("table ")
        elif not line.startswith("  "):
            break
        name = line.strip().partition(" ")[2]
        is_loose = any(t == table and name.startswith(part) for t, part in loose)
        if table in tables and not is_loose:
            kept.append(re.sub(r"::(character varying|text)(\[\])?|[()]", "", line))
    return kept


def test_the_url_is_written_nowhere(found: Adopted) -> None:
    """Neither into a file nor to the terminal."""
    password = found.url.partition("@")[0].rpartition(":")[2]
    assert len(password) > 8
    assert password not in found.said
    for file in found.project.rglob("*"):
        if file.is_file():
            assert password.encode() not in file.read_bytes(), file


def test_the_service_runs_on_its_rows(found: Adopted, tmp_path: Path) -> None:
    """Rows that were there are shown; new ones are made, changed and removed."""
    execute(found.url, "DROP TABLE IF EXISTS alembic_version")
    environ = service_environ(found.url)
    with running_service(found.output, environ, tmp_path) as service:
        with httpx2.Client(base_url=f"{service.url}/api/v1") as client:
            STORIES[found.name](client)
        assert "Traceback" not in service.log.read_text()
    assert catalog(found.url) == found.before


def ok(response: httpx2.Response, status: int = 200) -> Any:
    """What an answer shows."""
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def plain(client: httpx2.Client) -> None:
    """Books, authors, and shelves with books."""
    assert [a["name"] for a in ok(client.get("/author"))["items"]] == ["Ada", "Bob"]
    page = ok(client.get("/book", params={"sort": "-id", "limit": 1}))
    assert (page["total"], page["items"][0]["isbn"]) == (2, "2")
    assert ok(client.get("/book", params={"author_id": 1}))["total"] == 1
    one = ok(client.get("/book/1"))
    assert (one["price"], one["tags"], one["editor_id"], one["about"]) == (
        "9.90",
        ["a", "b"],
        None,
        None,
    )
    new = {"isbn": "3", "title": "Three", "author_id": 2, "about": {"x": [1]}, "cover": "AP8="}
    made = ok(client.post("/book", json=new), 201)
    assert (made["status"], made["price"], made["in_print"]) == ("draft", "0.00", True)
    assert (made["about"], made["cover"], made["tags"]) == ({"x": [1]}, "AP8=", [])
    changed = ok(client.patch(f"/book/{made['id']}", json={"status": "it's gone", "price": "1.25"}))
    assert (changed["status"], changed["price"]) == ("it's gone", "1.25")
    assert client.post("/book", json=new).status_code == 409
    assert client.post("/book", json={**new, "isbn": "4", "author_id": 99}).status_code == 409
    assert client.post("/book", json={**new, "isbn": "4", "pages": 0}).status_code == 422
    assert client.post("/author", json={"name": "x" * 121}).status_code == 422
    [shelf] = ok(client.get("/shelf"))["items"]
    assert shelf["book_ids"] == [1]
    path = f"/shelf/{shelf['id']}"
    assert ok(client.patch(path, json={"book_ids": [1, made["id"]]}))["book_ids"] == [1, made["id"]]
    other = ok(client.post("/shelf", json={"label": "Low", "book_ids": [2]}), 201)
    ok(client.delete(f"/shelf/{other['id']}"), 204)
    ok(client.patch(path, json={"book_ids": [1]}))
    ok(client.delete(f"/book/{made['id']}"), 204)
    assert client.get(f"/book/{made['id']}").status_code == 404


def framework(client: httpx2.Client) -> None:
    """Times without an offset are in UTC, and what the frameworks fill in is filled in."""
    [ada] = ok(client.get("/app_author", params={"slug": "ada"}))["items"]
    assert ada["created_at"] == "2020-01-02T03:04:05.678+00:00"
    made = ok(client.post("/app_author", json={"name": "Bob", "slug": "bob", "score": 1}), 201)
    assert made["created_at"].endswith("+00:00")
    assert made["created_at"][:4] >= "2024"
    changed = ok(client.patch(f"/app_author/{made['id']}", json={"score": 2}))
    assert changed["updated_at"] > made["updated_at"]
    for wrong in ({"score": -1}, {"score": 40000}, {"slug": "x" * 51}):
        body = {"name": "Eve", "slug": "eve", "score": 1, **wrong}
        assert client.post("/app_author", json=body).status_code == 422
    taken = client.post("/app_author", json={"name": "Eve", "slug": "ada", "score": 1})
    assert taken.status_code == 409
    assert "slug" in taken.text
    [book] = ok(client.get("/app_book"))["items"]
    assert (book["state"], book["country"]) == ("new", "DE")
    assert book["published_on"] == "1999-12-31T23:59:59+00:00"
    assert book["app_author_ids"] == [1]
    body = {
        "title": "Two",
        "author_id": made["id"],
        "published_on": "2020-05-06T12:00:00+02:00",
        "app_author_ids": [made["id"], 1],
        "state": "used",
    }
    two = ok(client.post("/app_book", json=body), 201)
    assert two["published_on"] == "2020-05-06T10:00:00+00:00"
    assert sorted(two["app_author_ids"]) == sorted([1, made["id"]])
    path = f"/app_book/{two['id']}"
    assert ok(client.patch(path, json={"app_author_ids": []}))["app_author_ids"] == []
    ok(client.delete(path), 204)
    ok(client.delete(f"/app_author/{made['id']}"), 204)
    assert client.delete("/app_author/1").status_code == 409
    [user] = ok(client.get("/auth_user"))["items"]
    assert user == {"id": 1, "username": "root", "last_login": None}
    assert client.post("/auth_user", json={"username": "eve"}).status_code == 405


def odd(client: httpx2.Client) -> None:
    """Enum types, generated columns, hostile names and triggers stay what they are."""
    page = ok(client.get("/thing"))
    assert [thing["mood"] for thing in page["items"]] == ["sad", "it's ok"]
    assert page["items"][0]["name_length"] == 3
    made = ok(client.post("/thing", json={"name": "Three!", "old_mood": "sad", "order": 4}), 201)
    assert (made["mood"], made["old_mood"], made["name_length"]) == ("happy", "sad", 6)
    assert len(made["code"]) == 32
    assert client.post("/thing", json={"name": "x", "mood": "angry"}).status_code == 422
    assert client.post("/thing", json={"name": ""}).status_code in {409, 422}
    path = f"/thing/{made['id']}"
    assert ok(client.patch(path, json={"mood": "sad", "name": "Four"}))["name_length"] == 4
    ok(client.delete(path), 204)
    [user] = ok(client.get("/user"))["items"]
    assert (user["id"], user["limit"], user["class"]) == ("a/b", 5, "first")
    new = ok(client.post("/user", json={"id": "u", "class": "second", "thing_id": 2}), 201)
    assert ok(client.get(f"/user/{new['id']}")) == new
    ok(client.delete("/user/u"), 204)
    assert ok(client.get("/needs_range"))["total"] == 1
    assert client.post("/needs_range", json={}).status_code == 405
    part = ok(client.post("/of_part", json={"author_ids": [1, 2]}), 201)
    assert part["author_ids"] == [1, 2]
    ok(client.delete(f"/of_part/{part['id']}"), 204)


def reference(client: httpx2.Client) -> None:
    """Items of the reference service, by another service."""
    [item] = ok(client.get("/items"))["items"]
    assert (item["title"], item["price"], item["status"]) == ("Lamp", "19.90", "available")
    [user] = ok(client.get("/users"))["items"]
    assert "password_hash" not in user
    made = ok(
        client.post("/items", json={"title": "Desk", "price": "5.00", "owner_id": user["id"]}), 201
    )
    assert ok(client.patch(f"/items/{made['id']}", json={"quantity": 3}))["quantity"] == 3
    ok(client.delete(f"/items/{made['id']}"), 204)
    assert ok(client.get("/items"))["total"] == 1


STORIES: dict[str, Callable[[httpx2.Client], None]] = {
    "plain": plain,
    "framework": framework,
    "odd": odd,
    "reference": reference,
}


def test_generated_code_is_clean(odd: Adopted, types_of_libraries: Path) -> None:
    """The checks that every generated service passes."""
    environ = service_environ(odd.url, MYPY_CACHE_DIR=str(types_of_libraries))
    for command in (
        "mypy --strict app tests",
        "ruff check app tests alembic",
        "ruff format --check app tests",
    ):
        run_python(odd.output, environ, "-m", *command.split())


def test_what_is_left_alone_is_named(odd: Adopted) -> None:
    """Each with its reason, and none of it in the contract."""
    for name, reason in {
        "part": "its key has several columns",
        "loose": "it has no primary key",
        "things": "it is a view",
        "kept_things": "it is a materialized view",
        "log": "it is partitioned",
        "child": "it inherits",
        "line break": "x-table takes",
        "Weird table; DROP TABLE thing": "x-table takes",
        "thing.span": "int4range",
        "thing.amount": "positive",
        "thing.coded": "code_of(1)",
        "needs_range": "no operation makes one",
    }.items():
        assert any(
            line.startswith(f"  {name}: ") and reason in line for line in odd.said.splitlines()
        ), name
    document = yaml.safe_load((odd.project / "specs/openapi.yaml").read_text())
    things = document["components"]["schemas"]["Thing"]["properties"]
    assert set(things) == {
        "id", "name", "mood", "old_mood", "name_length", "code", "order", "created",
    }  # fmt: skip
    assert things["name"]["description"] == "quotes \"here\"\nand: {yaml} # specials 'too'"
    assert things["name_length"]["readOnly"]
    assert set(document["paths"]) == {
        f"/{table}{rest}"
        for table in ("thing", "user", "needs_range", "of_part", "counted")
        for rest in ("", "/{id}")
    }


def test_a_change_of_hand_is_drift(odd: Adopted) -> None:
    """What the service has to do with is watched; what is left alone isn't."""
    succeeded(apiwright(odd.project, "migrate", "up", environ=odd.environ))
    execute(odd.url, "ALTER TABLE loose ADD COLUMN c text")
    execute(odd.url, "DROP INDEX thing_code")
    succeeded(apiwright(odd.project, "migrate", "status", environ=odd.environ))
    execute(odd.url, "DROP INDEX thing_lower")
    status = apiwright(odd.project, "migrate", "status", environ=odd.environ)
    assert status.code == 1
    assert "the index thing_lower of thing is missing" in status.out
    execute(odd.url, """CREATE INDEX thing_lower ON thing (lower(name)) WHERE "order" > 3""")
    execute(odd.url, "ALTER TABLE thing ALTER COLUMN mood DROP DEFAULT")
    status = apiwright(odd.project, "migrate", "status", environ=odd.environ)
    assert "thing.mood has no default" in status.out

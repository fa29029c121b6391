"""Answers that are kept in Valkey: for whom, until when, and what ends them; over HTTP."""

from __future__ import annotations

import itertools
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from redis import Redis

from tests.conditional.conftest import Newsroom

numbers = itertools.count(1)
OUTCOMES = re.compile(r'cache_lookups_total\{operation="(\w+)",outcome="(\w+)"\} (\S+)')


def signed_in(client: httpx2.Client) -> dict[str, str]:
    """The header of somebody new."""
    account = {"username": f"reader {uuid4().hex}"[:40], "password": "around the world"}
    assert client.post("/people", json=account).status_code == 201
    token = client.post("/token", data=account).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def section(client: httpx2.Client) -> Any:
    """A new section."""
    return client.post("/sections", json={"name": f"Kept {next(numbers)}"}).json()


def article(client: httpx2.Client, me: dict[str, str], title: str = "Night train") -> Any:
    """A new article."""
    written = {"title": title, "sectionId": section(client)["id"]}
    made = client.post("/articles", json=written, headers=me)
    assert made.status_code == 201, made.text
    return made.json()


def outcomes(client: httpx2.Client, operation: str) -> dict[str, float]:
    """How often answers of an operation were found, and made."""
    text = client.get(str(client.base_url).replace("/news/", "/metrics")).text
    return {what: float(n) for name, what, n in OUTCOMES.findall(text) if name == operation}


def found(client: httpx2.Client, operation: str) -> float:
    return outcomes(client, operation).get("hit", 0)


def behind_its_back(newsroom: Newsroom, statement: str, *values: Any) -> None:
    """Change something in the database that the service doesn't hear of."""
    with psycopg.connect(newsroom.database_url, autocommit=True) as connection:
        connection.execute(statement.encode(), values)


def test_what_is_kept_is_found_again(newsroom: Newsroom, client: httpx2.Client) -> None:
    """With its tag and its headers, by every process; until a write ends it."""
    me = signed_in(client)
    path = f"/articles/{article(client, me)['id']}"
    first = client.get(path, headers=me)
    before = found(client, "readArticle")
    again = client.get(path, headers=me)
    assert again.content == first.content
    assert found(client, "readArticle") == before + 1
    for name in ("ETag", "Cache-Control", "Content-Type"):
        assert again.headers[name] == first.headers[name], name
    behind_its_back(newsroom, "UPDATE articles SET title = 'Elsewhere' WHERE title = 'Night train'")
    for other in (newsroom.direct, newsroom.typed):
        assert other.get(path, headers=me).json()["title"] == "Night train"
    known = {**me, "If-None-Match": first.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    client.post("/topics", json={"word": "any"})
    assert client.get(path, headers=me).json()["title"] == "Elsewhere"


def test_a_list_ends_with_every_write(client: httpx2.Client) -> None:
    """What was made, changed and deleted is seen in the next answer."""
    made = section(client)
    path = f"/sections/{made['id']}"
    for _ in range(2):
        assert made in client.get("/sections").json()
        assert client.get(path).json() == made
    renamed = client.put(path, json={"name": "Renamed"}).json()
    for _ in range(2):
        assert renamed in client.get("/sections").json()
        assert client.get(path).json() == renamed
    assert client.delete(path).status_code == 204
    for _ in range(2):
        assert client.get(path).status_code == 404
        assert made["id"] not in [known["id"] for known in client.get("/sections").json()]


def test_nobody_gets_what_was_made_for_another(client: httpx2.Client) -> None:
    """Warmed by one, read by others: their own, nothing, or a refusal."""
    ada, bob = signed_in(client), signed_in(client)
    of_ada, of_bob = article(client, ada, "Ada's"), article(client, bob, "Bob's")
    for headers, own in ((ada, of_ada), (bob, of_bob), (ada, of_ada), (bob, of_bob)):
        assert client.get("/articles", headers=headers).json() == [own]
        assert client.get(f"/articles/{own['id']}", headers=headers).json() == own
    assert client.get(f"/articles/{of_ada['id']}", headers=bob).status_code == 404
    for path in ("/articles", f"/articles/{of_ada['id']}"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": "Bearer x"}).status_code == 401


def test_what_a_role_let_see_goes_with_it(newsroom: Newsroom, client: httpx2.Client) -> None:
    """An editor sees all articles, and after that only their own, at the next request."""
    name = f"editor {uuid4().hex}"[:40]
    account = {"username": name, "password": "around the world"}
    client.post("/people", json=account)
    promote = "UPDATE people SET roles = %s WHERE username = %s"
    behind_its_back(newsroom, promote, ["editor"], name)
    token = client.post("/token", data=account).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    other = article(client, signed_in(client))
    path = f"/articles/{other['id']}"
    for _ in range(2):
        assert client.get(path, headers=headers).json() == other
        assert client.get("/articles", headers=headers).json() != []
    behind_its_back(newsroom, promote, ["author"], name)
    assert client.get(path, headers=headers).status_code == 404
    assert client.get("/articles", headers=headers).json() == []
    behind_its_back(newsroom, "UPDATE people SET roles = '{}' WHERE username = %s", name)
    assert client.get("/articles", headers=headers).status_code == 403


def test_one_question_has_one_answer_however_it_is_asked(client: httpx2.Client) -> None:
    """Defaults, order and case of headers make no other answer; headers that are declared do."""
    me = signed_in(client)
    own = article(client, me)
    assert client.get("/articles", headers=me).json() == [own]
    before = found(client, "listArticles")
    same = [
        ("/articles", [*me.items(), ("X-Other", "1")]),
        ("/articles?limit=20", [("accept", "*/*"), ("AUTHORIZATION", me["Authorization"])]),
        ("/articles?", [("Authorization", me["Authorization"]), ("Accept", "text/html")]),
    ]
    for path, headers in same:
        assert client.get(path, headers=headers).json() == [own]
    assert found(client, "listArticles") == before + len(same)
    assert client.get("/articles?limit=1", headers=me).json() == [own]
    assert found(client, "listArticles") == before + len(same)
    for query in ("limit=20&limit=1", "limit=0", "limit=x", "no=1"):
        assert client.get(f"/articles?{query}", headers=me).status_code == 422, query
    path = f"/sections/{section(client)['id']}"
    for languages, hits in (("en", 0), ("en", 1), ("de", 1), ("EN", 1), ("en", 2)):
        before = found(client, "readSection")
        client.get(path, headers={"Accept-Language": languages})
        assert found(client, "readSection") - before == (1 if hits and languages == "en" else 0)


@pytest.mark.parametrize("way", ["direct", "typed"])
def test_nothing_is_stale_after_a_write_returned(way: str, newsroom: Newsroom) -> None:
    """A thousand writes in all, each read at once, while others fill what is kept."""
    client: httpx2.Client = getattr(newsroom, way)
    path = f"/sections/{section(client)['id']}"
    over, failures = threading.Event(), list[str]()

    def fill(base: httpx2.URL) -> None:
        with httpx2.Client(base_url=base) as http:
            while not over.is_set():
                answer = http.get(path)
                if answer.status_code != 200:
                    failures.append(answer.text)
                time.sleep(0.002)

    bases = [newsroom.direct.base_url, newsroom.typed.base_url]
    threads = [threading.Thread(target=fill, args=(base,)) for base in bases]
    for thread in threads:
        thread.start()
    try:
        stale = 0
        for number in range(800 if way == "direct" else 200):
            assert client.put(path, json={"name": f"N{number}"}).status_code == 200
            reader = newsroom.direct if number % 2 else newsroom.typed
            stale += reader.get(path).json()["name"] != f"N{number}"
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert (stale, failures) == (0, [])
    hits = found(newsroom.direct, "readSection") + found(newsroom.typed, "readSection")
    assert hits > 0


def test_one_makes_it_and_the_others_wait(newsroom: Newsroom) -> None:
    """Of many who ask for the same at once, one asks the database."""
    client = newsroom.direct
    path = f"/sections/{section(client)['id']}"
    before = outcomes(client, "readSection")
    threads = [
        threading.Thread(target=lambda: httpx2.get(f"{client.base_url}{path[1:]}"))
        for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = outcomes(client, "readSection")
    assert after["miss"] - before.get("miss", 0) == 1
    assert sum(after.values()) - sum(before.values()) == len(threads)


def test_an_override_ends_what_it_changes(newsroom: Newsroom) -> None:
    """Whatever it writes by, in every process; its answers are apart from those of the default."""
    path = f"/sections/{section(newsroom.direct)['id']}"
    plain = newsroom.direct.get(path).json()["name"]
    own = newsroom.overridden.get(path).json()["name"]
    assert own.startswith(f"{plain} (")
    newsroom.direct.post("/topics", json={"word": "new"})
    assert newsroom.overridden.get(path).json()["name"] != own
    assert newsroom.overridden.put(path, json={"name": "Other"}).status_code == 200
    assert newsroom.direct.get(path).json()["name"] == "Other"


@contextmanager
def stopped(newsroom: Newsroom) -> Iterator[None]:
    """It takes connections and commands, and answers nothing."""
    newsroom.valkey.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        newsroom.valkey.send_signal(signal.SIGCONT)


@contextmanager
def slow(newsroom: Newsroom) -> Iterator[None]:
    """It answers, but much later than anybody waits."""
    with Redis.from_url(newsroom.valkey_url) as client, ThreadPoolExecutor(1) as threads:
        threads.submit(client.execute_command, "DEBUG", "SLEEP", "3")
        time.sleep(0.1)
        yield


@contextmanager
def full(newsroom: Newsroom) -> Iterator[None]:
    """It refuses whatever takes memory."""
    with Redis.from_url(newsroom.valkey_url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        yield
        client.config_set("maxmemory", "0")


@contextmanager
def confused(newsroom: Newsroom) -> Iterator[None]:
    """Somebody else has put other things under the same keys, and they stay there."""
    with Redis.from_url(newsroom.valkey_url) as client:
        keys = client.keys("*:cache}*")
        assert keys
        for key in keys:
            client.delete(key)
            client.hset(key, "what is", "this")
    yield


@pytest.mark.parametrize("trouble", [stopped, slow, full, confused])
def test_nothing_fails_and_nothing_is_stale_in_trouble(
    newsroom: Newsroom, trouble: Callable[[Newsroom], AbstractContextManager[None]]
) -> None:
    """What was kept before is not found after, whoever has written meanwhile."""
    path = f"/sections/{section(newsroom.direct)['id']}"
    both = (newsroom.direct, newsroom.typed)
    for client in both:
        assert client.get(path).status_code == 200
    with trouble(newsroom):
        written = newsroom.direct.put(path, json={"name": "Meanwhile"}, timeout=20)
        assert written.status_code == 200
        for client in both:
            for _ in range(3):
                assert client.get(path, timeout=20).json()["name"] == "Meanwhile"
    deadline = time.monotonic() + 30
    before = found(newsroom.typed, "readSection")
    while found(newsroom.typed, "readSection") == before:
        assert time.monotonic() < deadline
        for client in both:
            assert client.get(path).json()["name"] == "Meanwhile"
        time.sleep(0.02)

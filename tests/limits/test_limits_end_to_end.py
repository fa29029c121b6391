"""Limits of the reference service, running for real: two processes, a Redis that can be killed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from redis import Redis
from redis.exceptions import RedisError

from apiwright.local import Servers
from apiwright.local.redis import find_program
from tests.support.running import ROOT, running_service, scratch_database, service_environ

QUOTA, WINDOW = 15, 60
"""What is left of the limit of the document, 60,000 requests a minute, by the factor below."""

FACTOR = QUOTA / 60_000
INTERVAL = WINDOW / QUOTA
SIGN_INS = 30
BACK_SECONDS = 5.0
PASSWORD = "correct horse battery staple"
ITEMS, TOKEN, USERS = "/api/v1/items/", "/api/v1/auth/token", "/api/v1/users/"


@dataclass
class KillableRedis:
    """A Redis on a socket of its own, which keeps nothing."""

    socket: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, whether it runs or not."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        socket = str(self.socket)
        command = [str(find_program()), "--port", "0", "--unixsocket", socket, "--save", ""]
        command += ["--enable-debug-command", "yes"]
        self.process = subprocess.Popen(command, cwd=self.socket.parent, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                assert self.client().ping()
            except RedisError:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """Kill it at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def client(self) -> Redis:
        """A client of it."""
        return Redis(unix_socket_path=str(self.socket))


@dataclass(frozen=True)
class Running:
    """Two processes with tight limits, and one with the usual ones behind a proxy."""

    redis: KillableRedis
    tight: tuple[str, str]
    usual: str


@pytest.fixture(scope="module")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("limits")
    redis = KillableRedis(folder / "socket")
    redis.start()
    with ExitStack() as stack:
        stack.callback(redis.kill)
        database = stack.enter_context(scratch_database(servers))
        tight = service_environ(database, redis.url, RATE_LIMIT_FACTOR=str(FACTOR))
        usual = service_environ(
            database,
            redis.url,
            RATE_LIMIT_FACTOR="1",
            LOGIN_ATTEMPTS="3",
            TRUSTED_PROXIES='["127.0.0.0/8"]',
        )
        started = [
            stack.enter_context(running_service(ROOT / "generated", environ, folder)).url
            for environ in (tight, tight, usual)
        ]
        yield Running(redis, (started[0], started[1]), started[2])


@pytest.fixture(autouse=True)
def _forget(running: Running) -> None:
    """Every test begins with all that the limits allow."""
    running.redis.client().flushall()


def spoofed(number: int) -> list[tuple[str, str]]:
    """Headers of a client that claims to be somewhere else each time."""
    address = f"192.0.2.{number}"
    names = ("X-Forwarded-For", "x-forwarded-for", "X-Real-IP", "CF-Connecting-IP", "Forwarded")
    name = names[number % len(names)]
    claim = f"for={address};proto=https" if name == "Forwarded" else f"{address}, 203.0.113.7"
    return [(name, claim), (name.upper(), address)]


def at_once(requests: Sequence[Any]) -> list[httpx2.Response]:
    """The answers to GET requests that are made at the same time: pairs of address and headers."""
    with httpx2.Client(timeout=30) as client, ThreadPoolExecutor(10) as threads:
        return list(threads.map(lambda each: client.get(each[0], headers=each[1]), requests))


def test_two_processes_limit_a_client_as_one(running: Running) -> None:
    """Whatever it claims in its headers, and whichever of them it asks."""
    started = time.monotonic()
    answers = at_once([(f"{running.tight[n % 2]}{ITEMS}", spoofed(n)) for n in range(50)])
    statuses = Counter(answer.status_code for answer in answers)
    refilled = int((time.monotonic() - started) / INTERVAL) + 1
    assert QUOTA <= statuses[200] <= QUOTA + refilled
    assert statuses[200] + statuses[429] == 50


def test_the_wait_is_true_to_the_second(running: Running) -> None:
    """Until it is over the client is refused, and then it is not."""
    at_once([(f"{running.tight[n % 2]}{ITEMS}", []) for n in range(QUOTA)])
    with httpx2.Client(base_url=running.tight[0]) as client:
        refused = client.get(ITEMS)
        told = time.monotonic()
        seconds = int(refused.headers["Retry-After"])
        assert (refused.status_code, 0 < seconds <= INTERVAL) == (429, True)
        left = re.fullmatch(r'"default";r=0;t=(\d+)', refused.headers["RateLimit"])
        assert left is not None
        assert int(left[1]) == seconds
        if seconds > 1:
            time.sleep(seconds - 1 - 0.1)
            assert client.get(ITEMS).status_code == 429
        time.sleep(max(told + seconds - time.monotonic(), 0))
        taken = client.get(ITEMS)
        assert taken.status_code == 200
        assert taken.headers["RateLimit-Policy"] == f'"default";q={QUOTA};w={WINDOW}'
        assert client.get(ITEMS).status_code == 429


def test_a_refusal_is_what_the_served_contract_declares(running: Running) -> None:
    """Its status, its headers and its body."""
    answers = at_once([(f"{running.tight[0]}{ITEMS}", []) for _ in range(QUOTA + 2)])
    refused = next(answer for answer in answers if answer.status_code == 429)
    document = httpx2.get(f"{running.tight[0]}/openapi.json").json()
    responses = document["paths"]["/items/"]["get"]["responses"]
    assert responses["429"] == {"$ref": "#/components/responses/TooManyRequests"}
    assert {"RateLimit", "RateLimit-Policy"} <= responses["200"]["headers"].keys()
    declared = document["components"]["responses"]["TooManyRequests"]
    assert all(name in refused.headers for name in declared["headers"])
    assert refused.headers["Content-Type"] in declared["content"]
    registry = jsonschema_rs.Registry([("urn:contract", document)])
    error = {"$ref": "urn:contract#/components/schemas/Error"}
    jsonschema_rs.validate(error, refused.json(), registry=registry)
    assert refused.json()["code"] == "too_many_requests"


def sign_in(url: str, login: str, password: str, *path: str) -> httpx2.Response:
    """The answer to a login that came over proxies: the last of `path` is who called ours."""
    form = {"username": login, "password": password}
    return httpx2.post(
        f"{url}{TOKEN}", data=form, headers={"X-Forwarded-For": ", ".join(path)}, timeout=30
    )


def test_a_network_of_ipv6_is_limited_as_one(running: Running) -> None:
    """Ten addresses of a network, each with others that it made up; a neighbour is let in."""
    statuses = Counter(
        sign_in(
            running.usual, f"{n}@example.com", PASSWORD, f"192.0.2.{n}", f"2001:db8:0:1::{n % 10:x}"
        ).status_code
        for n in range(SIGN_INS + 10)
    )
    assert statuses[401] >= SIGN_INS
    assert statuses[429] >= 10 - int(30 / (60 / SIGN_INS))
    neighbour = sign_in(running.usual, "n@example.com", PASSWORD, "2001:db8:0:2::1")
    assert neighbour.status_code == 401


def test_guesses_are_slowed_down_where_they_come_from(running: Running) -> None:
    """Whether there is such an account can't be told, and its owner signs in from elsewhere."""
    account = {"email": "ada@example.com", "password": PASSWORD, "full_name": "Ada"}
    assert httpx2.post(f"{running.usual}{USERS}", json=account).status_code == 201

    def guess(login: str, address: str) -> tuple[int, bytes]:
        answer = sign_in(running.usual, login, "wrong", address)
        return answer.status_code, answer.content

    known, unknown = ("ada@example.com", "192.0.2.1"), ("no@example.com", "192.0.2.3")
    assert [guess(*known) for _ in range(2)] == [guess(*unknown) for _ in range(2)]
    redis = running.redis.client()
    for key in redis.keys("attempts:*"):
        redis.hincrby(key, "tries", 8)  # as if this had gone on for a while
    assert guess(*known) == guess(*unknown)
    refused = [guess(*known), guess(*unknown)]
    assert [status for status, _ in refused] == [429, 429]
    assert len(refused[0][1]) == len(refused[1][1])
    guesser = sign_in(running.usual, "Ada@example.com", PASSWORD, "192.0.2.1")
    assert guesser.status_code == 429
    assert 128 < int(guesser.headers["Retry-After"]) <= 256
    owner = sign_in(running.usual, "ada@example.com", PASSWORD, "192.0.2.1", "192.0.2.2")
    assert owner.status_code == 200


@contextmanager
def load(url: str) -> Iterator[list[int]]:
    """Requests all the time; gives their statuses."""
    statuses: list[int] = []
    done = threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=url, timeout=30) as client:
            while not done.is_set():
                statuses.append(client.get(ITEMS).status_code)
                time.sleep(0.01)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        done.set()
        for thread in threads:
            thread.join()


def counted(redis: KillableRedis) -> bool:
    """Whether requests are counted in Redis, within the time in which they have to be."""
    deadline = time.monotonic() + BACK_SECONDS
    while not redis.client().keys("limits:*"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def killed(redis: KillableRedis) -> Iterator[None]:
    """It is gone, and starts again without anything that it knew."""
    redis.kill()
    yield
    redis.start()


@contextmanager
def paused(redis: KillableRedis) -> Iterator[None]:
    """It takes connections and commands, and answers nothing."""
    assert redis.process is not None
    redis.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        redis.process.send_signal(signal.SIGCONT)


@contextmanager
def slow(redis: KillableRedis) -> Iterator[None]:
    """It answers, but much later than anybody waits."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(redis.client().execute_command, "DEBUG", "SLEEP", "3")
        time.sleep(0.1)
        yield


@contextmanager
def full(redis: KillableRedis) -> Iterator[None]:
    """It refuses whatever takes memory."""
    redis.client().config_set("maxmemory-policy", "noeviction")
    redis.client().config_set("maxmemory", "1")
    yield
    redis.client().config_set("maxmemory", "0")


@contextmanager
def confused(redis: KillableRedis) -> Iterator[None]:
    """Somebody else has put other things under the same keys."""
    client = redis.client()
    for key in client.keys("limits:*"):
        client.delete(key)
        client.rpush(key, "what is this")
    yield
    client.flushall()


@pytest.mark.parametrize("trouble", [killed, paused, slow, full, confused])
def test_redis_in_trouble_and_back_during_load(
    running: Running, trouble: Callable[[KillableRedis], AbstractContextManager[None]]
) -> None:
    """Nobody sees a failure; the process limits by itself, and then Redis is asked again."""
    with load(running.tight[0]) as statuses:
        assert counted(running.redis)
        with trouble(running.redis):
            before = len(statuses)
            time.sleep(2.0)
            away = Counter(statuses[before:])
        running.redis.client().flushall()
        assert counted(running.redis)
    assert statuses
    assert set(statuses) <= {200, 429}
    assert len(statuses[before:]) > 50
    # What the process has counted by itself once, it still knows the next time.
    assert (QUOTA - 4 if trouble is killed else 0) <= away[200] <= QUOTA + 4


def test_limits_can_be_read_from_the_service(running: Running) -> None:
    """`/openapi.json` declares refusals for every operation, and is as its author wrote it else."""
    document = httpx2.get(f"{running.usual}/openapi.json").json()
    declared = [
        "429" in operation["responses"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert declared
    assert all(declared)
    assert "x-rate-limit" not in json.dumps(list(document))

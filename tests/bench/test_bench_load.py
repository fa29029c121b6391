"""The load generator: it counts what is right, names what is wrong, and comes to an end."""

from __future__ import annotations

import asyncio
import itertools
import os
import time

import pytest

from apiwright.bench.load import allow_files, perform
from apiwright.bench.measure import MeasureError, exchange, look, put, wire_text
from apiwright.bench.plan import Exchange, Load, Outcome
from tests.bench.answering import Answer, answering, http

REQUEST = wire_text("http://127.0.0.1/things?limit=2")
RIGHT = Exchange(REQUEST, 200, 2, 2)


def loaded(answer: Answer, exchange: Exchange = RIGHT, **words: object) -> Outcome:
    """The outcome of a small load, put on within this process."""
    values: dict[str, object] = {"connections": 2, "seconds": 5.0, "limit": 20, **words}
    with answering(answer) as port:
        load = Load("127.0.0.1", port, (exchange,), **values)  # type: ignore[arg-type]  # as named above
        return asyncio.run(perform(load))


def test_right_answers_are_counted() -> None:
    """Up to the limit; latencies are in order; nothing is wrong."""
    outcome = loaded(lambda _: [http(b"{}")])
    assert (outcome.requests, outcome.errors) == (20, {})
    assert 0 < outcome.latency.p50 <= outcome.latency.p95 <= outcome.latency.p99
    assert outcome.latency.p99 <= outcome.latency.worst
    assert outcome.rate == pytest.approx(outcome.requests / outcome.seconds)


def test_an_answer_may_come_in_pieces() -> None:
    """Head and body are put together, wherever they were cut."""
    whole = http(b"{}")
    assert loaded(lambda _: [whole[:9], whole[9:30], whole[30:-1], whole[-1:]]).errors == {}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http(b"{}", status="503 Unavailable"), "status 503"),
        (http(b"{ }"), "a body of 3 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "no content-length"),
    ],
)
def test_wrong_answers_are_named(answer: bytes, error: str) -> None:
    """Each is an error, and each is a request all the same."""
    outcome = loaded(lambda _: [answer])
    assert outcome.errors == {error: 20}
    assert outcome.requests == 20


def test_an_answer_without_a_body_needs_no_length() -> None:
    """As a 204 has none."""
    empty = Exchange(REQUEST, 204, 0, 0)
    assert loaded(lambda _: [b"HTTP/1.1 204 No Content\r\n\r\n"], empty).errors == {}


def test_a_connection_that_ends_is_an_error() -> None:
    """It is not opened again; whoever still asks goes on, and the rest is missing in the end."""
    outcome = loaded(lambda _: [b""], seconds=0.2)
    assert outcome.errors["connection closed"] == 2
    assert outcome.errors["no answer in time"] == 18


def test_nobody_listens() -> None:
    """Every connection that can't be made is an error; there are no latencies, and no rate."""
    with answering(lambda _: []) as port:
        pass
    outcome = asyncio.run(perform(Load("127.0.0.1", port, (RIGHT,), 3, 0.1)))
    assert outcome.errors == {"ConnectionRefusedError while connecting": 3}
    assert (outcome.requests, outcome.rate, outcome.latency.p99) == (0, 0.0, 0.0)


def test_answers_on_their_way_are_waited_for() -> None:
    """They are not counted, and the server is done with everything when the load ends."""
    given: list[bytes] = []

    def answer(request: bytes) -> list[bytes]:
        time.sleep(0.3)
        given.append(request)
        return [http(b"{}")]

    outcome = loaded(answer, limit=0, seconds=0.1)
    assert outcome.requests == 0
    assert outcome.errors == {}
    assert len(given) == 2


def test_the_warm_up_is_not_counted() -> None:
    """Only what comes after it; and it lasts as long as was asked."""
    numbers = itertools.count()

    def answer(_: bytes) -> list[bytes]:
        return [http(b"{}" if next(numbers) > 2 else b"{  }")]

    outcome = loaded(answer, limit=0, warm_up=0.2, seconds=0.3)
    assert outcome.errors == {}
    assert outcome.requests > 10
    assert 0.3 <= outcome.seconds < 2


def test_what_is_watched_is_measured() -> None:
    """CPU time and memory of a process, here of this one."""
    outcome = loaded(lambda _: [http(b"{}")], limit=0, seconds=0.5, watched={"us": os.getpid()})
    assert outcome.cpu["us"] > 0
    assert outcome.memory["us"][0] > 1_000_000
    assert 0 < outcome.microseconds("us") < 1e6


def test_loads_and_outcomes_travel() -> None:
    """From one process to another, as JSON, unchanged."""
    load = Load("127.0.0.1", 1, (RIGHT,), 1, 0.1, watched={"us": 1})
    assert Load.from_json(load.to_json()) == load
    outcome = loaded(lambda _: [http(b"{}")], limit=3, watched={"us": os.getpid()})
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_a_process_of_its_own_puts_the_load_on() -> None:
    """From the first look to the outcome."""
    with answering(lambda _: [http(b"[]")]) as port:
        right = exchange(f"http://127.0.0.1:{port}/things", tolerance=1)
        assert (right.shortest, right.longest) == (1, 3)
        outcome = put(Load("127.0.0.1", port, (right,), connections=2, seconds=5, limit=50))
    assert (outcome.requests, outcome.errors) == (50, {})


def test_a_wrong_answer_is_not_worth_measuring() -> None:
    """The first look says so, with what was answered."""
    with answering(lambda _: [http(b"gone", status="404 Not Found")]) as port:
        url = f"http://127.0.0.1:{port}/things"
        assert look(url) == (404, b"gone")
        with pytest.raises(MeasureError, match=r"answered with 404, not 200: gone"):
            exchange(url)
    with pytest.raises(MeasureError, match="is not answered"):
        look(url)


def test_a_load_that_makes_no_sense_is_told() -> None:
    """The process fails, and its words come back."""
    load = Load("127.0.0.1", 1, (Exchange("\u20ac", 200, 0, 0),), connections=1, seconds=0.1)
    with pytest.raises(MeasureError, match="UnicodeEncodeError"):
        put(load)


def test_requests_as_they_stand_on_the_wire() -> None:
    """With their headers, and the length of a body."""
    text = wire_text("http://host:1/a?b=c", method="POST", headers={"X": "y"}, body=b"{}")
    assert text.startswith("POST /a?b=c HTTP/1.1\r\nHost: host:1\r\n")
    assert text.endswith("X: y\r\nContent-Length: 2\r\n\r\n{}")


def test_files_are_allowed_as_far_as_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than the hard limit, and never less than before."""
    import resource  # noqa: PLC0415 (only what this test looks into)

    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    for soft, hard in ((50, 120), (50, resource.RLIM_INFINITY), (5000, 5000)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, now=(soft, hard): now)
        allow_files(1000)
    assert given == [(120, 120), (1100, resource.RLIM_INFINITY)]

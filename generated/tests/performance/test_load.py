"""Many requests at once. `python tests/performance/test_load.py [URL]` measures a running service.

As a test, it asks for right answers only: how fast they come depends on what else a machine does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from statistics import mean, median

import aiohttp

SERVICE = "http://localhost:8000"
PATH = "/api/v1/items/"
REQUESTS = 1000
LIMIT = 0.2
"""Seconds within which half of the requests have their answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how many seconds that took."""

    status: int
    body: bytes
    seconds: float


async def ask(session: aiohttp.ClientSession, url: str) -> Answer:
    """The answer to one request; its time begins before it gets a connection."""
    started = time.perf_counter()
    async with session.get(url) as response:
        body = await response.read()
        return Answer(response.status, body, time.perf_counter() - started)


async def load(url: str, requests: int) -> list[Answer]:
    """The answers to many requests that begin at the same time."""
    async with aiohttp.ClientSession() as session:
        return list(await asyncio.gather(*(ask(session, url) for _ in range(requests))))


def main(service: str) -> int:
    """Measure a running service; 0 if it is fast enough."""
    answers = asyncio.run(load(f"{service}{PATH}", REQUESTS))
    seconds = [answer.seconds for answer in answers]
    failed = sum(answer.status != 200 for answer in answers)
    print(f"{REQUESTS} requests at once, {failed} failed")
    print(f"mean {mean(seconds):.3f} s, median {median(seconds):.3f} s, most {max(seconds):.3f} s")
    return 1 if failed or median(seconds) >= LIMIT else 0


def test_many_requests_at_once_are_all_answered(address: str, stored: object) -> None:
    """Whoever comes in a crowd gets the same answer as alone."""
    for answer in asyncio.run(load(f"{address}{PATH}", 100)):
        assert answer.status == 200
        body = json.loads(answer.body)
        assert {one["id"] for one in body["items"]} == stored


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else SERVICE))

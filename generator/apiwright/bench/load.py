"""The load generator: `python -m apiwright.bench.load`, a `Load` on its input, an `Outcome` out.

A process of its own, so that it never shares an interpreter with what it measures, and as little
work as possible: requests are bytes that are there already, and of an answer only status and
length are read. Anything else than the right answer counts as an error.
"""

from __future__ import annotations

import asyncio
import math
import re
import resource
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle
from typing import cast

from apiwright.bench.plan import Latency, Load, Outcome
from apiwright.bench.usage import Cpu, cpu, memory

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SAMPLE_SECONDS = 1.0
_DRAIN_SECONDS = 10.0
_SPARE_FILES = 100


class Run:
    """The load while it is on: what all connections share."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.latencies = array("d")
        self.errors: Counter[str] = Counter()
        self.counting = not load.warm_up
        self.done = asyncio.get_running_loop().create_future()
        self.quiet = asyncio.Event()
        self._open = 0
        self._asked = 0
        self._wires = cycle(
            [(e.text.encode("latin-1"), e.status, e.shortest, e.longest) for e in load.exchanges]
        )

    def next_request(self) -> tuple[bytes, int, int, int] | None:
        """The next request and what its answer must be like; None when it is enough."""
        if self.done.done() or self._asked == self.load.limit > 0:
            return None
        self._asked += 1
        self._open += 1
        return next(self._wires)

    def answered(self, seconds: float, error: str) -> None:
        """Note that a request came back after this time, and what was wrong, if anything."""
        self._open -= 1
        self._look_whether_quiet()
        if not self.counting or self.done.done():
            return
        if error:
            self.errors[error] += 1
        self.latencies.append(seconds)
        if len(self.latencies) == self.load.limit > 0:
            self.done.set_result(None)

    def end(self) -> None:
        """Nothing is asked or counted any more."""
        if not self.done.done():
            self.done.set_result(None)
        missing = self.load.limit - len(self.latencies)
        if missing > 0:
            self.errors["no answer in time"] += missing
        self._look_whether_quiet()

    def _look_whether_quiet(self) -> None:
        """Nothing is on its way once all is done and everything has come back."""
        if self.done.done() and not self._open:
            self.quiet.set()


class Connection(asyncio.Protocol):
    """One client: asks, waits for the whole answer, asks again."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._missing = 0
        self._error = ""
        self._expected = (0, 0, 0)
        self._sent = 0.0
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer; the whole of it, nearly always."""
        if self._missing:
            self._missing -= len(data)
        else:
            self._buffer += data
            end = self._buffer.find(_END_OF_HEAD)
            if end < 0:
                return
            head, rest = self._buffer[:end], len(self._buffer) - end - len(_END_OF_HEAD)
            self._buffer = b""
            self._missing = self._length(head) - rest
        if self._missing <= 0:
            self._missing = 0
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that is still to come will never come."""
        self._transport = None
        if self._waiting:
            self._error = type(exc).__name__ if exc else "connection closed"
            self._finish()

    def close(self) -> None:
        """Hang up."""
        self._waiting = False
        if self._transport is not None:
            self._transport.abort()

    def _ask(self) -> None:
        request = self._run.next_request() if self._transport is not None else None
        if request is None or self._transport is None:
            return
        wire, *expected = request
        self._expected = (expected[0], expected[1], expected[2])
        self._error = ""
        self._waiting = True
        self._sent = time.perf_counter()
        self._transport.write(wire)

    def _length(self, head: bytes) -> int:
        """The length of the body, once status and length are held to what is right."""
        status, shortest, longest = self._expected
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        if int(head[9:12]) != status:
            self._error = f"status {head[9:12].decode('latin-1')}"
        elif found is None and longest:
            self._error = "no content-length"
        elif not shortest <= length <= longest:
            self._error = f"a body of {length} bytes"
        return length

    def _finish(self) -> None:
        self._waiting = False
        self._run.answered(time.perf_counter() - self._sent, self._error)
        self._ask()


async def perform(load: Load) -> Outcome:
    """Put the load on the server."""
    run = Run(load)
    samples: dict[str, list[int]] = {name: [] for name in load.watched}
    before = _cpu(load)
    started = time.perf_counter()
    connections = await _connect(run)
    try:
        if load.warm_up:
            await asyncio.sleep(load.warm_up)
            before = _cpu(load)
            started = time.perf_counter()
            run.counting = True
        sampling = asyncio.create_task(_sample(load, samples))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(run.done), load.seconds)
        seconds = time.perf_counter() - started
        run.end()
        used = {name: now.since(before[name]) for name, now in _cpu(load).items()}
        sampling.cancel()
        await _drain(run)
    finally:
        for connection in connections:
            connection.close()
    return Outcome(
        requests=len(run.latencies),
        seconds=seconds,
        latency=_latency(run.latencies),
        errors=dict(run.errors),
        cpu=used,
        memory={name: tuple(sizes) for name, sizes in samples.items()},
    )


async def _connect(run: Run) -> list[Connection]:
    """The connections of a load; each begins to ask as soon as it is there."""
    loop = asyncio.get_running_loop()
    load = run.load
    attempts = [
        loop.create_connection(lambda: Connection(run), load.host, load.port)
        for _ in range(load.connections)
    ]
    found = []
    for connected in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(connected, BaseException):
            run.errors[f"{type(connected).__name__} while connecting"] += 1
        else:
            found.append(connected[1])
    return found


async def _drain(run: Run) -> None:
    """Wait for the answers that are on their way: what they do must not disturb who comes next."""
    with suppress(TimeoutError):
        await asyncio.wait_for(run.quiet.wait(), _DRAIN_SECONDS)


def _cpu(load: Load) -> dict[str, Cpu]:
    return {name: cpu(pid) for name, pid in load.watched.items()}


async def _sample(load: Load, samples: dict[str, list[int]]) -> None:
    while True:
        for name, pid in load.watched.items():
            samples[name].append(memory(pid))
        await asyncio.sleep(_SAMPLE_SECONDS)


def _latency(seconds: array[float]) -> Latency:
    found = sorted(seconds)

    def percentile(part: float) -> float:
        return found[max(0, math.ceil(part * len(found)) - 1)] * 1000

    if not found:
        return Latency(0.0, 0.0, 0.0, 0.0, 0.0)
    mean = math.fsum(found) / len(found) * 1000
    return Latency(mean, percentile(0.5), percentile(0.95), percentile(0.99), found[-1] * 1000)


def _loop_factories() -> Iterator[type[asyncio.AbstractEventLoop] | None]:
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415 (there is none for Windows)

        yield uvloop.Loop
    yield None


def allow_files(wanted: int) -> None:
    """Let this process, and those that it starts, have so many files open, if they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + _SPARE_FILES
    if soft < enough:
        top = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, top), hard))


def main() -> None:
    """Read a load from standard input, perform it, and write the outcome to standard output."""
    load = Load.from_json(sys.stdin.read())
    allow_files(load.connections)
    with asyncio.Runner(loop_factory=next(_loop_factories())) as runner:
        outcome = runner.run(perform(load))
    sys.stdout.write(outcome.to_json())


if __name__ == "__main__":
    main()

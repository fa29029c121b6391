"""Figures for Prometheus: how each part counts, and how all workers are shown as one.

A part keeps its figures beside what they count, at the top of its module:

    HITS = metrics.counter("cache_hits_total", "Answers out of the cache", "operation")

and counts with `HITS.labels(current.operation()).inc()`. The values of a label come from a fixed
set, never out of a request: each is one more series for as long as the process lives. What is
looked at rather than counted is a gauge, set by a function that is given to the application's
`Sampler`.

Several workers on one machine need PROMETHEUS_MULTIPROC_DIR, a folder for the figures of all:
whichever worker is asked then shows their sum. What ended workers have counted stays in the sums,
and what they had in use does not.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

FOLDER = (
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    else None
)
if FOLDER is None:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
else:
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)

# The client looks for the folder as soon as it is imported.
from prometheus_client import (  # noqa: E402 (FOLDER is first)
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.mmap_dict import MmapedDict  # noqa: E402 (FOLDER is first)
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402 (FOLDER is first)

CONTENT_TYPE = CONTENT_TYPE_LATEST
SAMPLE_SECONDS = 0.5
FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for what takes milliseconds, in seconds."""

STATUS = Path("/proc/self/statm")
FILES = Path("/proc/self/fd")
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


def counter(name: str, about: str, *labels: str) -> Counter:
    """A figure that only grows; its name ends in `_total`."""
    return Counter(name, about, labels)


def histogram(name: str, about: str, *labels: str, bounds: tuple[float, ...] = FAST) -> Histogram:
    """How often a figure was within each of some bounds; its name ends in the unit."""
    return Histogram(name, about, labels, buckets=bounds)


def gauge(name: str, about: str, *labels: str, workers: Literal["sum", "max"] = "sum") -> Gauge:
    """A figure that goes up and down; `workers` tells what the living ones come to together."""
    mode: Literal["livesum", "livemax"] = "livesum" if workers == "sum" else "livemax"
    return Gauge(name, about, labels, multiprocess_mode=mode)


# When each series began is of use to nobody here, and would double their number.
disable_created_metrics()  # type: ignore[no-untyped-call]

BUILD = gauge("service_build_info", "1, with what runs", "version", "python", workers="max")
WORKERS = gauge("service_workers", "Processes that serve")
LAG = histogram("event_loop_lag_seconds", "How much later than it should the event loop woke up")
MEMORY = gauge("worker_resident_memory_bytes", "Memory of the largest worker", workers="max")
OPEN_FILES = gauge(
    "worker_open_files", "Open files and sockets of the worker with most", workers="max"
)
CPU = counter("worker_cpu_seconds_total", "CPU time of all workers, in seconds")


class Sampler:
    """Looks at what isn't counted: every half a second, and whenever the figures are asked for."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._functions: list[Callable[[], None]] = [self._process]
        self._cpu = 0.0

    def add(self, function: Callable[[], None]) -> None:
        """Let a function set its gauges; it must neither wait nor fail."""
        self._functions.append(function)

    def sample(self) -> None:
        """Set all gauges now."""
        for function in self._functions:
            function()

    async def run(self) -> None:
        """Set all gauges again and again, and see how late the event loop is each time."""
        BUILD.labels(self._version, platform.python_version()).set(1)
        WORKERS.set(1)
        loop = asyncio.get_running_loop()
        while True:
            self.sample()
            due = loop.time() + SAMPLE_SECONDS
            await asyncio.sleep(SAMPLE_SECONDS)
            LAG.observe(max(loop.time() - due, 0.0))

    def _process(self) -> None:
        used = time.process_time()
        CPU.inc(used - self._cpu)
        self._cpu = used
        with suppress(OSError):  # only Linux tells it this way
            MEMORY.set(int(STATUS.read_text(encoding="ascii").split()[1]) * PAGE_SIZE)
            OPEN_FILES.set(len(os.listdir(FILES)))


def exposition() -> bytes:
    """The figures as Prometheus reads them; of all workers, where they share a folder."""
    if FOLDER is None:
        return generate_latest()
    registry = CollectorRegistry()
    with _alone(FOLDER):
        _bury(FOLDER)
        MultiProcessCollector(registry, str(FOLDER))  # type: ignore[no-untyped-call]
        return generate_latest(registry)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one worker at a time reads or tidies up."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bury(folder: Path) -> None:
    """Add up what workers have counted that are gone, and forget the rest of them."""
    for file in folder.glob("*.db"):
        kind, _, process = file.stem.rpartition("_")
        if not process.isdigit() or _lives(int(process)):
            continue
        if not kind.startswith("gauge"):
            _add(file, folder / f"{kind}_ended.db")
        file.unlink()


def _add(file: Path, total: Path) -> None:
    sums = MmapedDict(str(total))  # type: ignore[no-untyped-call]
    found = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
    for key, value, _, _ in found:
        before, _ = sums.read_value(key)  # type: ignore[no-untyped-call]
        sums.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call]
    sums.close()  # type: ignore[no-untyped-call]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

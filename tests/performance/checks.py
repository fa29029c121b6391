"""What the reference service has to bear by itself: bursts, storms, memory, and a quick start."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apiwright.bench.measure import MeasureError, exchange, look, put
from apiwright.bench.plan import Load
from apiwright.local.ports import is_free
from tests.performance.running import Server, python_server
from tests.performance.scene import HERE, Scene

REFERENCE_PORT = 8000
BURST = 1000
PATIENCE = 60.0
SETTLED_SECONDS = 5
COUNTED = re.compile(
    r'^http_requests_total\{endpoint="/api/v1/items/",method="GET",status="200"\} ([\d.e+]+)$',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Burst:
    """The reference load test, run so many times: the medians that it printed, in seconds.

    `wrong` counts answers that were no 200; `items` is how many items an answer has.
    """

    medians: tuple[float, ...]
    held: int
    wrong: int
    items: int


@dataclass(frozen=True)
class Storm:
    """Many connections for a while: what went wrong, and the memory from second to second."""

    connections: int
    seconds: float
    rate: float
    p99: float
    errors: dict[str, int]
    memory: tuple[int, ...]

    @property
    def growth(self) -> int:
        """How much memory was added after the first seconds."""
        settled = self.memory[SETTLED_SECONDS:] or self.memory[-1:]
        return settled[-1] - settled[0]


@contextmanager
def service(scene: Scene, output: Path, port: int = 0) -> Iterator[Server]:
    """The generated service with one worker."""
    log = scene.folder / "checks.log"
    with python_server(
        "app.main:app", output, scene.service_environ(), log, workers=1, port=port
    ) as server:
        yield server


def burst(scene: Scene, output: Path, runs: int) -> Burst | None:
    """The reference load test; None where its port is taken, which it does not let us choose."""
    if not is_free(REFERENCE_PORT):
        return None
    medians, held, wrong = [], 0, 0
    with service(scene, output, REFERENCE_PORT) as server:
        _, content = look(f"{server.url}/api/v1/items/")
        for _ in range(runs):
            before = _answered(server)
            done = subprocess.run(
                [sys.executable, str(HERE / "load_reference.py")],
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
            said = re.search(r"Median Response Time: ([\d.]+)s", done.stdout)
            assert said is not None, done.stderr
            medians.append(float(said[1]))
            held += done.returncode == 0
            wrong += BURST - round(_answered(server) - before)
            server.forget_log()
    return Burst(tuple(medians), held, wrong, len(json.loads(content)["items"]))


def storm(scene: Scene, output: Path, seconds: float) -> Storm:
    """A thousand clients at the same time, none of which waits between its requests."""
    with service(scene, output) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        outcome = put(
            Load(
                host=host,
                port=int(port),
                exchanges=(exchange(f"{server.url}/api/v1/items/"),),
                connections=BURST,
                seconds=seconds,
                warm_up=min(SETTLED_SECONDS, seconds),
                watched={"server": server.pid},
            )
        )
    return Storm(
        connections=BURST,
        seconds=seconds,
        rate=outcome.rate,
        p99=outcome.latency.p99,
        errors=dict(outcome.errors),
        memory=outcome.memory["server"],
    )


def first_answer(scene: Scene, output: Path, times: int = 5) -> float:
    """Seconds from the start of the process to the first page of items; the median."""
    found = []
    for _ in range(times):
        with service(scene, output) as server:
            found.append(server.seconds)
    return statistics.median(found)


def imported(scene: Scene, output: Path) -> list[tuple[str, float]]:
    """The memory of an idle worker, package by package: megabytes that the import of each adds."""
    script = HERE / "imports.py"
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=output,
        env=scene.service_environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    return [(name, size) for name, size in json.loads(done.stdout)]


def _answered(server: Server) -> float:
    """How many pages of items the service says that it has given with a 200."""
    status, content = look(f"{server.url}/metrics")
    if status != 200:
        raise MeasureError(f"the metrics are answered with {status}")
    found = COUNTED.search(content.decode())
    return float(found[1]) if found else 0.0

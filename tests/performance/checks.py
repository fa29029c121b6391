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
from apiwright.local.ports import free_port, is_free
from tests.performance.running import Server, generated_server, process, python_server
from tests.performance.scene import HERE, ROOT, Scene

REFERENCE_PORT = 8000
REFERENCE_SECONDS = 0.2
OTHERS = {
    "constant": "an ASGI function that answers with the same bytes always",
    "floor": "the floor",
    "async_orm": "the async ORM peer",
}
OTHER_RUNS = 3
BURST = 1000
PATIENCE = 60.0
WARM_UP_SECONDS = 20.0
COUNTED = re.compile(
    r'^http_requests_total\{endpoint="/api/v1/items/",method="GET",status="200"\} ([\d.e+]+)$',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Burst:
    """The reference load test, run so many times: the medians that it printed, in seconds.

    `wrong` counts answers that were no 200; `items` is how many items an answer has. `others` are
    medians of the same test against others, by their names.
    """

    medians: tuple[float, ...]
    held: int
    wrong: int
    items: int
    others: dict[str, float]


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
        """How much memory was added after the warm-up."""
        return self.memory[-1] - self.memory[0]


@contextmanager
def service(scene: Scene, output: Path, port: int = 0) -> Iterator[Server]:
    """The generated service with one worker."""
    log = scene.folder / "checks.log"
    with generated_server(output, scene.service_environ(), log, port=port) as server:
        yield server


def burst(scene: Scene, output: Path, runs: int) -> Burst | None:
    """The reference load test; None where its port is taken, which it does not let us choose."""
    if not is_free(REFERENCE_PORT):
        return None
    medians, wrong = [], 0
    with service(scene, output, REFERENCE_PORT) as server:
        _, content = look(f"{server.url}/api/v1/items/")
        for _ in range(runs):
            before = _answered(server)
            medians.append(_reference())
            wrong += BURST - round(_answered(server) - before)
            server.forget_log()
    others = {}
    for name, title in OTHERS.items():
        app = f"tests.performance.peers.{name}:app"
        log = scene.folder / f"{name}.log"
        environ = scene.peer_environ()
        with python_server(app, ROOT, environ, log, workers=1, port=REFERENCE_PORT):
            others[title] = statistics.median(_reference() for _ in range(OTHER_RUNS))
    held = sum(median < REFERENCE_SECONDS for median in medians)
    return Burst(tuple(medians), held, wrong, len(json.loads(content)["items"]), others)


def _reference() -> float:
    """The median that the reference load test prints; its assertion is held to what it prints."""
    done = subprocess.run(
        [sys.executable, str(HERE / "load_reference.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    said = re.search(r"Median Response Time: ([\d.]+)s", done.stdout)
    assert said is not None, done.stderr
    found = float(said[1])
    # It prints a rounded figure.
    assert (found < REFERENCE_SECONDS) is (done.returncode == 0) or found == REFERENCE_SECONDS
    return found


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
                warm_up=WARM_UP_SECONDS,
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


def profile(scene: Scene, output: Path, seconds: float) -> list[tuple[str, float]]:
    """Where the CPU time of a list goes: the share of each module, the largest first."""
    port = free_port()
    found = scene.folder / "profile.json"
    command = [sys.executable, str(HERE / "profiling.py"), str(port), str(found)]
    log = scene.folder / "profile.log"
    with process(command, output, scene.service_environ(), log, port) as server:
        exchanges = (exchange(f"{server.url}/api/v1/items/"),)
        put(Load("127.0.0.1", port, exchanges, connections=32, seconds=seconds))
    return [(module, share) for module, share in json.loads(found.read_text(encoding="utf-8"))]


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

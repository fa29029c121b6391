"""What is measured: our generated services, the peers, and the floor."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.performance.running import (
    Server,
    generated_server,
    granian,
    has_node,
    node_server,
    python_server,
)
from tests.performance.scene import HERE, ROOT, Scene

POLICIES = frozenset({"x-rate-limit", "x-versioned", "x-idempotent"})
"""What the reference contract declares beyond what its operations need to answer."""
HEADERS = [{"$ref": f"#/components/parameters/{name}"} for name in ("IfMatch", "IfNoneMatch")]
"""What clients send to make use of them."""

Start = Callable[[Scene, Path, int], AbstractContextManager[Server]]

OURS, OFFERS, ASYNC_ORM, SYNC_ORM, FLOOR, FASTIFY = (
    "apiwright",
    "apiwright-offers",
    "async-orm",
    "sync-orm",
    "floor",
    "fastify",
)
BARE = "bare"


@dataclass(frozen=True)
class Variant:
    """One way to write the service, and how to start it: with a log, and so many workers."""

    name: str
    title: str
    start: Start


def generated(name: str, title: str, service: Path) -> Variant:
    """A service that apiwright has generated, at this place."""

    def start(scene: Scene, log: Path, workers: int) -> AbstractContextManager[Server]:
        return generated_server(service, scene.service_environ(workers), log, workers)

    return Variant(name, title, start)


def peer(name: str, title: str, module: str) -> Variant:
    """A peer in Python."""

    def start(scene: Scene, log: Path, workers: int) -> AbstractContextManager[Server]:
        app = f"tests.performance.peers.{module}:app"
        return python_server(app, ROOT, scene.peer_environ(workers), log, workers)

    return Variant(name, title, start)


def fastify(scene: Scene, log: Path, workers: int) -> AbstractContextManager[Server]:
    """The peer in JavaScript."""
    return node_server(scene.peer_environ(workers), log, workers)


def variants(service: Path, offers: Path) -> tuple[Variant, ...]:
    """All that this machine can run; `offers` is the service with the owner embedded."""
    found = (
        generated(OURS, "apiwright", service),
        generated(OFFERS, "apiwright", offers),
        peer(ASYNC_ORM, "FastAPI, async SQLAlchemy ORM", "async_orm"),
        peer(SYNC_ORM, "FastAPI, sync SQLAlchemy ORM", "sync_orm"),
        peer(FLOOR, "bare ASGI function (the floor)", "floor"),
    )
    node = (Variant(FASTIFY, "Fastify with pg", fastify),) if has_node() else ()
    return found + node


def servers(service: Path) -> tuple[Variant, ...]:
    """The service on different servers, the one of its Dockerfile first."""

    def uvicorn(name: str, *more: str) -> Variant:
        def start(scene: Scene, log: Path, workers: int) -> AbstractContextManager[Server]:
            environ = scene.service_environ(workers)
            return python_server("app.main:app", service, environ, log, workers, more=more)

        return Variant(name, name, start)

    def other(scene: Scene, log: Path, workers: int) -> AbstractContextManager[Server]:
        return granian(service, scene.service_environ(workers), log, workers)

    found = (
        generated("app.serving", "app.serving", service),
        uvicorn("httptools", "--http", "httptools"),
        uvicorn("h11", "--http", "h11"),
        uvicorn("asyncio", "--http", "httptools", "--loop", "asyncio"),
    )
    has_granian = importlib.util.find_spec("granian") is not None
    return (*found, Variant("granian", "granian", other)) if has_granian else found


def generate_offers(folder: Path) -> Path:
    """The service of the second contract, generated into a folder; the place that it runs from."""
    return _generate(HERE / "embedded.yaml", folder)


def generate_bare(folder: Path) -> Path:
    """The service of the reference contract without its policies; the place that it runs from."""
    contract = yaml.safe_load((ROOT / "specs" / "openapi.yaml").read_text(encoding="utf-8"))
    bare = folder.with_suffix(".yaml")
    bare.write_text(yaml.safe_dump(_without(contract, POLICIES)), encoding="utf-8")
    return _generate(bare, folder)


def _generate(contract: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "apiwright", "init", str(folder), "--from", str(contract)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "generated"


def _without(value: Any, names: Collection[str]) -> Any:
    """A document without the properties of these names, wherever they are."""
    if isinstance(value, dict):
        return {key: _without(part, names) for key, part in value.items() if key not in names}
    if isinstance(value, list):
        kept = (part for part in value if part not in HEADERS)
        return [_without(part, names) for part in kept]
    return value

"""What is measured: our generated services, the peers, and the floor."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import reduce
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

DECLARED = {
    "rate limits": "x-rate-limit",
    "versions of rows": "x-versioned",
    "idempotency keys": "x-idempotent",
}
"""The policies of the reference contract, each by the word that declares it."""
ADDED: dict[str, tuple[tuple[tuple[str, ...], Any], ...]] = {
    "events": ((("components", "schemas", "Item", "x-events"), True),),
    "audit trail": ((("components", "schemas", "Item", "x-audit"), True),),
    "kept answers": (
        (("paths", "/items/", "get", "x-cache"), 30),
        (("paths", "/items/{item_id}", "get", "x-cache"), 30),
    ),
}
"""Policies that the reference contract has no use for, each by what has to be said where."""
HEADERS = [{"$ref": f"#/components/parameters/{name}"} for name in ("IfMatch", "IfNoneMatch")]
"""What clients send to make use of versions."""

Start = Callable[[Scene, Path, int], AbstractContextManager[Server]]

OURS, OFFERS, ASYNC_ORM, SYNC_ORM, FLOOR, FASTIFY = (
    "apiwright",
    "apiwright-offers",
    "async-orm",
    "sync-orm",
    "floor",
    "fastify",
)
NO_POLICY, ALL_POLICIES = "none", "all, but kept answers"
EVERY_POLICY = (NO_POLICY, *DECLARED, *ADDED, ALL_POLICIES)


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


def policies() -> dict[str, dict[str, Any]]:
    """The reference contract without its policies, with one of them alone, and with all.

    Kept answers are not among all: they save more than they cost, and would hide the others.
    """
    contract = yaml.safe_load((ROOT / "specs" / "openapi.yaml").read_text(encoding="utf-8"))

    def made(declared: Collection[str], added: Iterable[str]) -> dict[str, Any]:
        words = {word for name, word in DECLARED.items() if name not in declared}
        headers = () if "versions of rows" in declared else HEADERS
        edited: dict[str, Any] = _without(contract, words, headers)
        for path, value in (edit for name in added for edit in ADDED[name]):
            *inner, last = path
            reduce(lambda place, key: place[key], inner, edited)[last] = value
        return edited

    found = {NO_POLICY: made((), ())}
    found |= {name: made((name,), ()) for name in DECLARED}
    found |= {name: made((), (name,)) for name in ADDED}
    return {**found, ALL_POLICIES: made(DECLARED, ("events", "audit trail"))}


def generate_from(contract: dict[str, Any], folder: Path) -> Path:
    """The service of a contract, generated into a folder; the place that it runs from."""
    written = folder.with_suffix(".yaml")
    written.write_text(yaml.safe_dump(contract), encoding="utf-8")
    return _generate(written, folder)


def _generate(contract: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "apiwright", "init", str(folder), "--from", str(contract)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "generated"


def _without(value: Any, words: Collection[str], parameters: Collection[Any]) -> Any:
    """A document without the properties and the parameters named, wherever they are."""
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if key not in words}
        return {key: _without(part, words, parameters) for key, part in kept.items()}
    if isinstance(value, list):
        return [_without(part, words, parameters) for part in value if part not in parameters]
    return value

"""The service of `tests/services/orders.yaml` with overrides and handlers, after some trade."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import redis

from apiwright.local import Servers
from tests.events.story import (
    CANARY,
    Customer,
    Receiver,
    Relays,
    eventually,
    join,
    jwt_keys,
    receiving,
    settings,
    trade,
)
from tests.support.command import apiwright, succeeded
from tests.support.running import (
    ROOT,
    Running,
    running_service,
    scratch_database,
    service_environ,
)

SERVICE = '''
from __future__ import annotations

from uuid import UUID

from typing_extensions import override

from app import models
from app.errors import Conflict
from app.repositories.order_repository import ORDER_LOADS
from app.schemas.order import ChangeOrderRequest, Order
from app.services import order_service


class OrderService(order_service.OrderService):
    """Some orders are refused after they have been written; shipping is only told."""

    @override
    async def change_order(self, id_: UUID, body: ChangeOrderRequest) -> Order:
        changed = await super().change_order(id_, body)
        if changed.count == 13:
            raise Conflict
        return changed

    @override
    async def ship_order(self, id_: UUID) -> Order:
        order = await self.orders.get(
            models.Order.id == id_, *self.owned(models.Order.customer_id), loads=ORDER_LOADS
        )
        await self.publish("order.shipped", order)
        return Order.model_validate(order)
'''
HANDLERS = '''
from __future__ import annotations

from uuid import UUID

from typing_extensions import override

from app import models
from app.events import EventOf, handlers
from app.schemas.order import Order

FAILED: set[UUID] = set()


class EventHandlers(handlers.EventHandlers):
    """A label for each order that is placed, at the second try."""

    @override
    async def order_placed(self, event: EventOf[Order]) -> None:
        self.session.add(models.Label(name=str(event.data.id)))
        await self.session.flush()
        if event.id not in FAILED:
            FAILED.add(event.id)
            raise RuntimeError("not at the first try")
'''
KILLS = 4


@dataclass(frozen=True)
class Aftermath:
    """What is left when all is done: rows, entries of the stream, requests to the receiver."""

    customers: list[Customer]
    receiver: Receiver
    stream: list[dict[str, str]]
    running: Running
    relays: Relays
    url: str
    log: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated project."""
    folder = tmp_path_factory.mktemp("orders")
    for name, text in {
        "specs/openapi.yaml": (ROOT / "tests" / "services" / "orders.yaml").read_text(),
        "overrides/__init__.py": "",
        "overrides/orders.py": SERVICE,
        "overrides/events.py": HANDLERS,
    }.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    succeeded(apiwright(folder, "generate", "--no-verify"))
    return folder


@pytest.fixture(scope="session")
def aftermath(
    project: Path, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Aftermath]:
    """Trade, with relays that are killed at random moments, until all is told."""
    folder = tmp_path_factory.mktemp("aftermath")
    log = folder / "relays.log"
    with scratch_database(servers) as url, receiving() as receiver:
        more = {"JWT_KEYS": jwt_keys(), "EVENT_STREAM": folder.name, **settings(receiver)}
        environ = service_environ(url, servers.redis_url, **more)
        with running_service(project / "generated", environ, folder) as running:
            relays = Relays(running, log)
            try:
                customers = _trade(running, relays)
                found = Aftermath(customers, receiver, [], running, relays, url, log)
                eventually(lambda: all_is_told(found), "everything is told")
                found.stream.extend(_stream(servers.redis_url, folder.name))
                yield found
            finally:
                relays.close()


def _trade(running: Running, relays: Relays) -> list[Customer]:
    """While customers trade, relays are killed, each time at some moment of their work."""
    chance, over = random.Random(7), threading.Event()
    customers = [join(running.url, f"customer{number}") for number in range(4)]
    threads = [threading.Thread(target=trade, args=(c, over)) for c in customers]
    for thread in threads:
        thread.start()
    try:
        for turn in range(1, KILLS + 1):
            relays.start()
            eventually(lambda: relays.said("turn") >= turn, "a relay works")  # noqa: B023
            time.sleep(chance.uniform(0.0, 0.4))
            relays.kill()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    relays.start()
    relays.start()
    return [*customers, _odds_and_ends(running)]


def _odds_and_ends(running: Running) -> Customer:
    """What else can happen to an order, and secrets in every place that takes one."""
    customer = join(running.url, "careful")
    changed = {"password": f"{CANARY}-another", "email": "renamed@example.com"}
    assert customer.client.patch("/me", json=changed).status_code == 200
    label = customer.client.post("/labels", json={"name": "urgent"}).json()
    key = customer.place(1, door_pin=f"{CANARY}-pin", label_ids=[label["id"]])
    whole = {"what": "Chairs", "count": 2, "price": "7.00", "label_ids": []}
    for method, path, body, status in (
        ("PUT", f"/orders/{key}", whole, 200),
        ("POST", f"/orders/{key}/ship", None, 200),
        ("DELETE", f"/orders/{key}", None, 204),
        ("POST", f"/orders/{key}/restore", None, 200),
    ):
        response = customer.client.request(method, path, json=body)
        assert response.status_code == status, response.text
    customer.confirmed[key] += [2, "shipped", "cancelled", "reopened"]
    refused: httpx2.Response = customer.client.patch(f"/orders/{key}", json={"count": -1})
    assert refused.status_code == 422
    return customer


def all_is_told(aftermath: Aftermath) -> bool:
    """Whether every event has reached everybody, or been given up."""
    [[open_events]] = aftermath.rows(
        "SELECT (SELECT count(*) FROM event_deliveries) + (SELECT count(*) FROM outbox_events "
        "WHERE streamed_at IS NULL OR routed_at IS NULL)"
    )
    return bool(open_events == 0)


def _stream(url: str, name: str) -> list[dict[str, str]]:
    client = redis.Redis.from_url(url, decode_responses=True)
    try:
        entries: Any = client.xrange(name)
        return [fields for _, fields in entries]
    finally:
        client.delete(name)
        client.close()

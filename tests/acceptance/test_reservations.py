"""The one piece of hand-written logic of the reference service, under pressure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest

from apiwright.local import Servers
from tests.support.running import ROOT, Running, running_service, scratch_database, service_environ


@pytest.fixture(scope="module")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The reference service."""
    with scratch_database(servers) as url:
        environ = service_environ(url, servers.redis_url)
        folder = tmp_path_factory.mktemp("reservations")
        with running_service(ROOT / "generated", environ, folder) as found:
            yield found


def test_a_hundred_reservations_at_once_never_sell_too_much(running: Running) -> None:
    """Of a hundred callers who want two of sixty pieces, thirty get them, the others a 409."""
    asyncio.run(reserve_all(f"{running.url}/api/v1"))


async def reserve_all(url: str) -> None:
    """Reserve a hundred times at once, and count."""
    limits = httpx2.Limits(max_connections=100)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        account = {"email": "seller@example.com", "password": "correct horse", "full_name": "S"}
        assert (await client.post("/users/", json=account)).status_code == 201
        form = {"username": account["email"], "password": account["password"]}
        token = (await client.post("/auth/token", data=form)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        sent = {"title": "Lamp", "price": "19.99", "quantity": 60}
        item = (await client.post("/items/", json=sent)).json()
        reserve = f"/items/{item['id']}/reserve"
        answers = await asyncio.gather(
            *(client.post(reserve, json={"quantity": 2}) for _ in range(100))
        )
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(200) == 30, statuses
        assert statuses.count(409) == 70, statuses
        left = sorted(a.json()["quantity"] for a in answers if a.status_code == 200)
        assert left == list(range(0, 60, 2))
        shown = (await client.get(f"/items/{item['id']}")).json()
        assert (shown["quantity"], shown["status"]) == (0, "sold_out")

"""What happens to the service of `tests/services/orders.yaml` in these tests, and what is left.

Customers place and change orders while relays are killed again and again; a receiver of webhooks
fails, dawdles and redirects. Everything after that is a look at what arrived.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from tests.support.running import Running

KEY = base64.b64encode(b"a key of webhooks, 32 bytes long")
SECRET = f"whsec_{KEY.decode()}"
CANARY = "canary-7f3a"
"""Stands in every secret that is sent; nowhere else may it be found."""

REFUSED = 13
"""An order of so many is refused by the override, after it has been written."""

PATIENCE = 180.0
DAWDLE = 2.5


@dataclass
class Request:
    """A webhook as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The id of the event."""
        return self.headers["webhook-id"]

    def verifies(self) -> bool:
        """Whether the signature is that of Standard Webhooks."""
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        digest = hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()
        return self.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@dataclass
class Receiver:
    """An endpoint for webhooks; of each event the first requests fail, in one way or another."""

    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    mended: bool = False
    port: int = 0

    def answer(self, request: Request) -> int:
        """The status of the answer; a redirect leads to a place where nothing may arrive."""
        tried = sum(1 for r in self.requests if (r.id, r.path) == (request.id, request.path))
        self.requests.append(request)
        if request.path == "/broken":
            status = 204 if self.mended else 500
        elif tried == 0:
            status = random.Random(request.id).choice([204, 204, 204, 204, 500, 307, 0])
        else:
            status = 204
        if status == 204:
            self.taken.append(request)
        if status == 0:
            time.sleep(DAWDLE)
        return status or 503

    def at(self, path: str) -> list[Request]:
        """What was taken at a path."""
        return [request for request in self.taken if request.path == path]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens on loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.answer(Request(self.path, headers, body))
            self.send_response(status)
            if status == 307:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/trap")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return  # the relay did not wait

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


class Relays:
    """Relays as processes, which can be killed; what they say goes to a file."""

    def __init__(self, running: Running, log: Path) -> None:
        self._running = running
        self._path = log
        self._log = log.open("ab")
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """One more."""
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "app.relay"],
                cwd=self._running.output,
                env=self._running.environ,
                stdout=self._log,
                stderr=self._log,
            )
        )

    def kill(self) -> None:
        """End all of them without a warning."""
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def said(self, what: str) -> int:
        """How often any of them has said something."""
        return self._path.read_text().count(what)

    def stop(self) -> list[int]:
        """Ask all of them to end; how they did."""
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(30) for process in self._processes]
        self._processes.clear()
        return codes

    def close(self) -> None:
        """Leave nothing behind."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._log.close()


@dataclass
class Customer:
    """Somebody who places orders, and what was confirmed to them."""

    client: httpx2.Client
    confirmed: dict[str, list[int | str]] = field(default_factory=dict)
    refused: int = 0

    def place(self, count: int, **more: Any) -> str:
        """Place an order; its key."""
        body = {"what": "Lamps", "count": count, "price": "9.90", "label_ids": [], **more}
        response = self.client.post("/orders", json=body)
        assert response.status_code == 201, response.text
        key: str = response.json()["id"]
        self.confirmed[key] = [count]
        return key

    def change(self, key: str, count: int) -> None:
        """Change an order, or try to."""
        response = self.client.patch(f"/orders/{key}", json={"count": count})
        if count == REFUSED:
            assert response.status_code == 409, response.text
            self.refused += 1
            return
        assert response.status_code == 200, response.text
        self.confirmed[key].append(count)


def join(url: str, name: str) -> Customer:
    """A new customer, signed in."""
    password = f"{CANARY}-password-{name}"
    client = httpx2.Client(base_url=url, timeout=30)
    joined = {"email": f"{name}@example.com", "password": password, "cardNumber": f"{CANARY} 4111"}
    response = client.post("/customers", json=joined)
    assert response.status_code == 201, response.text
    signed_in = client.post("/login", json={"email": joined["email"], "password": password})
    assert signed_in.status_code == 200, signed_in.text
    client.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"
    return Customer(client)


def trade(customer: Customer, over: threading.Event) -> None:
    """Place orders and change each of them, also to what is refused, until it is over."""
    while not over.is_set():
        key = customer.place(1)
        for count in (2, 3, REFUSED, 4, 5):
            customer.change(key, count)
            over.wait(0.05)


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; AssertionError if it takes too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE:.0f} seconds: {what}")


def settings(receiver: Receiver) -> dict[str, str]:
    """What the relay is set to: two endpoints of one receiver, of which one is broken."""
    base = f"http://127.0.0.1:{receiver.port}"
    endpoints = {
        "shop": {"url": f"{base}/shop", "secret": SECRET},
        "broken": {"url": f"{base}/broken", "secret": SECRET, "webhooks": ["orderShipped"]},
    }
    return {
        "WEBHOOK_ENDPOINTS": json.dumps(endpoints),
        "WEBHOOK_PRIVATE_ADDRESSES": "true",
        "DELIVERY_PAUSE": "0.02",
        "DELIVERY_TIMEOUT": "2",
        "DELIVERY_ATTEMPTS": "8",
        "RELAY_POLL_SECONDS": "0.2",
        "RELAY_BATCH": "10",
    }


def jwt_keys() -> str:
    """Keys for the access tokens of this run."""
    return json.dumps({"tests": base64.b64encode(os.urandom(48)).decode()})

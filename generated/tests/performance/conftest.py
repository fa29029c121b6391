"""The service as it runs elsewhere: behind its own server, on a port of this machine."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from threading import Thread

import pytest
import uvicorn

from tests import factories
from tests.conftest import new_application
from tests.factories import Make
from tests.scratch import Scratch
from tests.wire import text


@pytest.fixture
def address(scratch: Scratch) -> Iterator[str]:
    """Where the service answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(new_application(), log_level="warning"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def stored(make: Make) -> object:
    """What a list has to show."""
    rows = [make(factories.item_row) for _ in range(3)]
    return {text(row.id) for row in rows}

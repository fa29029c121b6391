"""Ports: free, taken, remembered."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from apiwright.local import LocalServerError, ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_is_free() -> None:
    port = ports.free_port()
    assert ports.is_free(port)
    assert not ports.answers(port)


def test_a_taken_port_is_not_free(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.answers(taken)


def test_the_last_port_comes_back_while_it_is_free(taken: int) -> None:
    free = ports.free_port()
    assert ports.choose(None, free) == free
    assert ports.choose(None, taken) != taken
    assert ports.choose(None, None) > 0


def test_a_wanted_port_is_given_or_refused(taken: int) -> None:
    free = ports.free_port()
    assert ports.choose(free, None) == free
    with pytest.raises(LocalServerError, match="is in use"):
        ports.choose(taken, None)
    with pytest.raises(LocalServerError, match="65535"):
        ports.choose(70000, None)


def test_another_failure_than_a_taken_port_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "HOST", "192.0.2.1")
    with pytest.raises(OSError, match="assign"):
        ports.is_free(1)


def test_an_error_reads_as_one_line() -> None:
    assert str(LocalServerError("it is so", "do this")) == "it is so (do this)"
    assert str(LocalServerError("it is so")) == "it is so"

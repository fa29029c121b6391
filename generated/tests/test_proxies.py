"""Proxies that are trusted to say whom they speak for, and clients that are not."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from app.main import create_app
from app.proxies import TrustedProxies
from tests.conftest import settings_with

OURS = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]
CLIENT = "192.0.2.7"


def seen(peer: str | None, *forwarded: str, proto: str = "") -> tuple[str, str]:
    """The address and the scheme of the client, as the service sees them."""
    found: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope)

    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    if proto:
        headers.append((b"x-forwarded-proto", proto.encode()))
    scope = {
        "type": "http",
        "headers": headers,
        "client": None if peer is None else (peer, 1),
        "scheme": "http",
    }
    asyncio.run(TrustedProxies(application, OURS)(scope, None, None))  # type: ignore[arg-type]  # nobody receives or sends
    return found[0]["client"][0], found[0]["scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (CLIENT, ["203.0.113.1"], CLIENT),
        ("10.0.0.1", [CLIENT], CLIENT),
        ("10.0.0.1", [f"203.0.113.1, {CLIENT}"], CLIENT),
        ("10.0.0.1", ["203.0.113.1", CLIENT], CLIENT),
        ("10.0.0.1", [f"203.0.113.1, {CLIENT}, 10.0.0.2"], CLIENT),
        ("10.0.0.1", [f"{CLIENT}:4711"], CLIENT),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("2001:db8:ffff::1", ["::ffff:192.0.2.7"], CLIENT),
        ("::ffff:10.0.0.1", [CLIENT], CLIENT),
        ("10.0.0.1", [f"{CLIENT}, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [f"{CLIENT}, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        (None, [CLIENT], CLIENT),
    ],
)
def test_the_first_hop_that_is_not_ours_is_the_client(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    """From the right: what stands to the left of the client is what the client made up."""
    assert seen(peer, *forwarded)[0] == client


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "gopher", "http"),
        (CLIENT, "https", "http"),
    ],
)
def test_the_scheme_is_that_of_the_client(peer: str, proto: str, scheme: str) -> None:
    """A proxy of ours knows it; anybody else may say what they like."""
    assert seen(peer, proto=proto)[1] == scheme


def test_proxies_are_trusted_only_where_they_are_set() -> None:
    """The service works behind them, and knows of none by itself."""
    settings = settings_with(trusted_proxies=tuple(OURS))
    for trusting, application in ((True, create_app(settings)), (False, create_app())):
        kinds = [str(middleware.cls) for middleware in application.user_middleware]
        assert (str(TrustedProxies) in kinds) is trusting
    response = TestClient(create_app(settings), client=("10.0.0.1", 1)).get("/health/live")
    assert response.status_code == 200

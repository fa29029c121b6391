"""Addresses of clients.

They are those of connections, or come from proxies that are trusted (`app.proxies`), and never what
anybody could write into a header.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.requests import Request

SUBSCRIBER = 64
"""The prefix of a network (RFC 6177) whose owner can use any address in it."""


@lru_cache(maxsize=4096)
def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with IPv4 inside IPv6 (RFC 4291, section 2.5.5.2) as IPv4; None for none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def address_of(request: Request) -> str:
    """What the requests of a client are counted by: its address, or its network in IPv6."""
    return network(request.client.host if request.client is not None else "")


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """What an address is counted as; whatever is no address is itself."""
    found = parsed(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), SUBSCRIBER), strict=False))
    return address[:64] if found is None else str(found)

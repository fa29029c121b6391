"""Proxies that are trusted to say whom they speak for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

from starlette.types import ASGIApp, Receive, Scope, Send

from app.utils.addresses import parsed

FORWARDED_FOR = b"x-forwarded-for"
FORWARDED_PROTO = b"x-forwarded-proto"
SCHEMES = frozenset({"http", "https"})


class TrustedProxies:
    """Takes address and scheme of the client from X-Forwarded-For and -Proto, as pure ASGI.

    Each proxy adds the address that it was called from on the right. The first one from there that
    is not a proxy of ours is the client; what stands to its left is what the client made up.
    """

    def __init__(self, app: ASGIApp, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self.app = app
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and self._trusts(_peer(scope)):
            hops = _listed(scope, FORWARDED_FOR)
            schemes = [name for name in _listed(scope, FORWARDED_PROTO)[-1:] if name in SCHEMES]
            scope = {
                **scope,
                "client": (self._client(_peer(scope), hops), 0),
                "scheme": schemes[0] if schemes else scope["scheme"],
            }
        await self.app(scope, receive, send)

    def _client(self, peer: str, hops: Iterable[str]) -> str:
        client = peer
        for hop in reversed(list(hops)):
            address = parsed(_without_port(hop))
            if address is None:
                break
            client = str(address)
            if not self._trusts(client):
                break
        return client

    def _trusts(self, text: str) -> bool:
        """Whether a proxy of ours is at this address; there is none at a socket of Unix."""
        address = parsed(text)
        return not text or (address is not None and any(address in net for net in self._networks))


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _listed(scope: Scope, wanted: bytes) -> list[str]:
    """The entries of a header, however many lines it has (RFC 9110, section 5.3)."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]
    return [entry.strip() for line in lines for entry in line.split(",")]


def _without_port(hop: str) -> str:
    """The address alone of `192.0.2.1:8080` and `[2001:db8::1]:8080`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop

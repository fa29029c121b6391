"""Who may call what: schemes that are declared, and scopes that they have.

OpenAPI 3.0.4 sections 4.7.27 and 4.7.30, 3.1.1 sections 4.8.27 and 4.8.30.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.roles import check_scope, scopes_of
from apiwright.check.words import quoted, surely_meant
from apiwright.load import Node
from apiwright.load.wording import shown

_URLS = ("tokenUrl", "refreshUrl", "authorizationUrl")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def check_requirements(contract: Contract, found: Findings) -> None:
    """Every scheme that is required is declared, and has the scopes that are required of it."""
    schemes = contract.section("securitySchemes")
    for requirement in contract.of("security-requirement"):
        for name, scopes in requirement.node.mapping.items():
            written = schemes.get(name)
            if written is None:
                _unknown_scheme(name, scopes, schemes, found)
            else:
                _check_scopes(name, scopes, contract.resolve(written), contract, found)


def _unknown_scheme(name: str, scopes: Node, schemes: Mapping[str, Node], found: Findings) -> None:
    """A slip is an error; contracts that leave out schemes of a gateway before them exist."""
    meant = surely_meant(name, schemes)
    message = f"there is no security scheme {quoted(name)}"
    if meant:
        hint = f"did you mean '{shown(meant)}'?"
        found.error("unknown-security-scheme", message, scopes.key_position, hint=hint)
    else:
        message += ", so that nobody gets in by it"
        hint = "schemes are declared in the components"
        found.warning("unknown-security-scheme", message, scopes.key_position, hint=hint)


def _check_scopes(
    name: str, scopes: Node, scheme: Node, contract: Contract, found: Findings
) -> None:
    kind = scheme.string("type")
    if kind == "oauth2":
        for scope in scopes.items:
            check_scope(scope, scopes_of(scheme), found)
    elif contract.legacy and kind in ("apiKey", "http") and scopes.items:
        message = f"{quoted(name)} is of type '{kind}', which has no scopes in OpenAPI 3.0"
        found.error("scopes-without-oauth2", message, scopes.items[0].position)


def check_schemes(contract: Contract, found: Findings) -> None:
    """What only some schemes may say, and tokens that would travel in the open."""
    for place in contract.of("security-scheme"):
        scheme = place.node.string("scheme")
        format_ = place.node.get("bearerFormat")
        if contract.legacy and format_ is not None and scheme and scheme.lower() != "bearer":
            message = "'bearerFormat' is for the scheme 'bearer'"
            found.error("unknown-field", message, format_.key_position)
        for url in _urls(place.node):
            message = (
                f"{quoted(url.text)} is not encrypted: who listens learns passwords and tokens"
            )
            hint = "use https, or a path of this service"
            found.warning("plain-http", message, url.position, hint=hint)


def _urls(scheme: Node) -> Iterator[Node]:
    """The addresses of a scheme to which secrets would go without encryption."""
    nodes = [scheme.get("openIdConnectUrl")]
    nodes += [flow.get(name) for flow in scheme.entries("flows").values() for name in _URLS]
    for node in nodes:
        plain = node is not None and node.text.lower().startswith("http://")
        if node is not None and plain and _host(node.text) not in _LOCAL:
            yield node


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None

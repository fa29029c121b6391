"""Who may call what: schemes that are declared, and scopes that they have.

OpenAPI 3.0.4 sections 4.7.27 and 4.7.30, 3.1.1 sections 4.8.27 and 4.8.30.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.roles import check_scope, scopes_of
from apiwright.check.words import quoted, surely_meant
from apiwright.ir.operations import weakest
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


def check_ways(contract: Contract, found: Findings) -> None:
    """Ways to be let in that OpenAPI allows, and the service doesn't offer as they stand there."""
    schemes = {
        name: contract.resolve(node) for name, node in contract.section("securitySchemes").items()
    }
    places = [contract.root, *(operation.node for operation in contract.operations)]
    for place in places:
        written = place.get("security")
        ways = written.items if written is not None else []
        _check_optional(ways, found)
        for way in ways:
            _check_together(way, schemes, found)
        _check_either([way for way in ways if _is_token(way, schemes)], found)
        _check_either([way for way in ways if _is_key(way, schemes)], found)


def _check_optional(ways: Sequence[Node], found: Findings) -> None:
    """Whoever may call without saying who they are isn't asked."""
    nobody = [way for way in ways if not way.mapping]
    if nobody and len(ways) > 1:
        message = "anybody may call this, and who calls with credentials all the same isn't known"
        hint = "leave '{}' out if callers matter, or have two operations"
        found.note("optional-sign-in", message, nobody[0].position, hint=hint)


def _check_together(way: Node, schemes: Mapping[str, Node], found: Findings) -> None:
    """A key and a token, or two keys, that are wanted together."""
    kinds = [credential(schemes[name]) for name in way.mapping if name in schemes]
    if len(kinds) < len(way.mapping) or set(kinds) <= {"token"} or "" in kinds or len(kinds) < 2:
        return
    listed = " and ".join(quoted(name) for name in way.mapping)
    message = f"{listed} are wanted together, which lets nobody in: the service looks at one"
    hint = (
        "list them apart if either is enough; let what stands before the service look at the key "
        "of a program, if the token says who calls"
    )
    found.warning("credentials-together", message, way.position, hint=hint)


def _check_either(ways: Sequence[Node], found: Findings) -> None:
    """Several ways of one kind, of which the service asks for one."""
    asked = [tuple(s.text for scopes in way.mapping.values() for s in scopes.items) for way in ways]
    if len(asked) < 2 or weakest(asked) is not None:
        return
    first = ", ".join(quoted(scope) for scope in asked[0])
    message = f"either of these is enough by OpenAPI; the service asks everybody for {first}"
    hint = "give a scope of its own to what each of them may do, and require that"
    found.warning("either-scopes", message, ways[1].position, hint=hint)


def _is_token(way: Node, schemes: Mapping[str, Node]) -> bool:
    kinds = {credential(schemes[name]) for name in way.mapping if name in schemes}
    return bool(way.mapping) and kinds == {"token"}


def _is_key(way: Node, schemes: Mapping[str, Node]) -> bool:
    return len(way.mapping) == 1 and all(
        name in schemes and credential(schemes[name]) == "key" for name in way.mapping
    )


def credential(scheme: Node) -> str:
    """What callers show by a scheme: a token or a key; "" where the service knows neither."""
    kind = scheme.string("type")
    bearer = kind == "http" and scheme.string("scheme").lower() == "bearer"
    if bearer or (kind == "oauth2" and "password" in scheme.entries("flows")):
        return "token"
    return "key" if kind == "apiKey" else ""


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

"""Limits of requests: `x-rate-limit`."""

from __future__ import annotations

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import Node, Place

_WORD = "x-rate-limit"
_MINUTE = 60


def check_limits(contract: Contract, found: Findings) -> None:
    """Limits can be reached, are said once, and stand where there are requests to limit."""
    schemes = [contract.resolve(node) for node in contract.section("securitySchemes").values()]
    keys = any(scheme.string("type") == "apiKey" for scheme in schemes)
    for kind in ("openapi", "tag", "operation"):
        for place in contract.of(kind):
            node = place.node.get(_WORD)
            if node is None:
                continue
            _check_tag(place, node, contract, found)
            seen: dict[tuple[object, str], Node] = {}
            for limit in node.items or [node]:
                _check_burst(limit, found)
                _check_repeated(limit, seen, found)
                _check_identity(limit, found, keys=keys, accounts=bool(schemes))


def _check_tag(place: Place, node: Node, contract: Contract, found: Findings) -> None:
    name = place.node.string("name")
    used = {tag.text for operation in contract.operations for tag in operation.node.list_of("tags")}
    if place.kind == "tag" and name not in used:
        message = f"no operation has the tag {quoted(name)}, so nothing is limited"
        found.warning("idle-limit", message, node.key_position)


def _check_burst(limit: Node, found: Findings) -> None:
    burst, quota = _number(limit, "burst"), _number(limit, "limit")
    if burst > quota > 0:
        message = f"{burst} requests at once are more than {quota} in the whole window"
        found.error("burst-above-limit", message, limit.mapping["burst"].position)


def _number(limit: Node, field: str) -> int:
    """A number that is known to be one, or 0."""
    node = limit.get(field)
    return int(node.value) if node is not None and isinstance(node.value, int | float) else 0


def _check_repeated(limit: Node, seen: dict[tuple[object, str], Node], found: Findings) -> None:
    """Two limits of a list that count the same thing in the same window: only one can matter."""
    window = limit.get("window")
    key = (window.value if window is not None else _MINUTE, limit.string("per") or "user")
    if key in seen:
        message = f"there is a limit per {key[1]} in {key[0]} seconds already"
        related = [(seen[key].position, "the other one")]
        found.error("repeated-limit", message, limit.position, related=related)
    seen.setdefault(key, limit)


def _check_identity(limit: Node, found: Findings, *, keys: bool, accounts: bool) -> None:
    """Nobody is counted by what nobody has."""
    per = limit.get("per")
    if per is None:
        return
    if per.text == "key" and not keys:
        message = "nobody sends an API key: the contract has no scheme of the type apiKey"
        hint = "accounts are counted in their place, and addresses where nobody is signed in"
        found.warning("idle-identity", message, per.position, hint=hint)
    elif per.text == "user" and not accounts:
        message = "nobody signs in: the contract has no security schemes"
        hint = "addresses are counted in the place of accounts; say so with `per: address`"
        found.warning("idle-identity", message, per.position, hint=hint)

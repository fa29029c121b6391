"""Differences in what an operation asks of whoever calls it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from apiwright.breaking.addresses import Operation
from apiwright.breaking.change import Level
from apiwright.breaking.findings import Findings
from apiwright.load import Document, Node
from apiwright.load.wording import shown
from apiwright.problems import Position

# What a way to authenticate is to a client: not its name, but what has to be sent.
Scheme: TypeAlias = "tuple[str, ...]"
Way: TypeAlias = "Mapping[Scheme, frozenset[str]]"

_URLS = {
    "authorizationUrl": ("api-security-component-oauth-url-changed", "authorization URL"),
    "tokenUrl": ("api-security-component-oauth-token-url-changed", "token URL"),
}


def schemes(document: Document) -> dict[str, Node]:
    """The security schemes of a document by name."""
    listed = document.root.get("components", "securitySchemes")
    entries = listed.mapping if listed is not None else {}
    return {name: document.resolve(node) for name, node in entries.items()}


def _scheme(name: str, known: Mapping[str, Node]) -> Scheme:
    node = known.get(name)
    if node is None:
        return ("unknown", name)
    kind = node.string("type")
    if kind == "http":
        return (kind, node.string("scheme").lower())
    if kind == "apiKey":
        written = node.string("name")
        place = node.string("in")
        return (kind, place, written.lower() if place == "header" else written)
    return (kind, node.string("openIdConnectUrl"))


def ways(document: Document, operation: Operation, known: Mapping[str, Node]) -> list[Way]:
    """The ways to authenticate, of which one is enough; the empty one needs nothing.

    What an operation says replaces what the document says, also where it is an empty list (3.1.1
    section 4.8.10.1).
    """
    written = operation.node.get("security") or document.root.get("security")
    if written is None or not written.items:
        return [{}]
    return [
        {
            _scheme(name, known): frozenset(item.text for item in scopes.items)
            for name, scopes in requirement.mapping.items()
        }
        for requirement in written.items
    ]


def check_security(
    operation: Operation, before: list[Way], after: list[Way], found: Findings
) -> None:
    """Tell what differs in the ways to authenticate to an operation."""
    name = operation.name
    spot = operation.node.get("security") or operation.node
    position = spot.key_position
    was_open, is_open = any(not way for way in before), any(not way for way in after)
    if was_open and not is_open:
        message = f"needs credentials now: {_shown(after)}"
        found.add("api-security-added", name, "security", position, message)
        return
    if is_open and not was_open:
        message = "needs no credentials any longer"
        level = Level.INFO
        found.add("api-security-removed", name, "security", position, message, level=level)
        return
    _lost(name, before, after, position, found)
    _gained(name, before, after, position, found)


def _lost(
    name: str, before: list[Way], after: list[Way], position: Position, found: Findings
) -> None:
    for way in before:
        if any(_enough(way, other) for other in after):
            continue
        same = [other for other in after if set(other) == set(way)]
        if same:
            scopes = sorted({scope for scheme in way for scope in same[0][scheme] - way[scheme]})
            message = f"needs more scopes: {shown(', '.join(scopes))}"
            found.add("api-security-scope-added", name, "security", position, message)
        else:
            message = f"no longer accepts {_shown([way])}"
            found.add("api-security-removed", name, "security", position, message)


def _gained(
    name: str, before: list[Way], after: list[Way], position: Position, found: Findings
) -> None:
    for way in after:
        if any(_enough(way, other) for other in before):
            continue
        same = [other for other in before if set(other) == set(way)]
        if same:
            scopes = sorted({scope for scheme in way for scope in same[0][scheme] - way[scheme]})
            if scopes and any(_enough(old, way) for old in before):
                message = f"needs fewer scopes: no longer {shown(', '.join(scopes))}"
                found.add("api-security-scope-removed", name, "security", position, message)
        else:
            message = f"accepts {_shown([way])} as well"
            level = Level.INFO
            found.add("api-security-added", name, "security", position, message, level=level)


def _enough(way: Way, wanted: Way) -> bool:
    """Whether whoever has what `way` asks for has what is `wanted`."""
    return all(scheme in way and scopes <= way[scheme] for scheme, scopes in wanted.items())


def _shown(listed: list[Way]) -> str:
    words = (" and ".join(" ".join(filter(None, scheme)) for scheme in way) for way in listed)
    return shown(" or ".join(dict.fromkeys(words)))


def check_schemes(before: Mapping[str, Node], after: Mapping[str, Node], found: Findings) -> None:
    """Tell what differs in the security schemes themselves; what is needed, operations say."""
    for name, node in after.items():
        if name not in before:
            message = f"the security scheme {shown(name)} is new"
            _add(found, "api-security-component-added", name, node, message)
    for name, node in before.items():
        if name not in after:
            message = f"the security scheme {shown(name)} is gone"
            _add(found, "api-security-component-removed", name, node, message)
            continue
        now = after[name]
        if _scheme(name, before) != _scheme(name, after):
            message = f"the security scheme {shown(name)} works in another way"
            _add(found, "api-security-component-type-changed", name, now, message)
        _flows(name, node, now, found)


def _add(found: Findings, rule: str, name: str, node: Node, message: str) -> None:
    where = f"components/securitySchemes/{name}"
    found.add(rule, "", where, node.key_position, message)


def _flows(name: str, before: Node, after: Node, found: Findings) -> None:
    old, new = dict(_each_flow(before)), dict(_each_flow(after))
    for flow, node in old.items():
        if flow not in new:
            continue
        now = new[flow]
        for key, (rule, words) in _URLS.items():
            if node.string(key) and node.string(key) != now.string(key):
                message = f"the {words} of {shown(name)} is {shown(now.string(key)) or 'gone'}"
                message += f" instead of {shown(node.string(key))}"
                _add(found, rule, name, now.get(key) or now, message)
        _scopes(name, node, now, found)


def _each_flow(scheme: Node) -> Iterator[tuple[str, Node]]:
    yield from scheme.entries("flows").items()


def _scopes(name: str, before: Node, after: Node, found: Findings) -> None:
    old, new = before.entries("scopes"), after.entries("scopes")
    rule = "api-security-component-oauth-scope"
    for scope in sorted({*old, *new}):
        what = f"the scope {shown(scope)} of {shown(name)}"
        if scope not in old:
            _add(found, f"{rule}-added", name, new[scope], f"{what} is new")
        elif scope not in new:
            _add(found, f"{rule}-removed", name, old[scope], f"{what} is gone")
        elif old[scope].text != new[scope].text:
            message = f"{what} is described in other words"
            _add(found, f"{rule}-changed", name, new[scope], message)

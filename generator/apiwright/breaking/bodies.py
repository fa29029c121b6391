"""Differences in the bodies of requests."""

from __future__ import annotations

from apiwright.breaking.addresses import Operation
from apiwright.breaking.findings import Findings
from apiwright.breaking.media import covering, media_types, schema_of
from apiwright.breaking.places import REQUEST_BODY, Site
from apiwright.breaking.schemas import Comparison
from apiwright.load import Document, Node
from apiwright.load.wording import shown

_WHERE = "requestBody"


def body(document: Document, operation: Operation) -> Node | None:
    """The request body of an operation."""
    node = operation.node.get("requestBody")
    return None if node is None else document.resolve(node)


def check_body(
    operation: Operation,
    before: Node | None,
    after: Node | None,
    comparison: Comparison,
    found: Findings,
) -> None:
    """Tell what differs in the body of requests to an operation."""
    name = operation.name
    if before is None and after is None:
        return
    if before is None and after is not None:
        word = "required" if after.flag("required") else "optional"
        has_to = "has to be sent" if word == "required" else "may be left out"
        message = f"there is a request body now, which {has_to}"
        found.add(f"request-body-added-{word}", name, _WHERE, after.key_position, message)
    elif before is not None and after is None:
        message = "there is no request body any longer"
        found.add("request-body-removed", name, _WHERE, before.key_position, message)
    elif before is not None and after is not None:
        _required(name, before, after, found)
        _contents(name, before, after, comparison, found)


def _required(name: str, before: Node, after: Node, found: Findings) -> None:
    was, now = before.flag("required"), after.flag("required")
    if was == now:
        return
    spot = after.get("required") or after
    word = "required" if now else "optional"
    message = f"the request body {'has to be sent' if now else 'may be left out'} now"
    found.add(f"request-body-became-{word}", name, _WHERE, spot.key_position, message)


def _contents(
    name: str, before: Node, after: Node, comparison: Comparison, found: Findings
) -> None:
    old, new = media_types(before), media_types(after)
    for media, content in old.items():
        there = covering(media, new)
        if there is None:
            message = f"the request body is no longer taken as {shown(media)}"
            position = content.key_position
            rule = "request-body-media-type-removed"
            found.add(rule, name, f"{_WHERE}/{media}", position, message)
            continue
        label = "the request body" + (f" ({shown(media)})" if len(old) > 1 else "")
        position = new[there].key_position
        site = Site(name, REQUEST_BODY, f"{_WHERE}/{media}", label, position)
        found.schemas(site, comparison, schema_of(content), schema_of(new[there]))
    for media, content in new.items():
        if covering(media, old) is None:
            message = f"the request body is taken as {shown(media)} as well"
            position = content.key_position
            rule = "request-body-media-type-added"
            found.add(rule, name, f"{_WHERE}/{media}", position, message)

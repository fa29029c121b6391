"""Differences in the responses of an operation."""

from __future__ import annotations

from collections.abc import Mapping

from apiwright.breaking.addresses import Operation
from apiwright.breaking.change import Level
from apiwright.breaking.findings import Findings
from apiwright.breaking.media import covering, media_types, schema_of
from apiwright.breaking.places import HEADER, RESPONSE_BODY, Site
from apiwright.breaking.schemas import Comparison
from apiwright.load import Document, Node
from apiwright.load.wording import shown

_DEFAULT = "default"


def responses(document: Document, operation: Operation) -> dict[str, Node]:
    """The responses of an operation by status, ranges in capitals."""
    return {
        status.upper() if status != _DEFAULT else status: document.resolve(node)
        for status, node in operation.node.entries("responses").items()
        if not status.startswith("x-")
    }


def check_responses(
    name: str,
    before: Mapping[str, Node],
    after: Mapping[str, Node],
    headers: tuple[Document, Document],
    comparisons: Mapping[bool, Comparison],
    found: Findings,
) -> None:
    """Tell what differs in the responses of the operation `name`.

    `headers` are the two documents, in which references to headers are followed; `comparisons`
    those of schemas in responses, by whether they describe text.
    """
    for status, old in before.items():
        there = _standing_for(status, before, after)
        if there is None:
            word = "success" if _is_success(status) else "non-success"
            message = f"the response {status} is gone"
            where = f"responses/{status}"
            found.add(f"response-{word}-status-removed", name, where, old.key_position, message)
        else:
            _contents(name, status, old, after[there], comparisons[False], found)
            _headers(name, status, (old, after[there]), headers, comparisons[True], found)
    for status, new in after.items():
        if status not in before and not _replaces(status, before, after):
            _added(name, status, new, before, found)


def _added(name: str, status: str, new: Node, before: Mapping[str, Node], found: Findings) -> None:
    word = "success" if _is_success(status) else "non-success"
    announced = _range(status) in before or _DEFAULT in before
    level = Level.INFO if announced else None
    message = f"the response {status} is new"
    position = new.key_position
    rule = f"response-{word}-status-added"
    found.add(rule, name, f"responses/{status}", position, message, level=level)


def _is_success(status: str) -> bool:
    return status.startswith("2")


def _range(status: str) -> str:
    return f"{status[:1]}XX"


def _standing_for(status: str, before: Mapping[str, Node], after: Mapping[str, Node]) -> str | None:
    """The response of the newer version that describes a status of the older one."""
    if status in after:
        return status
    wider = _range(status)
    return wider if wider in after and wider not in before else None


def _replaces(status: str, before: Mapping[str, Node], after: Mapping[str, Node]) -> bool:
    """Whether a new range only stands for statuses that were described one by one."""
    return status.endswith("XX") and any(
        _range(old) == status and old not in after for old in before
    )


def _contents(
    name: str, status: str, before: Node, after: Node, comparison: Comparison, found: Findings
) -> None:
    old, new = media_types(before), media_types(after)
    for media, content in old.items():
        where = f"responses/{status}/{media}"
        there = covering(media, new)
        if there is None:
            message = f"the response {status} is no longer given as {shown(media)}"
            position = content.key_position
            found.add("response-media-type-removed", name, where, position, message)
            continue
        label = f"the response {status}" + (f" ({shown(media)})" if len(old) > 1 else "")
        site = Site(name, RESPONSE_BODY, where, label, new[there].key_position)
        found.schemas(site, comparison, schema_of(content), schema_of(new[there]))
    for media, content in new.items():
        if covering(media, old) is None:
            message = f"the response {status} is given as {shown(media)} as well"
            where, position = f"responses/{status}/{media}", content.key_position
            found.add("response-media-type-added", name, where, position, message)


def _headers(
    name: str,
    status: str,
    nodes: tuple[Node, Node],
    documents: tuple[Document, Document],
    comparison: Comparison,
    found: Findings,
) -> None:
    old, new = (
        {
            header.lower(): (header, document.resolve(each))
            for header, each in node.entries("headers").items()
            if header.lower() != "content-type"
        }
        for node, document in zip(nodes, documents, strict=True)
    )
    for key, (header, node) in old.items():
        where = f"responses/{status}/headers/{header}"
        label = f"the header '{shown(header)}' of the response {status}"
        if key not in new:
            word = "required" if node.flag("required") else "optional"
            message = f"{label} is gone"
            found.add(f"{word}-response-header-removed", name, where, node.key_position, message)
            continue
        now = new[key][1]
        _header_required(name, where, label, (node, now), found)
        site = Site(name, HEADER, where, label, now.key_position)
        found.schemas(site, comparison, _header_schema(node), _header_schema(now))
    for key, (header, node) in new.items():
        if key not in old:
            where = f"responses/{status}/headers/{header}"
            message = f"the header '{shown(header)}' of the response {status} is new"
            found.add("response-header-added", name, where, node.key_position, message)


def _header_required(
    name: str, where: str, label: str, nodes: tuple[Node, Node], found: Findings
) -> None:
    was, now = nodes[0].flag("required"), nodes[1].flag("required")
    if was == now:
        return
    spot = nodes[1].get("required") or nodes[1]
    word = "required" if now else "optional"
    message = f"{label} is {'always there now' if now else 'not always there any longer'}"
    found.add(f"response-header-became-{word}", name, where, spot.key_position, message)


def _header_schema(node: Node) -> tuple[Node, ...]:
    schema = node.get("schema")
    for content in node.entries("content").values():
        schema = content.get("schema")
    return () if schema is None else (schema,)

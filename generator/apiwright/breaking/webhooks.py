"""Differences in which webhooks there are."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.breaking.addresses import METHODS
from apiwright.breaking.findings import Findings
from apiwright.load import Document, Node
from apiwright.load.wording import shown


def check_webhooks(before: Document, after: Document, found: Findings) -> None:
    """Tell which webhooks are new, and which are gone."""
    old, new = dict(_webhooks(before)), dict(_webhooks(after))
    for key, node in new.items():
        if key not in old:
            message = f"the webhook {shown(key)} is new"
            found.add("webhook-added", "", f"webhooks/{key}", node.key_position, message)
    for key, node in old.items():
        if key not in new:
            message = f"the webhook {shown(key)} is gone"
            found.add("webhook-removed", "", f"webhooks/{key}", node.key_position, message)


def _webhooks(document: Document) -> Iterator[tuple[str, Node]]:
    for name, item in document.root.entries("webhooks").items():
        node = document.resolve(item)
        for method in METHODS:
            if method in node.mapping:
                yield f"{name}/{method}", node.mapping[method]

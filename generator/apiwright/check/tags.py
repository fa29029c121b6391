"""The tags of a document (OpenAPI 3.0.4 section 4.7.1, 3.1.1 section 4.8.1: `tags`)."""

from __future__ import annotations

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import Node


def check_tags(contract: Contract, found: Findings) -> None:
    """No two tags have the same name."""
    seen: dict[str, Node] = {}
    for tag in contract.root.list_of("tags"):
        name = tag.get("name")
        if name is None or not isinstance(name.value, str):
            continue
        first = seen.setdefault(name.value, name)
        if first is not name:
            related = [(first.position, "first declared here")]
            message = f"the tag {quoted(name.value)} is declared twice"
            found.error("duplicate-tag", message, name.position, related=related)

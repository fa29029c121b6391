"""What a contract says of its own past: `x-renamed-from`, `x-backfill` and `x-deleted`.

Whether there ever was something of an old name is for the plan to say, which knows the history.
"""

from __future__ import annotations

from collections.abc import Collection

from apiwright.check.contract import Contract
from apiwright.check.extensions import is_property
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.extensions.expressions import GRAMMAR, ExpressionError, parse
from apiwright.load import Node, Place

_RENAMED = "x-renamed-from"


def check_backfills(contract: Contract, found: Findings) -> None:
    """Every expression can be read."""
    for place in contract.of("schema"):
        written = place.node.get("x-backfill")
        if written is None or not written.text or not is_property(place):
            continue
        try:
            parse(written.text)
        except ExpressionError as error:
            message = f"'x-backfill' is no expression: {error}"
            found.error("backfill-expression", message, written.position, hint=GRAMMAR)


def check_renames(contract: Contract, found: Findings) -> None:
    """What was called otherwise before is not there under its old name as well."""
    schemas = contract.section("schemas")
    for place in contract.of("schema"):
        written = place.node.get(_RENAMED)
        if written is None:
            continue
        if written.mapping:
            _check_values(place.node, written, found)
        elif is_property(place):
            siblings = place.parent.node.entries("properties") if place.parent else {}
            _check_gone(written, siblings, "property", found)
        elif _is_component(place):
            _check_gone(written, schemas, "schema", found)
        else:
            message = f"'{_RENAMED}' has no effect here: this schema has no name of its own"
            found.error("misplaced-extension", message, written.key_position)


def check_deleted(contract: Contract, found: Findings) -> None:
    """What is said to be deleted is not there."""
    written = contract.root.get("x-deleted")
    if written is not None:
        _check_gone(written, contract.section("schemas"), "schema", found)
    for place in contract.of("schema"):
        listed = place.node.get("x-deleted")
        if listed is None:
            continue
        values = [item.text for item in place.node.list_of("enum")]
        if values:
            _check_gone(listed, values, "value", found)
        else:
            _check_gone(listed, place.node.entries("properties"), "property", found)


def _is_component(place: Place) -> bool:
    return len(place.path) == 3 and place.path[:2] == ("components", "schemas")


def _check_gone(written: Node, there: Collection[str], what: str, found: Findings) -> None:
    for item in written.items or [written]:
        if item.text and item.text in there:
            message = f"the {what} {quoted(item.text)} is still there"
            hint = "take it away, or take its name away here"
            found.error("still-there", message, item.position, hint=hint)


def _check_values(schema: Node, written: Node, found: Findings) -> None:
    """New values are values of the enum, old ones are not."""
    values = [item.text for item in schema.list_of("enum")]
    for new, old in written.mapping.items():
        if new not in values:
            message = f"{quoted(new)} is no value of this enum"
            hint = found.meant(new, values)
            found.error("unknown-value", message, old.key_position, hint=hint)
        _check_gone(old, values, "value", found)

"""What goes away: since when it is deprecated, and from when on it may be gone.

RFC 9745 (the Deprecation header) and RFC 8594 (the Sunset header).
"""

from __future__ import annotations

from datetime import date

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import Node

_SINCE, _SUNSET = "x-deprecated-since", "x-sunset"


def check_lifecycle(contract: Contract, found: Findings) -> None:
    """Days are days, in their order, and stand at what is deprecated."""
    for kind in ("operation", "parameter"):
        for place in contract.of(kind):
            days = {word: place.node.get(word) for word in (_SINCE, _SUNSET)}
            written = {word: node for word, node in days.items() if node is not None}
            known = {word: _day(node, found) for word, node in written.items()}
            if written and not place.node.flag("deprecated"):
                _not_deprecated(next(iter(written.items())), found)
            since, sunset = known.get(_SINCE), known.get(_SUNSET)
            if since is not None and sunset is not None and sunset < since:
                message = f"{_SUNSET} is {sunset}, before {_SINCE}, which is {since}"
                found.error("sunset-too-early", message, written[_SUNSET].position)


def _day(node: Node, found: Findings) -> date | None:
    try:
        return date.fromisoformat(node.text)
    except ValueError:
        message = f"{quoted(node.text)} is no day of the calendar"
        found.error("not-a-day", message, node.position, hint="write it as in 2026-01-31")
        return None


def _not_deprecated(written: tuple[str, Node], found: Findings) -> None:
    word, node = written
    found.error(
        "sunset-without-deprecation",
        f"{word} stands at something that is not deprecated",
        node.key_position,
        hint="add `deprecated: true` beside it",
    )

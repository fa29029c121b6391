"""Collects the changes that rules find."""

from __future__ import annotations

from apiwright.breaking.aspects import ASPECTS
from apiwright.breaking.change import SEVERITY, ApiChange, Level
from apiwright.breaking.effective import Parts
from apiwright.breaking.places import Site
from apiwright.breaking.rules import RULES, property_id, schema_id
from apiwright.breaking.schemas import Comparison
from apiwright.problems import Position


class Findings:
    """The changes found so far, each once."""

    def __init__(self) -> None:
        self._changes: dict[ApiChange, None] = {}

    def add(
        self,
        rule: str,
        operation: str,
        where: str,
        position: Position,
        message: str,
        *,
        level: Level | None = None,
    ) -> None:
        """Add a change under the id of its rule, at the rule's usual level unless one is given."""
        known = RULES[rule]
        level = level or known.level
        hint = "" if level is Level.INFO else known.hint
        self._changes[ApiChange(rule, level, operation, where, position, message, hint)] = None

    def schemas(self, site: Site, comparison: Comparison, before: Parts, after: Parts) -> None:
        """Add all differences between two schemas that describe the value at `site`."""
        for found in comparison.found(before, after):
            subject = site.inside if found.path else site.subject
            kind = found.difference.kind
            if kind in ASPECTS:
                if kind in {"deprecated", "reactivated"} and not subject.nested:
                    continue
                rule = schema_id(subject, kind)
            else:
                rule = property_id(subject.direction, kind, subject.prefix)
            position = found.node.key_position if found.node is not None else site.position
            message = f"{site.described(found.path)} {found.difference.detail}"
            level = found.difference.level
            self.add(rule, site.operation, site.place(found.path), position, message, level=level)

    def sorted(self) -> tuple[ApiChange, ...]:
        """All changes: what breaks first, then by operation, place and rule."""
        return tuple(sorted(self._changes, key=_order))


def _order(change: ApiChange) -> tuple[int, str, str, str, str, str, Position]:
    method, _, path = change.operation.partition(" ")
    severity = SEVERITY[change.level]
    return (severity, path, method, change.where, change.id, change.message, change.position)

"""Tests of events and of the audit trail: the rows that they can be made with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apiwright.code import Code
from apiwright.plan.views.tests.kit import Kit


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """The function that stores a row, and whether rows of its kind stay when they are deleted."""

    factory: Code
    soft_delete: bool


def told_tests(kit: Kit) -> tuple[RecordedTest, ...]:
    """The rows that tests of events work with."""
    return tuple(_tests(kit, (known.entity for known in kit.service.events)))


def audit_tests(kit: Kit) -> tuple[RecordedTest, ...]:
    """The rows that tests of the audit trail work with."""
    return tuple(_tests(kit, kit.service.audited))


def _tests(kit: Kit, entities: Iterable[str]) -> Iterator[RecordedTest]:
    for name in entities:
        if kit.rows.can_make(name):
            soft = bool(kit.service.entities[name].soft_delete)
            yield RecordedTest(kit.rows.factory(name), soft)

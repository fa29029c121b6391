"""Tests of resources: a file for each, with tests for each of its operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, constant, docstring, joined
from apiwright.ir.operations import CreateAction, ListAction, Operation, RowAction
from apiwright.ir.service import Resource
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.lists import ListTests
from apiwright.plan.views.tests.scene import TestView
from apiwright.plan.views.tests.writes import create_tests, custom_tests, row_tests


@dataclass(frozen=True, slots=True)
class ResourceTestsView:
    """The tests of a resource, and the fixtures' types that they name."""

    docstring: Code
    fixtures: Code
    tests: tuple[TestView, ...]


def resource_tests_view(kit: Kit, resource: Resource) -> ResourceTestsView | None:
    """The tests of a resource; None if there are none that can be written."""
    operations = [kit.service.operations[name] for name in resource.operations]
    found = tuple(test for operation in operations for test in _tests(kit, operation))
    if not found:
        return None
    return ResourceTestsView(
        docstring=docstring(f"{resource.name}: what each operation does, and what it refuses", 0),
        fixtures=joined([constant("SignIn")] if kit.people.known else []),
        tests=_distinct(found),
    )


def _tests(kit: Kit, operation: Operation) -> Iterator[TestView]:
    action = operation.action
    if isinstance(action, ListAction):
        yield from ListTests(kit, operation, action).tests()
    elif isinstance(action, CreateAction):
        yield from create_tests(kit, operation, action)
    elif isinstance(action, RowAction):
        yield from row_tests(kit, operation, action)
    else:
        yield from custom_tests(kit, operation)


def _distinct(found: tuple[TestView, ...]) -> tuple[TestView, ...]:
    """The tests without those whose name another has: a filter of the same attribute, say."""
    return tuple({test.name: test for test in reversed(found)}.values())[::-1]

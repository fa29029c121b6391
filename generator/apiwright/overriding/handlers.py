"""Holds the handlers of events to the events that there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from apiwright.overriding.fit import Expected, ExpectedClass, fits
from apiwright.overriding.read import OverrideClass, OverrideMethod
from apiwright.problems import Report


def check_handlers(
    classes: Iterable[OverrideClass], expected: ExpectedClass | None, report: Report
) -> bool:
    """Whether there is a class of handlers.

    A handler of no event, or one that has not the signature of a handler, is an error.
    """
    for found in classes:
        derives = any(base.rpartition(".")[2] == "EventHandlers" for base in found.bases)
        if not derives:
            continue
        if expected is None:
            report.error(
                "handlers-without-events",
                f"{found.name} handles events, but the contract has none",
                found.position,
                hint="say which schemas tell of their rows: `x-events: true`",
            )
            return False
        if (found.module, found.name) != (expected.module, expected.name):
            report.error(
                "override-place",
                f"handlers of events are looked for in overrides/{expected.module}.py, as the "
                f"class {expected.name}",
                found.position,
            )
            return False
        for method in found.methods:
            _check(method, expected, report)
        return True
    return False


def _check(method: OverrideMethod, expected: ExpectedClass, report: Report) -> None:
    wanted: Expected | None = expected.methods.get(method.name)
    if wanted is None:
        near = difflib.get_close_matches(method.name, expected.methods, 1, 0.6)
        hint = f"did you mean `{expected.methods[near[0]].signature}`?" if near else ""
        report.error(
            "handler-orphan",
            f"there is no event that {method.name} could handle",
            method.position,
            hint=hint or f"events are {', '.join(m.operation for m in expected.methods.values())}",
        )
    elif not fits(method, wanted):
        report.error(
            "handler-signature",
            f"{method.name} doesn't fit the event {wanted.operation}",
            method.position,
            hint=f"write `{wanted.signature}`",
        )

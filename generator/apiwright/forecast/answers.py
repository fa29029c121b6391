"""Operations that were answered before, or weren't there, and answer 501 from now on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apiwright.check import check
from apiwright.forecast.baseline import Baseline
from apiwright.ir.operations import Operation
from apiwright.overriding import read_overrides
from apiwright.pipeline import unanswered
from apiwright.problems import Report
from apiwright.understand import understand


def newly_unanswered(now: Sequence[Operation], baseline: Baseline) -> Iterator[Operation]:
    """Those of the operations `now`, which answer 501, that did not before.

    What was generated last has no overrides of its own to look at: those of today are taken for
    the ones that it had.
    """
    if not (now and baseline.documents):
        return
    before = {name for operation in _before(baseline) for name in _names(operation)}
    yield from (operation for operation in now if before.isdisjoint(_names(operation)))


def _before(baseline: Baseline) -> Iterator[Operation]:
    overrides = read_overrides(baseline.overrides, baseline.overrides, Report())
    for document in baseline.documents:
        faults = Report()
        check(document, faults, second_opinion=False)
        if not faults.failed:
            yield from unanswered(understand(document), overrides)


def _names(operation: Operation) -> tuple[str, str]:
    """An operation is the same as long as either its id or its method and path is."""
    return operation.id, f"{operation.method.upper()} {operation.path}"

"""What the rules find, before it goes into the report of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from apiwright.load.limits import MAX_PROBLEMS
from apiwright.load.wording import did_you_mean
from apiwright.problems import Problem, Report, Severity

_MAX_SEARCHES = 200


@dataclass(slots=True)
class Findings(Report):
    """A report that keeps a bounded number of problems of each severity.

    Errors come first when they are delivered, so that no crowd of notes hides them.
    """

    _counts: Counter[Severity] = field(default_factory=Counter)
    _searches: int = 0

    def add(self, problem: Problem) -> None:
        """Add one problem, unless there are a thousand of its severity already."""
        if problem in self._problems:
            return
        self._counts[problem.severity] += 1
        if self._counts[problem.severity] <= MAX_PROBLEMS:
            self._problems[problem] = None

    def meant(self, word: str, candidates: Iterable[str]) -> str:
        """A "did you mean" hint; empty where nothing is near, or after too many searches."""
        if self._searches >= _MAX_SEARCHES:
            return ""
        self._searches += 1
        return did_you_mean(word, candidates)

    def deliver(self, report: Report) -> None:
        """Hand everything over to `report`, the errors first, as far as there is room."""
        left_out = sum(self._counts.values()) - len(self)
        for severity in Severity:
            for problem in self._problems:
                if problem.severity is not severity:
                    continue
                if len(report) < MAX_PROBLEMS:
                    report.add(problem)
                else:
                    left_out += 1
        if left_out:
            message = f"{left_out:,} more problems are not shown, after the first {MAX_PROBLEMS:,}"
            report.note("too-many-problems", message, None)

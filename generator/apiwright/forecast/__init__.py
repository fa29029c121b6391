"""What a run of `generate` would do, and what that means for databases, clients and overrides."""

from __future__ import annotations

from apiwright.forecast.baseline import Baseline, BaselineError, last_generated, revision_of_git
from apiwright.forecast.forecast import forecast
from apiwright.forecast.model import Decision, FileChanges, Forecast, RevisionForecast, Verdict

__all__ = [
    "Baseline",
    "BaselineError",
    "Decision",
    "FileChanges",
    "Forecast",
    "RevisionForecast",
    "Verdict",
    "forecast",
    "last_generated",
    "revision_of_git",
]

"""A forecast as plain data, for programs."""

from __future__ import annotations

from typing import Any

from apiwright.breaking import ApiChange
from apiwright.forecast.model import Forecast
from apiwright.plan import StepView
from apiwright.problems import Problem, position_data


def as_data(forecast: Forecast) -> dict[str, Any]:
    """The forecast as what JSON knows."""
    storage = forecast.storage
    api = forecast.api
    return {
        "verdict": forecast.verdict.value,
        "against": forecast.against,
        "decisions": [
            {"kind": d.kind, "name": d.name, "message": d.message} for d in forecast.decisions
        ],
        "api": None if api is None else [_change(change) for change in api],
        "database": {
            "steps": [_step(step) for step in storage.steps],
            "revisions": [{"file": r.file, "sql": r.sql} for r in forecast.revisions],
            "refused": [
                {"name": r.name, "message": r.message, "hint": r.hint, **position_data(r.position)}
                for r in storage.refusals
            ],
            "unclear": [
                {
                    "before": q.before,
                    "after": q.after,
                    "message": q.message,
                    **position_data(q.position),
                }
                for q in storage.questions
            ],
            "notes": [
                {"code": n.code, "name": n.name, "message": n.message, **position_data(n.position)}
                for n in storage.notes
            ],
        },
        "unread": [_problem(problem) for problem in forecast.unread],
        "overrides": [_problem(problem) for problem in forecast.overrides],
        "files": {
            "created": forecast.files.created,
            "changed": forecast.files.changed,
            "removed": forecast.files.removed,
            "edited": forecast.files.edited,
        },
    }


def _change(change: ApiChange) -> dict[str, Any]:
    return {
        "id": change.id,
        "level": change.level.value,
        "operation": change.operation,
        "where": change.where,
        "message": change.message,
        "hint": change.hint,
        **position_data(change.position),
    }


def _step(step: StepView) -> dict[str, Any]:
    return {
        "phase": step.phase,
        "what": step.what,
        "table": step.table,
        "lock": step.lock,
        "duration": step.duration.value,
        "reversible": step.reversible,
        "loses_data": step.loses_data,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        **position_data(problem.position),
    }

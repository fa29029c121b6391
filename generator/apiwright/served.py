"""The contract that the service served so far: what clients rely on."""

from __future__ import annotations

from datetime import date

from apiwright.breaking import api_changes
from apiwright.load import Document, load
from apiwright.problems import Report
from apiwright.project import Project
from apiwright.understand.limits_contract import drop_additions

_CONTRACT = "app/contract/openapi.json"
_ANNOUNCED = b'"x-sunset"'
_TOO_EARLY = "-before-sunset"


def served_contract(project: Project) -> Document | None:
    """The contract of the last run, as its author wrote it.

    None if there was none, or if it can't be read any more.
    """
    contract = project.output / _CONTRACT
    if not contract.is_file():
        return None
    report = Report()
    document = load(contract, report, base=project.root)
    if report.failed or document is None:
        return None
    drop_additions(document)
    return document


def check_withdrawals(
    project: Project, document: Document, today: date | None, report: Report
) -> None:
    """Report what is gone from the contract before the day that clients were told (RFC 8594)."""
    contract = project.output / _CONTRACT
    if not contract.is_file() or _ANNOUNCED not in contract.read_bytes():
        return
    before = served_contract(project)
    if before is None:
        return
    for change in api_changes(before, document, today=today):
        if change.id.endswith(_TOO_EARLY):
            message = f"{change.operation}: {change.message}"
            report.error(change.id, message, change.position, hint=change.hint)

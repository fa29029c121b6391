"""From a service to the files that it is made of, and to the changes of its database."""

from apiwright.plan.expected import expected_handlers, expected_overrides
from apiwright.plan.files import DataFile, Plan, PlannedFile, Policy
from apiwright.plan.plan import plan
from apiwright.plan.storage.declared import Renames
from apiwright.plan.storage.findings import Note, Question, Refusal
from apiwright.plan.storage.revisions import History
from apiwright.plan.storage.storage_plan import StoragePlan, storage_plan
from apiwright.plan.storage.view import StepView

__all__ = [
    "DataFile",
    "History",
    "Note",
    "Plan",
    "PlannedFile",
    "Policy",
    "Question",
    "Refusal",
    "Renames",
    "StepView",
    "StoragePlan",
    "expected_handlers",
    "expected_overrides",
    "plan",
    "storage_plan",
]

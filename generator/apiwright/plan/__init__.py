"""From a service to the files that it is made of, and to the changes of its database."""

from apiwright.plan.expected import expected_overrides
from apiwright.plan.files import DataFile, Plan, PlannedFile, Policy
from apiwright.plan.plan import plan
from apiwright.plan.storage.dangers import Danger
from apiwright.plan.storage.revisions import History, storage_dangers

__all__ = [
    "Danger",
    "DataFile",
    "History",
    "Plan",
    "PlannedFile",
    "Policy",
    "expected_overrides",
    "plan",
    "storage_dangers",
]

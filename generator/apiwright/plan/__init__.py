"""From a service to the files that it is made of."""

from apiwright.plan.expected import expected_overrides
from apiwright.plan.files import DataFile, Plan, PlannedFile, Policy
from apiwright.plan.plan import plan

__all__ = ["DataFile", "Plan", "PlannedFile", "Policy", "expected_overrides", "plan"]

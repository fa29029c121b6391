"""Older versions of the API: matched to the newest one, operation by operation."""

from apiwright.understand.versions.adapt import adapt
from apiwright.understand.versions.graft import Grafted, graft
from apiwright.understand.versions.lifetime import announce

__all__ = ["Grafted", "adapt", "announce", "graft"]

"""From a document to a service: what the contract means, settled once for every later stage."""

from apiwright.understand.completing import completed
from apiwright.understand.understand import understand, understand_versions

__all__ = ["completed", "understand", "understand_versions"]

"""A contract for a database that is there already, and what its first revision records."""

from apiwright.adopt.adopt import Adoption, NotAdoptedError, adopt, read_database
from apiwright.adopt.contract import contract_text
from apiwright.adopt.decide import Decision, Left, decide

__all__ = [
    "Adoption",
    "Decision",
    "Left",
    "NotAdoptedError",
    "adopt",
    "contract_text",
    "decide",
    "read_database",
]

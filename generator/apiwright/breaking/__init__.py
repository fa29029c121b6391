"""Telling which changes between two versions of a contract break clients.

`api_changes` is the one way in; `RULES` is everything that it can say.
"""

from __future__ import annotations

from apiwright.breaking.change import ApiChange, Direction, Level
from apiwright.breaking.compare import api_changes
from apiwright.breaking.rules import RULES, Rule

__all__ = ["RULES", "ApiChange", "Direction", "Level", "Rule", "api_changes"]

"""Resets of passwords: whether a contract has them."""

from __future__ import annotations

from apiwright.load import Node
from apiwright.understand.actions import RESETS

RESET_TABLES = ("password_resets",)
"""The tables that such a contract has beside its own."""


def asks_for_reset(operation: Node) -> bool:
    """Whether an operation says that it is part of a reset."""
    said = operation.get("x-action")
    return said is not None and (said.text or said.string("kind")) in RESETS

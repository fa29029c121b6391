"""Checking a contract: what OpenAPI asks of it, what our extensions ask, and what we can't do.

`check` is the stage. It finds every problem at once, each with its place and what to do about it.
"""

from __future__ import annotations

from apiwright.check.stage import check

__all__ = ["check"]

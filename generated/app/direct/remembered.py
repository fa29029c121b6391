"""What was understood of a query string is not worked out again when the same one comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from fastapi import Request

Known = TypeVar("Known")

MOST, LONGEST = 500, 500
"""How many query strings are remembered, and how many bytes one of them has at most."""


class Remembered(Generic[Known]):
    """Calls `make`, whose result depends on the query string of a request alone.

    When there are too many to remember, all are forgotten. What `make` raises is not remembered.
    """

    def __init__(self, make: Callable[[Request], Known]) -> None:
        self._make = make
        self._known: dict[bytes, Known] = {}

    def __call__(self, request: Request) -> Known:
        """The result for a request, which nobody may change."""
        asked: bytes = request.scope["query_string"]
        known = self._known.get(asked)
        if known is None:
            known = self._make(request)
            if len(asked) <= LONGEST:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known[asked] = known
        return known

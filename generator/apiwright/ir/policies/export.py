"""Rows as a stream."""

from __future__ import annotations

from typing import Final

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
MEDIA_TYPES: Final = frozenset({NDJSON, CSV})
"""What rows can be exported as."""

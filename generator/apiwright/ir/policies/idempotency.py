"""Requests that can be sent again without a second effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEADER: Final = "Idempotency-Key"
"""The header that names a request (IETF draft-ietf-httpapi-idempotency-key-header-07)."""

REPLAYED: Final = "Idempotency-Replayed"
"""The header of an answer that was given before."""

LONGEST: Final = 255
"""Characters that a key has at most."""

USUAL_HOURS: Final = 24
"""Hours that an answer is kept for, unless the contract says otherwise."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What clients may rely on: whether a key is `required`, and for how many hours it is known.

    `longest` is the number of characters that a key has at most.
    """

    required: bool
    hours: int
    longest: int

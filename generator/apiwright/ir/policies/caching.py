"""Answers that the service keeps for a while, so as not to ask the database again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caching:
    """How long an answer is kept, and for whom.

    `public` answers are the same for everybody who may have them; all others are kept for each
    caller. `vary` are the headers that make another answer, `tables` those that it is made of: a
    write to one of them ends what is kept.
    """

    seconds: int
    public: bool
    vary: tuple[str, ...]
    tables: tuple[str, ...]

"""Buckets that requests are counted in, by the generic cell rate algorithm (GCRA).

All that is known of a bucket is when it will be empty again: each request moves that moment one
interval further away, and none may move it further than the tolerance from now. ITU-T I.371, annex
A, has the algorithm; `docs/decisions/0012-rate-limits-by-gcra.md` of apiwright why it is this one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket: its key, and how it empties. Times are in microseconds."""

    key: bytes
    interval: int
    tolerance: int

    def has_room(self, ahead: int) -> bool:
        """Whether it takes another request when it will be empty only in `ahead`."""
        return ahead + self.interval <= self.tolerance

    def room(self, ahead: int) -> int:
        """How many requests it takes at once."""
        return (self.tolerance - ahead) // self.interval

    def wait(self, ahead: int) -> int:
        """How long it is until it takes one request more than it does now."""
        return ahead - self.tolerance + (self.room(ahead) + 1) * self.interval


class LocalBuckets:
    """Buckets in the memory of this process, which doesn't grow beyond a limit.

    Those that are empty are forgotten first, and then the ones that have been there longest.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._empty_at: dict[bytes, int] = {}

    def __len__(self) -> int:
        """How many buckets are remembered."""
        return len(self._empty_at)

    def take(self, buckets: Sequence[Bucket]) -> list[int]:
        """How far ahead of now each bucket is empty; the request is counted if all have room."""
        now = time.monotonic_ns() // 1000
        ahead = [self._ahead(bucket, now) for bucket in buckets]
        if all(bucket.has_room(left) for bucket, left in zip(buckets, ahead, strict=True)):
            for bucket, left in zip(buckets, ahead, strict=True):
                self._empty_at[bucket.key] = now + left + bucket.interval
            if len(self._empty_at) > self._most:
                self._forget(now)
        return ahead

    def _ahead(self, bucket: Bucket, now: int) -> int:
        return min(max(self._empty_at.get(bucket.key, now) - now, 0), bucket.tolerance)

    def _forget(self, now: int) -> None:
        self._empty_at = {key: at for key, at in self._empty_at.items() if at > now}
        too_many = len(self._empty_at) - self._most * 3 // 4
        for key in list(self._empty_at)[: max(too_many, 0)]:
            del self._empty_at[key]

"""Holds requests to the limits of the contract, before anything else of them is looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from starlette.requests import Request

from app import metrics
from app.config import Settings
from app.errors import TooManyRequests
from app.limits.buckets import Bucket, LocalBuckets
from app.limits.identity import counted_for
from app.limits.policies import LIMITS, Limit
from app.limits.shared import SharedBuckets
from app.redis import RedisAway, SharedRedis

REFUSED = metrics.counter("rate_limit_refusals_total", "Requests that a limit refused", "limit")
LOCAL = metrics.counter("rate_limit_local_total", "Requests that were counted without Redis")

SECOND = 1_000_000
TOLD = "rate_limit"
"""Where the scope of a request keeps the headers of its answer."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit as buckets count it, in microseconds."""

    limit: Limit
    quota: int
    interval: int
    tolerance: int

    def bucket(self, identity: str) -> Bucket:
        """The bucket of a caller."""
        return Bucket(key_of(self.limit.name, identity), self.interval, self.tolerance)

    def left(self, bucket: Bucket, ahead: int) -> str:
        """What is left, for the header: for how many requests the bucket has room, and how long
        they should last for those that keep to the limit.
        """
        room = bucket.room(ahead)
        lasts = room * self.interval if room else bucket.wait(ahead)
        return f'"{self.limit.name}";r={room};t={seconds(lasts)}'


@lru_cache(maxsize=4096)
def key_of(limit: str, identity: str) -> bytes:
    """What a bucket is called: it tells nobody whose it is, and is as short as all others."""
    return blake2b(f"{limit} {identity}".encode(errors="replace"), digest_size=16).digest()


def seconds(microseconds: int) -> int:
    """Whole seconds, none too few."""
    return math.ceil(microseconds / SECOND)


class Limiter:
    """Counts requests in Redis, and by itself while that is away."""

    def __init__(self, settings: Settings, redis: SharedRedis) -> None:
        self._shared = SharedBuckets(redis)
        self._local = LocalBuckets()
        rates = {
            limit: rate(limit, settings.rate_limit_factor)
            for limits in LIMITS.values()
            for limit in limits
        }
        self._rates = {name: [rates[limit] for limit in limits] for name, limits in LIMITS.items()}
        self._policies = {name: policies(found) for name, found in self._rates.items()}

    async def hold(self, request: Request) -> None:
        """Count a request; raises TooManyRequests if it is one too many.

        What is left is noted in the scope of the request, for the headers of the answer.
        """
        operation = request.scope["route"].operation_id
        rates = self._rates.get(operation)
        if rates is None:
            return
        buckets = [rate.bucket(counted_for(request, rate.limit.per)) for rate in rates]
        ahead = await self.take(buckets)
        found = list(zip(rates, buckets, ahead, strict=True))
        full = [(rate, bucket, left) for rate, bucket, left in found if not bucket.has_room(left)]
        told = [
            rate.left(bucket, left if full else left + bucket.interval)
            for rate, bucket, left in full or found
        ]
        request.scope[TOLD] = (
            (b"ratelimit-policy", self._policies[operation]),
            (b"ratelimit", ", ".join(told).encode()),
        )
        if full:
            for rate, _, _ in full:
                REFUSED.labels(rate.limit.name).inc()
            raise TooManyRequests(seconds(max(bucket.wait(left) for _, bucket, left in full)))

    async def take(self, buckets: Sequence[Bucket]) -> list[int]:
        """Count a request in buckets, those of Redis or our own; see `LocalBuckets.take`."""
        try:
            return await self._shared.take(buckets)
        except RedisAway:
            LOCAL.inc()
            return self._local.take(buckets)


def rate(limit: Limit, factor: float) -> Rate:
    """A limit, made more generous by a factor."""
    quota, burst = (max(round(count * factor), 1) for count in (limit.quota, limit.burst))
    interval = max(round(limit.window * SECOND / quota), 1)
    return Rate(limit, quota, interval, burst * interval)


def policies(rates: Sequence[Rate]) -> bytes:
    """The header that tells of limits as they are (draft-ietf-httpapi-ratelimit-headers-11)."""
    return ", ".join(
        f'"{known.limit.name}";q={known.quota};w={known.limit.window}' for known in rates
    ).encode()

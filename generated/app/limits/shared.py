"""Buckets in Redis, which all processes share."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1

from app.limits.buckets import Bucket
from app.redis import RedisAway, SharedRedis
from app.utils.pipe import Reply, ReplyError

PREFIX = b"limits:"

TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local all, room = {}, true
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local ahead = (tonumber(redis.call('GET', key)) or now) - now
  all[i] = math.min(math.max(ahead, 0), tolerance)
  room = room and all[i] + interval <= tolerance
end
for i = 1, room and #KEYS or 0 do
  local left = all[i] + tonumber(ARGV[2 * i - 1])
  redis.call('SET', KEYS[i], string.format('%.0f', now + left), 'PX', math.ceil(left / 1000))
end
return all
"""
"""Does what `LocalBuckets.take` does, with the time of Redis, which is the same for everybody.

Every key goes away with what it counts.
"""

NAME = sha1(TAKE.encode(), usedforsecurity=False).hexdigest()
"""What Redis calls a script that it has run before (EVALSHA)."""


class SharedBuckets:
    """Counts requests in Redis, each with one call."""

    def __init__(self, redis: SharedRedis) -> None:
        self._redis = redis

    async def take(self, buckets: Sequence[Bucket]) -> list[int]:
        """The same as `LocalBuckets.take`; raises RedisAway."""
        numbers = [number for each in buckets for number in (each.interval, each.tolerance)]
        keys = [PREFIX + bucket.key for bucket in buckets]
        reply = await self._redis.call("EVALSHA", NAME, len(keys), *keys, *numbers)
        if isinstance(reply, ReplyError) and str(reply).startswith("NOSCRIPT"):
            reply = await self._redis.call("EVAL", TAKE, len(keys), *keys, *numbers)
        return _numbers(reply)


def _numbers(reply: Reply) -> list[int]:
    """How far ahead each bucket is; a refusal is no answer to build on."""
    if isinstance(reply, list):
        return [number for number in reply if isinstance(number, int)]
    raise RedisAway from reply if isinstance(reply, ReplyError) else None

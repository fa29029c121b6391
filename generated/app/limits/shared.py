"""Buckets in Redis, which all processes share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from app.limits.buckets import Bucket
from app.redis import RedisAway, SharedRedis

PREFIX = b"limits:"
MOST_AT_ONCE = 256
"""Requests that are counted with one call."""

TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local all, first, room = {}, 1, true
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local ahead = (tonumber(redis.call('GET', key)) or now) - now
  ahead = math.min(math.max(ahead, 0), tolerance)
  room = room and ahead + interval <= tolerance
  all[i] = ahead
  if ARGV[3 * i] == '1' then
    for j = first, room and i or 0 do
      local left = all[j] + tonumber(ARGV[3 * j - 2])
      redis.call('SET', KEYS[j], string.format('%.0f', now + left), 'PX', math.ceil(left / 1000))
    end
    first, room = i + 1, true
  end
end
return all
"""
"""Takes what `LocalBuckets.take` takes, for several requests; a "1" marks the last of each.

The time is that of Redis, the same for everybody, and every key goes away with what it counts.
"""

Waiting = tuple[Sequence[Bucket], asyncio.Future[list[int]]]


class SharedBuckets:
    """Counts requests in Redis: those that come while it is being asked go together next."""

    def __init__(self, redis: SharedRedis) -> None:
        self._redis = redis
        self._script: AsyncScript | None = None
        self._waiting: list[Waiting] = []
        self._asking: asyncio.Task[None] | None = None

    async def take(self, buckets: Sequence[Bucket]) -> list[int]:
        """The same as `LocalBuckets.take`; raises RedisAway."""
        if not self._redis.available:
            raise RedisAway
        future: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((buckets, future))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await future

    async def _ask(self) -> None:
        while self._waiting:
            asked = self._waiting[:MOST_AT_ONCE]
            del self._waiting[:MOST_AT_ONCE]
            try:
                ahead = await self._redis.ask(partial(self._call, asked))
            except RedisAway:
                for _, future in asked:
                    if not future.done():
                        future.set_exception(RedisAway())
            else:
                for buckets, future in asked:
                    own, ahead = ahead[: len(buckets)], ahead[len(buckets) :]
                    if not future.done():
                        future.set_result(own)
        self._asking = None

    async def _call(self, asked: Sequence[Waiting], redis: Redis) -> list[int]:
        keys: list[Any] = []
        arguments: list[Any] = []
        for buckets, _ in asked:
            for bucket in buckets:
                keys.append(PREFIX + bucket.key)
                arguments += (bucket.interval, bucket.tolerance, int(bucket is buckets[-1]))
        if self._script is None:
            self._script = redis.register_script(TAKE)
        ahead: list[int] = await self._script(keys=keys, args=arguments, client=redis)
        return ahead

"""Attempts to sign in: whoever fails too often has to wait, longer each time.

What is counted is one login from one address, so that nobody can lock out anybody else; whether
there is such an account makes no difference.
"""

from __future__ import annotations

import math
import time
from hashlib import blake2b

from app.config import Settings
from app.errors import TooManyRequests
from app.redis import RedisAway, SharedRedis

PREFIX = b"attempts:"
FIRST_WAIT, LONGEST_WAIT = 1.0, 900.0
REMEMBERED = 3600.0
"""Seconds for which an attempt is remembered after there may be another one."""

MOST_REMEMBERED = 10_000

BEGIN = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local known = redis.call('HMGET', KEYS[1], 'tries', 'again')
local tries, again = tonumber(known[1]) or 0, tonumber(known[2]) or 0
if again > now then
  return tostring(again - now)
end
local wait = 0
if tries + 1 >= tonumber(ARGV[1]) then
  wait = math.min(ARGV[2] * 2 ^ (tries + 1 - ARGV[1]), tonumber(ARGV[3]))
end
redis.call('HSET', KEYS[1], 'tries', tries + 1, 'again', string.format('%.6f', now + wait))
redis.call('EXPIRE', KEYS[1], math.ceil(wait + ARGV[4]))
return '0'
"""
"""Does what `Attempts._begin` does, with the time of Redis."""


class Attempts:
    """Counts attempts in Redis, and by itself while that is away."""

    def __init__(self, settings: Settings, redis: SharedRedis) -> None:
        self._free = settings.login_attempts
        self._redis = redis
        self._known: dict[bytes, tuple[int, float]] = {}

    async def begin(self, login: str, address: str) -> None:
        """Count an attempt before anything is looked up; raises TooManyRequests if it is too soon.

        Attempts at the same time all count, since none is known to be right before it has been
        tried.
        """
        key = _key(login, address)
        numbers = (self._free, FIRST_WAIT, LONGEST_WAIT, REMEMBERED)
        try:
            wait = float(await self._redis.ask(lambda redis: redis.eval(BEGIN, 1, key, *numbers)))
        except RedisAway:
            wait = self._begin(key)
        if wait > 0:
            raise TooManyRequests(math.ceil(wait))

    async def succeed(self, login: str, address: str) -> None:
        """Forget the attempts of somebody who has signed in."""
        key = _key(login, address)
        self._known.pop(key, None)
        try:
            await self._redis.ask(lambda redis: redis.delete(key))
        except RedisAway:
            return

    def _begin(self, key: bytes) -> float:
        """Seconds to wait; with none, the attempt is counted."""
        now = time.monotonic()
        tries, again = self._known.get(key, (0, 0.0))
        if again > now:
            return again - now
        wait = 0.0
        if tries + 1 >= self._free:
            wait = min(FIRST_WAIT * 2.0 ** min(tries + 1 - self._free, 32), LONGEST_WAIT)
        self._known.pop(key, None)
        self._known[key] = (tries + 1, now + wait)
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        return 0.0


def _key(login: str, address: str) -> bytes:
    """What an attempt is remembered by; it tells nobody who it was."""
    text = f"{address} {login.casefold()}"
    return PREFIX + blake2b(text.encode(errors="replace"), digest_size=16).digest()

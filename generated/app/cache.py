"""The connection to Redis. The service can do without it, only less well."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.commands import WatchedRedis
from app.config import Settings


class Cache:
    """A Redis, or none where no URL is set; connected between `connect` and `disconnect`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.redis: Redis | None = None

    def connect(self) -> None:
        """Prepare connections; they are opened when they are first needed."""
        if self._settings.redis_url is not None:
            self.redis = WatchedRedis.from_url(
                self._settings.redis_url.get_secret_value(),
                socket_timeout=0.1,
                socket_connect_timeout=0.5,
            )

    async def disconnect(self) -> None:
        """Close the connections."""
        if self.redis is not None:
            await self.redis.aclose()
            self.redis = None

    async def is_up(self) -> bool:
        """Whether Redis answers."""
        if self.redis is None:
            return False
        try:
            await self.redis.ping()
        except (RedisError, OSError):
            return False
        return True

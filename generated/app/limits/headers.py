"""Answers tell what is left of limits (draft-ietf-httpapi-ratelimit-headers-11)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.limits.limiter import TOLD


class RateLimitHeaders:
    """Adds the headers that the limiter has noted, as pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def telling_send(message: Message) -> None:
            if message["type"] == "http.response.start" and TOLD in scope:
                message = {**message, "headers": [*message["headers"], *scope[TOLD]]}
            await send(message)

        await self.app(scope, receive, telling_send)

"""The default behaviour of the auth operations; `overrides/auth.py` can change it."""

from __future__ import annotations

from app.errors import NotAuthenticated
from app.schemas.auth import PasswordGrant, RefreshGrant, Token
from app.services.base import Context, Service
from app.services.sessions import BEARER, Sessions


class AuthService(Service):
    """What the operations of Auth do, unless overridden."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.sessions = Sessions(context)

    async def create_token(self, body: PasswordGrant) -> Token:
        """Sign in."""
        pair = await self.sessions.sign_in(body.username, body.password, body.scope)
        if pair is None:
            raise NotAuthenticated("Incorrect username or password")
        return Token(
            access_token=pair.access_token,
            token_type=BEARER,
            expires_in=self.context.settings.access_token_seconds,
            refresh_token=pair.refresh_token,
            scope=pair.scope,
        )

    async def refresh_token(self, body: RefreshGrant) -> Token:
        """Stay signed in."""
        pair = await self.sessions.renew(body.refresh_token)
        if pair is None:
            raise NotAuthenticated("The refresh token is not valid, or not any more")
        return Token(
            access_token=pair.access_token,
            token_type=BEARER,
            expires_in=self.context.settings.access_token_seconds,
            refresh_token=pair.refresh_token,
            scope=pair.scope,
        )

    async def logout(self) -> None:
        """Sign out."""
        await self.sessions.end(self.caller.session_id)

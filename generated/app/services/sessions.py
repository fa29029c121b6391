"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update

from app import models
from app.models.session import AuthSession, RefreshToken
from app.services.base import Caller, Context
from app.utils.roles import granted
from app.utils.security import AccessToken, new_refresh_token, refresh_token_hash

BEARER: Final = "bearer"
"""How access tokens are sent (RFC 6750)."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets that has signed in."""

    access_token: str
    refresh_token: str
    scope: str


class Sessions:
    """The sessions of accounts: each begins with a password and lives on refresh tokens."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._session = context.session

    async def sign_in(
        self, login: str, password: str, scope: str | None = None
    ) -> TokenPair | None:
        """Tokens for the account that `login` and `password` belong to; None if there is none.

        It takes as long, whether or not there is such an account. With `scope`, the session is
        limited to the scopes that it names. Raises TooManyRequests after too many failures.
        """
        attempts, address = self._context.attempts, self._context.address
        await attempts.begin(login, address)
        found = select(models.User).where(func.lower(models.User.email) == func.lower(login))
        account = (await self._session.scalars(found)).one_or_none()
        known = account.password_hash if account is not None else None
        matches = await self._context.passwords.verify(password, known)
        if account is None or known is None or not (matches and account.is_active):
            return None
        await attempts.succeed(login, address)
        if self._context.passwords.is_outdated(known):
            account.password_hash = await self._context.passwords.hash(password)
        scopes: frozenset[str] = granted(account.roles)
        if scope is not None:
            scopes &= frozenset(scope.split())
        session = AuthSession(account_id=account.id, scope=" ".join(sorted(scopes)))
        self._session.add(session)
        await self._session.flush()
        return await self._issue(session)

    async def renew(self, refresh_token: str) -> TokenPair | None:
        """New tokens for one that is still good; None for any other.

        A token that was used before may have been stolen, by whoever used it first or by whoever
        does now: the whole session ends (RFC 9700, section 4.14.2).
        """
        digest = refresh_token_hash(refresh_token)
        used = (
            update(RefreshToken)
            .where(
                RefreshToken.token_hash == digest,
                RefreshToken.used_at.is_(None),
                RefreshToken.expires_at > func.now(),
            )
            .values(used_at=func.now())
            .returning(RefreshToken.session_id)
        )
        session_id = (await self._session.execute(used)).scalar_one_or_none()
        if session_id is None:
            await self._end_if_reused(digest)
            return None
        found = select(AuthSession).where(AuthSession.id == session_id)
        session = (
            await self._session.scalars(found.where(AuthSession.revoked_at.is_(None)))
        ).one_or_none()
        if session is None or not await self._may_continue(session):
            return None
        return await self._issue(session)

    async def end(self, session_id: UUID) -> None:
        """End a session; its tokens are good for nothing from now on."""
        ended = update(AuthSession).where(
            AuthSession.id == session_id, AuthSession.revoked_at.is_(None)
        )
        await self._session.execute(ended.values(revoked_at=func.now()))

    async def change_password(self, caller: Caller, current: str, new: str) -> bool:
        """Give the caller's account another password; False if `current` is not its password.

        All other sessions of the account end: somebody else may have known the old one.
        """
        account = caller.account
        if not await self._context.passwords.verify(current, account.password_hash):
            return False
        account.password_hash = await self._context.passwords.hash(new)
        others = update(AuthSession).where(
            AuthSession.account_id == account.id,
            AuthSession.id != caller.session_id,
            AuthSession.revoked_at.is_(None),
        )
        await self._session.execute(others.values(revoked_at=func.now()))
        return True

    async def _end_if_reused(self, digest: bytes) -> None:
        found = select(RefreshToken.session_id).where(
            RefreshToken.token_hash == digest, RefreshToken.used_at.is_not(None)
        )
        session_id = (await self._session.execute(found)).scalar_one_or_none()
        if session_id is not None:
            await self.end(session_id)
            # The caller answers with an error, which undoes whatever is not committed.
            await self._session.commit()

    async def _may_continue(self, session: AuthSession) -> bool:
        account = await self._session.get(models.User, session.account_id)
        return account is not None and bool(account.is_active)

    async def _issue(self, session: AuthSession) -> TokenPair:
        settings = self._context.settings
        refresh_token = new_refresh_token()
        self._session.add(
            RefreshToken(
                token_hash=refresh_token_hash(refresh_token),
                session_id=session.id,
                expires_at=datetime.now(UTC) + timedelta(days=settings.refresh_token_days),
            )
        )
        await self._session.flush()
        token = AccessToken(session.account_id, session.id, frozenset(session.scope.split()))
        return TokenPair(
            self._context.tokens.write_access_token(token), refresh_token, session.scope
        )

"""Sessions of accounts, worked with directly: who gets one, and how long it lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app import models
from app.config import get_settings
from app.limits.attempts import Attempts
from app.models.session import AuthSession, RefreshToken
from app.redis import SharedRedis
from app.services.base import Context
from app.services.sessions import Sessions
from app.utils.security import PasswordHasher, Tokens
from tests import factories
from tests.conftest import settings_with
from tests.contract import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def passwords() -> PasswordHasher:
    """A hasher as the service has it."""
    return PasswordHasher(get_settings())


@pytest.fixture
def sessions(session: AsyncSession, passwords: PasswordHasher) -> Sessions:
    """The sessions of accounts, in a unit of work that nobody else sees."""
    settings = get_settings()
    attempts = Attempts(settings, SharedRedis(settings))
    return Sessions(Context(session, settings, passwords, Tokens(settings), attempts))


@pytest_asyncio.fixture(loop_scope="session")
async def account(session: AsyncSession, password_hash: str) -> models.User:
    """Somebody with a password."""
    given = {
        "password_hash": password_hash,
        "roles": ["member"],
        "is_active": True,
    }
    return await factories.user_row(session, given)


async def test_a_password_begins_a_session(sessions: Sessions, account: models.User) -> None:
    """The tokens name the account; the refresh token itself is kept nowhere."""
    pair = await sessions.sign_in(account.email, PASSWORD)
    assert pair is not None
    token = Tokens(get_settings()).read_access_token(pair.access_token)
    assert token.subject == account.id
    assert " ".join(sorted(token.scopes)) == pair.scope


async def test_nobody_gets_in_with_a_wrong_password(
    sessions: Sessions, account: models.User
) -> None:
    """Neither a wrong password nor an unknown login begins a session."""
    assert await sessions.sign_in(account.email, f"{PASSWORD} ") is None
    assert await sessions.sign_in(f"not-{account.email}", PASSWORD) is None


async def test_a_session_can_be_limited(sessions: Sessions, account: models.User) -> None:
    """Scopes that the account doesn't have can't be asked for."""
    pair = await sessions.sign_in(account.email, PASSWORD, "no-such-scope")
    assert pair is not None
    assert pair.scope == ""


async def test_old_hashes_are_replaced_at_login(
    session: AsyncSession, sessions: Sessions, account: models.User
) -> None:
    """A password is hashed anew as soon as it is seen, once another algorithm is set."""
    old = PasswordHasher(settings_with(hash_algorithm="argon2id"))
    account.password_hash = await old.hash(PASSWORD)
    old.close()
    assert await sessions.sign_in(account.email, PASSWORD) is not None
    await session.refresh(account)
    assert account.password_hash.startswith("bcrypt")
    assert await sessions.sign_in(account.email, PASSWORD) is not None


async def test_a_refresh_token_works_once(sessions: Sessions, account: models.User) -> None:
    """Each refresh token is exchanged for the next one."""
    first = await sessions.sign_in(account.email, PASSWORD)
    assert first is not None
    second = await sessions.renew(first.refresh_token)
    assert second is not None
    assert second.scope == first.scope
    assert await sessions.renew(second.refresh_token) is not None


SPOILED = {
    "expired": update(RefreshToken).values(expires_at=YESTERDAY),
    "ended": update(AuthSession).values(revoked_at=YESTERDAY),
    "inactive": update(models.User).values(is_active=False),
}


@pytest.mark.parametrize("reason", SPOILED)
async def test_a_spoiled_refresh_token_is_refused(
    session: AsyncSession, sessions: Sessions, account: models.User, reason: str
) -> None:
    """A refresh token is good for nothing once it, its session or its account has ended."""
    pair = await sessions.sign_in(account.email, PASSWORD)
    assert pair is not None
    await session.execute(SPOILED[reason])
    session.expire_all()
    assert await sessions.renew(pair.refresh_token) is None


async def test_a_reused_refresh_token_ends_the_session(
    sessions: Sessions, account: models.User
) -> None:
    """A refresh token that comes twice was stolen: the newest one is good for nothing either."""
    first = await sessions.sign_in(account.email, PASSWORD)
    assert first is not None
    second = await sessions.renew(first.refresh_token)
    assert second is not None
    assert await sessions.renew(first.refresh_token) is None
    assert await sessions.renew(second.refresh_token) is None


async def test_unknown_refresh_tokens_are_refused(sessions: Sessions) -> None:
    """A refresh token that nobody has issued is worth nothing."""
    assert await sessions.renew("no-such-token") is None

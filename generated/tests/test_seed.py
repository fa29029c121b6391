"""Example rows: there once, and never in production."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from app import seed
from app.config import Environment, get_settings
from app.utils.security import PasswordHasher
from tests.conftest import settings_with


@pytest.mark.asyncio(loop_scope="session")
async def test_rows_are_stored_once(session: AsyncSession) -> None:
    """Where there are rows already, nothing is added."""
    assert await seed.seed(session, get_settings(), 3)
    assert not await seed.seed(session, get_settings(), 3)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_program_tells_what_it_has_done(capsys: pytest.CaptureFixture[str]) -> None:
    """It can be called again and again."""
    assert await seed.main(3) == 0
    assert "3 rows of each kind" in capsys.readouterr().out
    assert await seed.main(3) == 0
    assert "there are rows already" in capsys.readouterr().out


@pytest.mark.asyncio(loop_scope="session")
async def test_production_gets_no_examples(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the database holds, it stays as it is."""
    settings = settings_with(environment=Environment.PRODUCTION)
    monkeypatch.setattr(seed, "get_settings", lambda: settings)
    assert await seed.main(3) == 1
    assert "not for production" in capsys.readouterr().err


@pytest.mark.asyncio(loop_scope="session")
async def test_accounts_have_the_password_that_is_set() -> None:
    """Whoever has set SEED_PASSWORD can sign in with it."""
    settings = settings_with(seed_password=SecretStr("open sesame"))
    hasher = PasswordHasher(settings)
    for account in await seed.made_accounts(settings):
        assert await hasher.verify("open sesame", account.password_hash)
    hasher.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_accounts_have_no_password_that_everybody_knows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where none is set, one is made up, and shown once."""
    settings = settings_with(seed_password=SecretStr(""))
    [account, *_] = await seed.made_accounts(settings)
    password = capsys.readouterr().out.split()[-1]
    hasher = PasswordHasher(settings)
    assert len(password) >= 16
    assert await hasher.verify(password, account.password_hash)
    hasher.close()

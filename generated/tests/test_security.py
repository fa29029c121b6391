"""Passwords and tokens: hashes that last, and signatures that can't be talked round."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from app.config import get_settings
from app.utils import security
from app.utils.security import (
    ALGORITHM,
    AccessToken,
    InvalidTokenError,
    PasswordHasher,
    Tokens,
    new_refresh_token,
    refresh_token_hash,
)
from tests.conftest import settings_with

OLD, NEW = ({name: SecretStr(secrets.token_urlsafe(48))} for name in ("old", "new"))
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module", params=["bcrypt", "argon2id"])
def hasher(request: pytest.FixtureRequest) -> Iterator[PasswordHasher]:
    """A hasher of each kind."""
    made = PasswordHasher(settings_with(hash_algorithm=request.param))
    yield made
    made.close()


def a_token() -> AccessToken:
    """What a token says about somebody."""
    return AccessToken(uuid4(), uuid4(), frozenset({"one", "two"}))


def rewritten(key: SecretStr | None = None, key_id: str = "", **changes: Any) -> str:
    """A token of ours with some claims changed (None: left out), signed with our key or another."""
    settings = get_settings()
    [(known_id, known)] = settings.jwt_keys.items()
    written = Tokens(settings).write_access_token(a_token())
    claims = {**jwt.decode(written, options={"verify_signature": False}), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    secret = (key or known).get_secret_value()
    return jwt.encode(kept, secret, ALGORITHM, headers={"kid": key_id or known_id})


@pytest.mark.asyncio(loop_scope="session")
async def test_a_password_is_known_by_its_hash(hasher: PasswordHasher) -> None:
    """The password fits its hash, others don't, and no two hashes are alike."""
    first, second = await hasher.hash("open sesame"), await hasher.hash("open sesame")
    assert first != second
    assert "sesame" not in first
    assert await hasher.verify("open sesame", first)
    assert not await hasher.verify("open Sesame", first)
    assert not await hasher.verify("", first)


@pytest.mark.asyncio(loop_scope="session")
async def test_nobody_has_a_password(hasher: PasswordHasher) -> None:
    """Where there is no hash, no password fits."""
    assert not await hasher.verify("open sesame", None)


@pytest.mark.asyncio(loop_scope="session")
async def test_the_whole_password_counts(hasher: PasswordHasher) -> None:
    """Passwords that differ behind the 72nd byte, or behind a NUL, are different."""
    known = await hasher.hash("long" * 20 + "a")
    assert await hasher.verify("long" * 20 + "a", known)
    assert not await hasher.verify("long" * 20 + "b", known)
    known = await hasher.hash("open\0sesame")
    assert not await hasher.verify("open\0closed", known)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_password_may_be_typed_on_any_keyboard(hasher: PasswordHasher) -> None:
    """The same characters, composed in another way, are the same password."""
    assert await hasher.verify("cafe\u0301", await hasher.hash("caf\u00e9"))


@pytest.mark.parametrize("known", ["", "x", "bcrypt-sha256:x", "$argon2id$v=19$x", "plain text"])
@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_no_hash_fits_nothing(hasher: PasswordHasher, known: str) -> None:
    """A hash that can't be read is no reason to fail, and none to let anybody in."""
    assert not await hasher.verify("plain text", known)


@pytest.mark.asyncio(loop_scope="session")
async def test_hashes_age() -> None:
    """A hash is outdated once another algorithm or a higher cost is set."""
    cheap, dear, other = (
        PasswordHasher(settings_with(**changes))
        for changes in ({"bcrypt_rounds": 4}, {"bcrypt_rounds": 5}, {"hash_algorithm": "argon2id"})
    )
    known, new = await cheap.hash("open sesame"), await other.hash("open sesame")
    assert not cheap.is_outdated(known)
    assert dear.is_outdated(known)
    assert other.is_outdated(known)
    assert not other.is_outdated(new)
    assert cheap.is_outdated(new)
    assert await cheap.verify("open sesame", new)
    for hasher in (cheap, dear, other):
        hasher.close()


def test_tokens_say_what_was_written() -> None:
    """A token is read by whoever has the key, and never the same twice."""
    tokens, said = Tokens(get_settings()), a_token()
    written = tokens.write_access_token(said)
    assert tokens.read_access_token(written) == said
    assert tokens.write_access_token(said) != written


def test_old_keys_still_read_what_they_signed() -> None:
    """While keys are exchanged, tokens of the old and of the new one are good; then only the new."""
    written = Tokens(settings_with(jwt_keys=OLD)).write_access_token(a_token())
    both = Tokens(settings_with(jwt_keys=OLD | NEW, jwt_signing_key="new"))
    assert both.read_access_token(written)
    newer = both.write_access_token(a_token())
    assert jwt.get_unverified_header(newer)["kid"] == "new"
    later = Tokens(settings_with(jwt_keys=NEW))
    assert later.read_access_token(newer)
    with pytest.raises(InvalidTokenError):
        later.read_access_token(written)


def test_a_key_that_is_made_up_is_known_to_nobody_else() -> None:
    """Where no key is set, each process has one of its own."""
    first, second = (Tokens(settings_with(jwt_keys={})) for _ in range(2))
    written = first.write_access_token(a_token())
    assert first.read_access_token(written)
    with pytest.raises(InvalidTokenError):
        second.read_access_token(written)


def test_our_own_claims_are_good() -> None:
    """A token that is taken apart and put together again is as good as before."""
    assert Tokens(get_settings()).read_access_token(rewritten())


def test_a_token_is_remembered_until_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """After that it is verified like any other."""
    tokens = Tokens(get_settings())
    written = rewritten(exp=datetime.now(UTC) + HOUR / 4)
    known = tokens.read_access_token(written)
    assert tokens.read_access_token(written) is known
    later = time.time() + 901
    monkeypatch.setattr(time, "time", lambda: later)
    assert tokens.read_access_token(written) is not known


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten, which means that it is verified again."""
    monkeypatch.setattr(security, "MOST_REMEMBERED", 2)
    tokens = Tokens(get_settings())
    first, second, third = (rewritten() for _ in range(3))
    known = tokens.read_access_token(first)
    assert tokens.read_access_token(second)
    assert tokens.read_access_token(first) is known
    assert tokens.read_access_token(third)
    assert tokens.read_access_token(first) is not known
    assert tokens.read_access_token(first) == known


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": datetime.now(UTC) - HOUR},
        {"iat": datetime.now(UTC) + HOUR, "exp": datetime.now(UTC) + HOUR * 1.1},
        {"exp": datetime.now(UTC) + HOUR * 24},
        {"aud": "somebody else"},
        {"aud": ["one", "two"]},
        {"iss": "somebody else"},
        {"use": "refresh"},
        {"sub": None},
        {"sid": "no session"},
        {"scope": ["one"]},
        {"exp": 1.5e9},
        *({name: None} for name in ("exp", "iat", "iss", "aud", "jti", "sid", "scope", "use")),
    ],
    ids=lambda changes: "-".join(changes),
)
def test_claims_that_are_not_ours_are_refused(changes: dict[str, Any]) -> None:
    """Expired, for others, for another purpose, incomplete: signed with our key, and still no good."""
    with pytest.raises(InvalidTokenError):
        Tokens(get_settings()).read_access_token(rewritten(**changes))


def test_other_signatures_are_refused() -> None:
    """Another key, an unknown key and no signature at all are worth the same: nothing."""
    tokens = Tokens(get_settings())
    header, claims, signature = rewritten().split(".")
    unsigned = jwt.encode({"sub": "1"}, "", "none").split(".")[0]
    for text in (
        rewritten(OLD["old"]),
        rewritten(OLD["old"], "old"),
        f"{unsigned}.{claims}.",
        f"{unsigned}.{claims}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        f"{header}.{claims[:-2]}.{signature}",
        "",
        "...",
        "a" * 10_000,
    ):
        with pytest.raises(InvalidTokenError):
            tokens.read_access_token(text)


def test_refresh_tokens_can_not_be_guessed() -> None:
    """They are long and random, and what is kept of them doesn't give them away."""
    first, second = new_refresh_token(), new_refresh_token()
    assert first != second
    assert len(first) >= 43
    assert refresh_token_hash(first) == refresh_token_hash(first)
    assert refresh_token_hash(first) != refresh_token_hash(second)
    assert first.encode() not in refresh_token_hash(first)

"""Passwords and tokens.

Passwords are kept as hashes that are slow to try out. Access tokens are signed (RFC 7519) and say
who calls; refresh tokens are random, and kept as hashes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import argon2
import bcrypt
import jwt

from app.config import Settings
from app.utils.json import parse

ALGORITHM = "HS256"
LONGEST_TOKEN = 8192
MOST_REMEMBERED = 1024
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti", "sid", "scope", "use"]
BCRYPT_PREFIX = "bcrypt-sha256:"
BCRYPT_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

Result = TypeVar("Result")


class InvalidTokenError(Exception):
    """A token that is not valid; why is for the log, not for the caller."""


class PasswordHasher:
    """Hashes passwords, and checks them, with the algorithm and the cost that are set.

    Hashes are made in threads, a few at a time, so that a rush of logins can't take the whole
    machine.
    """

    def __init__(self, settings: Settings) -> None:
        self._algorithm = settings.hash_algorithm
        self._rounds = settings.bcrypt_rounds
        self._argon2 = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(settings.hash_workers, "password")
        self._nobodys = self._hash_of_nothing()

    async def hash(self, password: str) -> str:
        """A hash to keep in place of the password."""
        return await self._in_thread(lambda: self._hash(password))

    async def verify(self, password: str, known: str | None) -> bool:
        """Whether `known` is a hash of the password; it takes as long if there is none to know."""
        matches = await self._in_thread(lambda: self._matches(password, known or self._nobodys))
        return matches and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether the password should be hashed anew: by now another algorithm or cost is set."""
        if self._algorithm == "argon2id":
            return known.startswith(BCRYPT_PREFIX) or self._argon2.check_needs_rehash(known)
        return not known.startswith(f"{BCRYPT_PREFIX}$2b${self._rounds:02}$")

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False)

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def _hash(self, password: str) -> str:
        if self._algorithm == "argon2id":
            return self._argon2.hash(_normal(password))
        digest = bcrypt.hashpw(_digest(password), bcrypt.gensalt(self._rounds))
        return BCRYPT_PREFIX + digest.decode()

    def _matches(self, password: str, known: str) -> bool:
        try:
            if known.startswith(BCRYPT_PREFIX):
                stored = known.removeprefix(BCRYPT_PREFIX).encode()
                return bcrypt.checkpw(_digest(password), stored)
            return self._argon2.verify(known, _normal(password))
        except (ValueError, argon2.exceptions.VerificationError, argon2.exceptions.InvalidHash):
            return False

    def _hash_of_nothing(self) -> str:
        """A hash of the usual cost that no password is known for."""
        if self._algorithm == "argon2id":
            salt, digest = (_base64(secrets.token_bytes(size)) for size in (16, 32))
            return f"$argon2id$v=19$m=19456,t=2,p=1${salt}${digest}"
        digest = "".join(secrets.choice(BCRYPT_ALPHABET) for _ in range(31))
        return f"{BCRYPT_PREFIX}{bcrypt.gensalt(self._rounds).decode()}{digest}"


def _normal(password: str) -> bytes:
    """The password as bytes, the same however its characters were composed (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode()


def _digest(password: str) -> bytes:
    """44 bytes that stand for the whole password; bcrypt takes no more than 72, and no NUL."""
    return base64.b64encode(hashlib.sha256(_normal(password)).digest())


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token says: who, in which session, and what it is good for."""

    subject: UUID
    session: UUID
    scopes: frozenset[str]


class Tokens:
    """Writes and reads tokens with the keys that are set.

    Each key has an id, which tokens name; old keys still read what they signed while new tokens
    are signed by another. Where no key is set, outside production, one is made up that lasts as
    long as the process.

    A client sends the same token many times, and to verify one costs as much as a query: those
    read last are remembered until they expire. What can be taken back (sessions, accounts, roles)
    is no part of it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = {key_id: key.get_secret_value() for key_id, key in settings.jwt_keys.items()}
        if not self._keys:
            self._keys = {"ephemeral": secrets.token_urlsafe(48)}
        self._signing_key = settings.jwt_signing_key or next(iter(self._keys))
        self._remembered: dict[str, tuple[int, AccessToken]] = {}

    def write_access_token(self, token: AccessToken) -> str:
        """A signed access token."""
        now = datetime.now(UTC)
        claims = {
            "iss": self._settings.jwt_issuer,
            "aud": self._settings.jwt_audience,
            "sub": str(token.subject),
            "sid": str(token.session),
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + timedelta(seconds=self._settings.access_token_seconds),
            "scope": " ".join(sorted(token.scopes)),
            "use": "access",
        }
        key = self._keys[self._signing_key]
        return jwt.encode(claims, key, ALGORITHM, headers={"kid": self._signing_key})

    def read_access_token(self, text: str) -> AccessToken:
        """What a token says, if it is one of ours and still good; else InvalidTokenError."""
        expires, known = self._remembered.get(text, (0, None))
        if known is not None and time.time() < expires:
            return known
        if len(text) > LONGEST_TOKEN:
            raise InvalidTokenError("too long")
        try:
            claims = self._claims(text)
            token = AccessToken(
                subject=UUID(claims["sub"]),
                session=UUID(claims["sid"]),
                scopes=frozenset(claims["scope"].split()),
            )
        except (jwt.PyJWTError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidTokenError(str(error)) from error
        if len(self._remembered) >= MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[text] = (claims["exp"], token)
        return token

    def _claims(self, text: str) -> dict[str, Any]:
        key = self._keys[jwt.get_unverified_header(text)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            audience=self._settings.jwt_audience,
            issuer=self._settings.jwt_issuer,
            options={"require": REQUIRED_CLAIMS, "strict_aud": True},
        )
        numbers = isinstance(claims["exp"], int) and isinstance(claims["iat"], int)
        if not numbers or claims["exp"] - claims["iat"] > self._settings.access_token_seconds:
            raise InvalidTokenError("it lasts longer than any of ours")
        # Claims that are made twice, or are no numbers, others may have read otherwise.
        parse(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
        if claims["use"] != "access":
            raise InvalidTokenError("it is no access token")
        return claims


def new_refresh_token() -> str:
    """256 random bits as text (RFC 6749, section 10.10)."""
    return secrets.token_urlsafe(32)


def refresh_token_hash(token: str) -> bytes:
    """What is kept of a refresh token."""
    return hashlib.sha256(token.encode()).digest()

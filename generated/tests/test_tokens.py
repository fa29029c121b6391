"""Tokens: what is read of ours, and every way to talk the service round that is known.

The attacks are those that RFC 8725 (best practices for JSON Web Tokens) warns of, and what has gone
wrong in libraries. Each is refused with 401, whatever else is wrong with it.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jwt
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import update

from app.config import get_settings
from app.models.session import AuthSession
from app.utils import security
from app.utils.security import (
    ALGORITHM,
    AccessToken,
    InvalidTokenError,
    Tokens,
    new_refresh_token,
    refresh_token_hash,
)
from tests.conftest import SignIn, settings_with
from tests.contract import OPERATIONS
from tests.scratch import Scratch

GUARDED = next(operation for operation in OPERATIONS if operation.id == "listUsers")
"""What only people who are signed in may call."""

OLD, NEW = ({name: SecretStr(secrets.token_urlsafe(48))} for name in ("old", "new"))
HOUR = 3600


def a_token() -> AccessToken:
    """What a token says about somebody."""
    return AccessToken(uuid4(), uuid4(), frozenset({"one", "two"}))


def key() -> tuple[str, str]:
    """The id of the key that signs, and the key."""
    [(name, known)] = get_settings().jwt_keys.items()
    return name, known.get_secret_value()


def claims(**changes: Any) -> dict[str, Any]:
    """What a token of ours claims, with some of it changed (None: left out)."""
    written = Tokens(get_settings()).write_access_token(a_token())
    found = {**jwt.decode(written, options={"verify_signature": False}), **changes}
    return {name: value for name, value in found.items() if value is not None}


def part(value: bytes | Mapping[str, Any]) -> bytes:
    """A part of a token (RFC 7515, section 2)."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def token(
    payload: bytes | Mapping[str, Any],
    said: bytes | Mapping[str, Any] | None = None,
    *,
    secret: str = "",
    digest: str = "sha256",
) -> str:
    """A token with any payload, signed with our key or another.

    What is `said` in its header comes beside the usual (None: left out), or in its place.
    """
    known_id, known = key()
    header: bytes | Mapping[str, Any]
    if isinstance(said, bytes):
        header = said
    else:
        head = {"alg": ALGORITHM, "typ": "JWT", "kid": known_id, **(said or {})}
        header = {name: value for name, value in head.items() if value is not None}
    signed = part(header) + b"." + part(payload)
    signature = hmac.digest((secret or known).encode(), signed, digest)
    return (signed + b"." + part(signature)).decode()


def rewritten(secret: SecretStr | None = None, key_id: str = "", **changes: Any) -> str:
    """A token of ours with some claims changed, signed with our key or another."""
    said = {"kid": key_id} if key_id else None
    return token(claims(**changes), said, secret=secret.get_secret_value() if secret else "")


def refused(text: str) -> bool:
    """Whether a text is no token of ours."""
    try:
        Tokens(get_settings()).read_access_token(text)
    except InvalidTokenError:
        return True
    return False


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
    written = rewritten(exp=int(time.time()) + HOUR // 4)
    known = tokens.read_access_token(written)
    assert tokens.read_access_token(written) is known
    later = time.time() + HOUR // 4 + 1
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


def unsigned(algorithm: str) -> str:
    """A token that says that it needs no signature."""
    return token(claims(), {"alg": algorithm}).rpartition(".")[0] + "."


def test_our_own_way_to_write_tokens_is_good() -> None:
    """What the attacks are made with gives good tokens, as long as nothing is changed."""
    assert not refused(token(claims()))


OTHERS = secrets.token_urlsafe(48)
"""A key of somebody else."""

SIGNATURES: dict[str, Callable[[], str]] = {
    "none": lambda: unsigned("none"),
    "nOnE": lambda: unsigned("nOnE"),
    "no algorithm": lambda: unsigned(""),
    "a signature that is left out": lambda: token(claims()).rpartition(".")[0],
    "an empty signature": lambda: token(claims()).rpartition(".")[0] + ".",
    "half a signature": lambda: token(claims())[:-10],
    "another key": lambda: token(claims(), secret=OTHERS),
    "HS512 by our key": lambda: token(claims(), {"alg": "HS512"}, digest="sha512"),
    "HS256 that says HS512": lambda: token(claims(), {"alg": "HS512"}),
    "RS256 by HMAC": lambda: token(claims(), {"alg": "RS256"}),
    "ES256 by HMAC": lambda: token(claims(), {"alg": "ES256"}),
    "an algorithm that is no text": lambda: token(claims(), {"alg": ["HS256"]}),
    "another payload": lambda: ".".join(
        [*token(claims()).split(".")[:1], part(claims(scope="all")).decode(), "a" * 43]
    ),
}
KEY_IDS: dict[str, Any] = {
    "unknown": "no-such-key",
    "a path": "../../../../dev/null",
    "SQL": "' UNION SELECT 'a",
    "a number": 7,
    "a list": ["old"],
    "left out": None,
}
OTHER_KEYS: dict[str, Any] = {
    "jwk": {"kty": "oct", "k": part(OTHERS.encode()).decode()},
    "jku": "https://attacker.example.com/keys",
    "x5u": "https://attacker.example.com/cert",
    "x5c": ["MIIB"],
    "crit": ["x-unknown"],
}
SHAPES = {
    "a list": b"[1]",
    "a number": b"1",
    "null": b"null",
    "no JSON": b'{"a": ',
    "not UTF-8": b'{"a": "\xff"}',
    "too deep": b"[" * 10_000 + b"]" * 10_000,
    "nothing": b"",
}
NOW = int(time.time())
CLAIMS: dict[str, Any] = {
    "expired": {"exp": NOW - HOUR},
    "exp is a text": {"exp": str(NOW + 60)},
    "exp is a fraction": {"exp": NOW + 60.5},
    "exp is a list": {"exp": [NOW + 60]},
    "exp is true": {"exp": True},
    "exp is enormous": {"exp": 10**400},
    "too long a life": {"exp": NOW + 24 * HOUR},
    "not yet": {"nbf": NOW + HOUR},
    "from the future": {"iat": NOW + HOUR, "exp": NOW + HOUR + 60},
    "for another service": {"aud": "somebody else"},
    "for several services": {"aud": ["one", "two"]},
    "by another issuer": {"iss": "somebody else"},
    "by several issuers": {"iss": ["one", "two"]},
    "for another use": {"use": "refresh"},
    "sub is a number": {"sub": 1},
    "sub is an object": {"sub": {"id": 1}},
    "sub has a NUL": {"sub": "a\0b"},
    "sub is no key": {"sub": "\ud800"},
    "no session": {"sid": "no session"},
    "a list of scopes": {"scope": ["one"]},
    **{
        f"without {name}": {name: None}
        for name in ("exp", "iat", "iss", "aud", "sub", "jti", "sid", "scope", "use")
    },
}
TEXTS = {
    "nothing": "",
    "dots": "...",
    "too long": "a" * 10_000,
    "half a character": "\ud800.a.b",
    "an opaque one": new_refresh_token(),
}


@pytest.mark.parametrize("attack", SIGNATURES)
def test_b2_signatures(attack: str) -> None:
    """The algorithm is the one that is set, whatever the token says."""
    assert refused(SIGNATURES[attack]())


@pytest.mark.parametrize("name", KEY_IDS)
def test_b2_key_ids(name: str) -> None:
    """A key is one of those that are set, found by its name and nowhere else."""
    assert refused(token(claims(), {"kid": KEY_IDS[name]}))
    assert refused(token(claims(), {"kid": KEY_IDS[name]}, secret=OTHERS))


@pytest.mark.parametrize("name", OTHER_KEYS)
def test_b2_keys_that_come_with_the_token(name: str) -> None:
    """Nobody brings the key that is to be believed, nor says where it is fetched."""
    assert refused(token(claims(), {name: OTHER_KEYS[name]}, secret=OTHERS))


def test_b2_headers_that_have_to_be_understood() -> None:
    """What is marked as critical and unknown is refused (RFC 7515, section 4.1.11), as is an
    unencoded payload (RFC 7797).
    """
    assert refused(token(claims(), {"crit": ["x-unknown"], "x-unknown": 1}))
    assert refused(token(claims(), {"crit": ["b64"], "b64": False}))
    assert refused(token(claims(), b"[]"))
    assert refused(token(claims(), b"{"))


@pytest.mark.parametrize("name", SHAPES)
def test_b2_payloads(name: str) -> None:
    """What is no object of JSON claims nothing, even if we have signed it."""
    assert refused(token(SHAPES[name]))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "1e400"])
def test_b2_numbers_that_are_none(constant: str) -> None:
    """A moment is a number."""
    text = json.dumps(claims(exp="constant")).replace('"constant"', constant)
    assert refused(token(text.encode()))


def test_b2_claims_that_are_made_twice() -> None:
    """Nobody knows which of the two somebody else has read."""
    text = json.dumps(claims())
    assert refused(token(text[:-1].encode() + b', "scope": "all"}'))


@pytest.mark.parametrize("name", CLAIMS)
def test_b2_claims(name: str) -> None:
    """Expired, for others, for another purpose, incomplete: signed with our key, and still no good."""
    assert refused(token(claims(**CLAIMS[name])))


@pytest.mark.parametrize("name", TEXTS)
def test_b2_texts(name: str) -> None:
    """What doesn't look like a token is none."""
    assert refused(TEXTS[name])
    assert refused(token(claims(padding="a" * 10_000)))


def answer(client: TestClient, text: str) -> int:
    """The status for whoever sends a text as a token."""
    response = GUARDED.call(client, {"Authorization": f"Bearer {text}"})
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    return response.status_code


def test_b2_every_attack_is_answered_with_401(client: TestClient) -> None:
    """Not with a failure of the service, and not with what it protects."""
    attacks = [
        *(attack() for attack in SIGNATURES.values()),
        *(token(claims(), {"kid": found}) for found in KEY_IDS.values()),
        *(token(claims(), {name: found}, secret=OTHERS) for name, found in OTHER_KEYS.items()),
        *(token(shape) for shape in SHAPES.values()),
        *(token(claims(**changes)) for changes in CLAIMS.values()),
        *(text for text in TEXTS.values() if text.isascii()),
    ]
    for text in attacks:
        assert answer(client, text) == 401, text
    headers = [(b"authorization", b"Bearer \xff\xed\xa0\x80.a.b")]
    assert client.request(GUARDED.method, GUARDED.path, headers=headers).status_code == 401


def test_b2_a_token_for_nobody_is_answered_with_401(client: TestClient) -> None:
    """One that is in order, but of a session that there is none of."""
    assert answer(client, token(claims())) == 401


def test_b2_a_token_that_is_written_otherwise_ends_with_its_session(
    client: TestClient, sign_in: SignIn, scratch: Scratch
) -> None:
    """What is ended is the session, not a text that can be written in several ways."""
    text = sign_in().headers["Authorization"].removeprefix("Bearer ")
    assert answer(client, text) != 401
    ended = update(AuthSession).values(revoked_at=datetime.now(UTC))
    scratch.run(lambda session: session.execute(ended))
    for variant in (text, f"{text}=", f"{text}=="):
        assert answer(client, variant) == 401


def test_refresh_tokens_can_not_be_guessed() -> None:
    """They are long and random, and what is kept of them doesn't give them away."""
    first, second = new_refresh_token(), new_refresh_token()
    assert first != second
    assert len(first) >= 43
    assert refresh_token_hash(first) == refresh_token_hash(first)
    assert refresh_token_hash(first) != refresh_token_hash(second)
    assert first.encode() not in refresh_token_hash(first)

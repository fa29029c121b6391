"""Settings: what they stand for, and which the service refuses to start with."""

from __future__ import annotations

import secrets

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError

from app.config import ConfigurationError, Environment, Settings
from app.main import create_app
from tests.conftest import settings_with

PRODUCTION = settings_with(
    environment=Environment.PRODUCTION,
    bcrypt_rounds=12,
    jwt_keys={"2026-01": SecretStr(secrets.token_urlsafe(48))},
)
UNFIT: list[tuple[dict[str, object], str]] = [
    ({"cors_origins": ("*",)}, "CORS_ORIGINS"),
    ({"jwt_keys": {}}, "JWT_KEYS is not set"),
    ({"jwt_keys": {"short": SecretStr("secret")}}, "shorter than 32 bytes"),
    ({"jwt_keys": {"dull": SecretStr("secret" * 6)}}, "is not random"),
    ({"jwt_signing_key": "unknown"}, "JWT_SIGNING_KEY names no key"),
    ({"bcrypt_rounds": 4}, "BCRYPT_ROUNDS"),
]


def test_fit_settings_have_no_problems() -> None:
    """The service starts with settings as `.env.example` explains them."""
    PRODUCTION.check()


@pytest.mark.parametrize(("changes", "problem"), UNFIT, ids=lambda value: str(value)[:40])
def test_unfit_settings_are_refused(changes: dict[str, object], problem: str) -> None:
    """What would be unsafe in production is named, and the service doesn't start."""
    unfit = create_app(PRODUCTION.model_copy(update=changes))
    with pytest.raises(ConfigurationError, match=problem), TestClient(unfit):
        pass


def test_development_needs_no_secrets() -> None:
    """Without any key, the service still starts where nobody depends on it."""
    settings_with(environment=Environment.DEVELOPMENT, bcrypt_rounds=12, jwt_keys={}).check()


def test_production_is_the_default() -> None:
    """Whoever sets nothing gets the strict rules."""
    assert Settings.model_fields["environment"].default is Environment.PRODUCTION


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the same name in capitals sets a setting; what makes no sense is refused."""
    monkeypatch.setenv("DATABASE_POOL_SIZE", "7")
    assert Settings().database_pool_size == 7
    monkeypatch.setenv("DATABASE_POOL_SIZE", "0")
    with pytest.raises(ValidationError):
        Settings()


def test_secrets_are_not_shown() -> None:
    """What is secret doesn't get into a log by way of the settings."""
    secret = "postgresql://someone:open-sesame@localhost/service"
    assert "open-sesame" not in repr(settings_with(database_url=SecretStr(secret)))


def test_the_documentation_is_for_everywhere_but_production() -> None:
    """It is shown as set, and by default where nobody depends on the service."""
    assert settings_with(docs_enabled=None).shows_docs
    assert not PRODUCTION.shows_docs
    assert PRODUCTION.model_copy(update={"docs_enabled": True}).shows_docs
    assert not settings_with(docs_enabled=False).shows_docs


def test_pages_of_known_origins_may_call() -> None:
    """Browsers let pages of the origins that are set read answers, and of no others."""
    app = create_app(settings_with(cors_origins=("https://shop.example.com",)))
    client = TestClient(app)
    for origin, allowed in (
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://shop.example.org", None),
    ):
        response = client.get("/health/live", headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == allowed

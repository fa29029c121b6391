"""Settings, read from the environment and from a file `.env` in the working directory.

Every setting is an environment variable of the same name in capitals; `.env.example` lists them.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import (
    Field,
    IPvAnyNetwork,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_TOKEN = 16
"""Characters that a token has at least that is compared as it is."""

SHORTEST_KEY = 32
"""Bytes that a signing key has at least (RFC 7518, section 3.2: as many as the hash)."""

FEWEST_ROUNDS = 10
"""The lowest cost of bcrypt outside tests (OWASP Password Storage Cheat Sheet)."""


class Environment(StrEnum):
    """Where the service runs; only development and tests are lenient about secrets."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class ConfigurationError(Exception):
    """The settings are not fit for the environment."""


class Settings(BaseSettings):
    """What can be set from outside; whatever is secret has no default that would work."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Environment = Environment.PRODUCTION
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_exception_texts: bool | None = None
    docs_enabled: bool | None = None
    cors_origins: tuple[str, ...] = ()
    max_body_bytes: PositiveInt = 1_048_576
    max_header_bytes: PositiveInt = 32_768
    client_header_timeout: PositiveFloat = 10.0
    client_body_timeout: PositiveFloat = 20.0
    send_timeout: PositiveFloat = 20.0
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    rate_limit_factor: PositiveFloat = 1.0
    drain_seconds: NonNegativeFloat | None = None
    metrics_token: SecretStr = SecretStr("")
    metrics_open: bool | None = None
    otel_exporter_otlp_endpoint: str = ""
    slow_statement_milliseconds: NonNegativeFloat = 500.0

    database_url: SecretStr = SecretStr("postgresql://localhost:5432/marketplace_api")
    database_pool_size: PositiveInt = 10
    database_max_overflow: NonNegativeInt = 10
    database_pool_timeout: PositiveFloat = 5.0
    database_connect_timeout: PositiveFloat = 5.0
    database_statement_timeout: PositiveFloat = 15.0

    migration_lock_timeout: PositiveFloat = 0.5
    migration_statement_timeout: PositiveFloat = 60.0
    migration_patience: PositiveFloat = 300.0

    redis_url: SecretStr | None = None
    redis_timeout: PositiveFloat = 0.25

    jwt_keys: dict[str, SecretStr] = {}
    jwt_signing_key: str = ""
    jwt_issuer: str = "marketplace-api"
    jwt_audience: str = "marketplace-api"
    access_token_seconds: PositiveInt = 900
    refresh_token_days: PositiveInt = 30

    hash_algorithm: Literal["bcrypt", "argon2id"] = "bcrypt"
    bcrypt_rounds: Annotated[int, Field(ge=4, le=20)] = 12
    hash_workers: PositiveInt = 2
    login_attempts: PositiveInt = 10

    seed_password: SecretStr = SecretStr("")

    @property
    def shows_docs(self) -> bool:
        """Whether the documentation is served: as set, else everywhere but in production."""
        if self.docs_enabled is not None:
            return self.docs_enabled
        return self.environment is not Environment.PRODUCTION

    @property
    def logs_exception_texts(self) -> bool:
        """Whether logs have what exceptions say: as set, else everywhere but in production."""
        if self.log_exception_texts is not None:
            return self.log_exception_texts
        return self.environment is not Environment.PRODUCTION

    @property
    def shows_metrics(self) -> bool:
        """Whether figures are shown without a token: as set, else everywhere but in production."""
        if self.metrics_open is not None:
            return self.metrics_open
        return self.environment is not Environment.PRODUCTION

    @property
    def seconds_to_drain(self) -> float:
        """How long the end of the process is announced: as set, else 3 seconds in production."""
        if self.drain_seconds is not None:
            return self.drain_seconds
        return 3.0 if self.environment is Environment.PRODUCTION else 0.0

    def check(self) -> None:
        """Raise ConfigurationError if the service must not start with these settings."""
        problems = self._problems()
        if problems:
            raise ConfigurationError("; ".join(problems))

    def _problems(self) -> list[str]:
        problems = []
        if "*" in self.cors_origins:
            problems.append("CORS_ORIGINS has to list origins, '*' is none")
        token = self.metrics_token.get_secret_value()
        if token and len(token) < SHORTEST_TOKEN:
            problems.append(f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters")
        if self.environment is Environment.PRODUCTION and not self.jwt_keys:
            problems.append('JWT_KEYS is not set; it maps key ids to keys: {"2026-01": "..."}')
        if self.jwt_signing_key and self.jwt_signing_key not in self.jwt_keys:
            problems.append("JWT_SIGNING_KEY names no key of JWT_KEYS")
        for key_id, key in self.jwt_keys.items():
            if len(key.get_secret_value().encode()) < SHORTEST_KEY:
                problems.append(
                    f"the key {key_id!r} of JWT_KEYS is shorter than {SHORTEST_KEY} bytes"
                )
            elif len(set(key.get_secret_value())) < SHORTEST_KEY // 4:
                problems.append(f"the key {key_id!r} of JWT_KEYS is not random")
        if self.environment is not Environment.TEST and self.bcrypt_rounds < FEWEST_ROUNDS:
            problems.append(f"BCRYPT_ROUNDS is lower than {FEWEST_ROUNDS}")
        return problems


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()

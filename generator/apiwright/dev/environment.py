"""The environment that a service runs in during development, kept in its file `.env`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

_MARK = "# Kept up to date by `apiwright dev`; delete this line to look after the file yourself."


def development_environment(
    output: Path, database_url: str, redis_url: str, environ: Mapping[str, str]
) -> dict[str, str]:
    """The variables for the service, written into `.env` for whoever works in its folder.

    Secrets are made up once and stay. A `.env` without our mark is a person's: it is read, and
    never written. What `environ` sets wins over the file, but for the addresses of the servers,
    which are those that are given.
    """
    file = output / ".env"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = _variables(lines)
    wanted = {
        "ENVIRONMENT": found.get("ENVIRONMENT", "development"),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_KEYS": found.get("JWT_KEYS", f'{{"development": "{secrets.token_urlsafe(48)}"}}'),
        "SEED_PASSWORD": found.get("SEED_PASSWORD", secrets.token_urlsafe(12)),
    }
    if not lines or _MARK in lines:
        kept = {name: value for name, value in found.items() if name not in wanted}
        found = {**wanted, **kept}
        _write(file, found)
    else:
        found = {**wanted, **found}
    named = {name: environ[name] for name in found if environ.get(name)}
    return {**found, **named, "DATABASE_URL": database_url, "REDIS_URL": redis_url}


def _variables(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, sign, value = line.partition("=")
        if sign and not line.lstrip().startswith("#"):
            found[name.strip()] = value.strip().strip("'")
    return found


def _write(file: Path, variables: Mapping[str, str]) -> None:
    lines = [_MARK, *(f"{name}='{value}'" for name, value in variables.items())]
    text = "\n".join(lines) + "\n"
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)

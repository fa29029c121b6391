"""The tests of the service.

Importing them sets what the service reads from its environment, before any of it is imported: the
tests depend on nothing that happens to be set, and touch no database but one of their own.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path

from sqlalchemy import URL, make_url

from app.config import Settings

_NAMED = "TESTS_SERVER_URL"
"""What DATABASE_URL named before the tests set it: their workers (pytest-xdist) inherit that."""


def _named_url() -> URL | None:
    """What DATABASE_URL names, in the environment or in `.env`."""
    if _NAMED in os.environ:
        return make_url(os.environ[_NAMED]) if os.environ[_NAMED] else None
    settings = Settings()
    if "database_url" not in settings.model_fields_set:
        return None
    return make_url(settings.database_url.get_secret_value())


_token = secrets.token_hex(6)

SERVER_URL = _named_url()
"""A database of the server to use; None where the tests have to start a server."""

SOCKET_FOLDER = Path(tempfile.gettempdir()) / f"tests-{_token}"
"""Where the server of the tests is, if they start one."""

DATABASE_URL = (
    SERVER_URL or URL.create("postgresql", "tests", query={"host": str(SOCKET_FOLDER)})
).set(database=f"tests_{_token}")
"""The database of the tests; it exists only while they run."""

Settings.model_config["env_file"] = None
for _name in [name for name in os.environ if name.lower() in Settings.model_fields]:
    del os.environ[_name]
os.environ |= {
    _NAMED: SERVER_URL.render_as_string(hide_password=False) if SERVER_URL else "",
    "ENVIRONMENT": "test",
    "DATABASE_URL": DATABASE_URL.render_as_string(hide_password=False),
    # A machine with much to do at the same time is no Redis that hangs.
    "REDIS_TIMEOUT": "10",
    "RATE_LIMIT_FACTOR": "1000000",
    "BCRYPT_ROUNDS": "4",
    "LOGIN_ATTEMPTS": "1000",
    "JWT_KEYS": json.dumps({"tests": secrets.token_urlsafe(48)}),
}

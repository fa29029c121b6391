"""Whether the process lives, and whether it should be sent requests."""

from __future__ import annotations

from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.main import create_app
from tests.conftest import settings_with

NOBODY_LISTENS = "127.0.0.1:1"


def test_a_process_that_answers_lives(client: TestClient) -> None:
    """Nobody else is asked, so that a database that is gone restarts nothing."""
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_service_that_can_work_is_ready(client: TestClient) -> None:
    """The database answers."""
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_service_without_its_database_is_not_ready() -> None:
    """It lives, but can't work."""
    url = SecretStr(f"postgresql://nobody@{NOBODY_LISTENS}/nothing")
    client = TestClient(create_app(settings_with(database_url=url)))
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "unavailable"})
    assert client.get("/health/live").status_code == 200


def test_a_service_without_redis_is_degraded() -> None:
    """It can work without Redis, only less well."""
    app = create_app(settings_with(redis_url=SecretStr(f"redis://{NOBODY_LISTENS}")))
    with TestClient(app) as client:
        response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "degraded"})


def test_a_service_that_is_about_to_end_is_not_ready() -> None:
    """Once a shutdown has begun, requests should go elsewhere."""
    app = create_app()
    with TestClient(app) as client:
        assert client.get("/health/ready").status_code == 200
    assert TestClient(app).get("/health/ready").status_code == 503

"""Errors: each has a status, and the shape that the contract declares; none gives anything away."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from app import errors
from app.api.dependencies import DbSession
from app.api.routing import UnitOfWorkRoute
from app.errors import ApiError
from app.main import create_app
from app.models.constraints import CONSTRAINTS, UNKNOWN, violated
from tests.contract import HEADERS, NOWHERE
from tests.scratch import Scratch

KINDS = [
    errors.BadRequest(),
    errors.NotAuthenticated(),
    errors.Forbidden(),
    errors.NotFound(),
    errors.Conflict(),
    errors.TooLarge(),
    errors.UnsupportedMediaType(),
    errors.Invalid([errors.Violation(("body", "name"), "Field required", "missing")]),
    errors.NotAnswered(),
    errors.Unavailable(),
]
REFUSED = {
    "SELECT 'x'::integer": 422,
    "SELECT 1e10::integer": 422,
    "INSERT INTO apart.notes VALUES (NULL, 1)": 422,
    "INSERT INTO apart.notes VALUES ('a', -1)": 409,
    "INSERT INTO apart.notes VALUES ('a', 1), ('a', 2)": 409,
    "SELECT 1 / 0": 500,
    "SELECT no_such_function()": 500,
}
"""What the database refuses, and what that means for the client."""


@pytest.fixture
def notes(scratch: Scratch) -> Iterator[None]:
    """A table apart, with a key and a rule."""
    scratch.execute(
        "CREATE SCHEMA apart",
        "CREATE TABLE apart.notes (name text PRIMARY KEY, size integer CHECK (size > 0))",
    )
    yield
    scratch.execute("DROP SCHEMA apart CASCADE")


def serving(app: FastAPI) -> TestClient:
    """A client that is told of errors as any other is."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
def test_errors_are_told_with_their_status(error: ApiError) -> None:
    """Whatever is raised anywhere is answered with its status and its headers."""
    app = create_app()

    @app.get(NOWHERE)
    async def fails() -> None:
        raise error

    response = serving(app).get(NOWHERE)
    assert response.status_code == error.status
    for name, value in {**HEADERS, **error.headers}.items():
        assert response.headers[name] == value


def test_violations_say_where() -> None:
    """What breaks the contract is told with its place in the request."""
    invalid = errors.Invalid([errors.Violation(("body", "tags", 2), "Too long", "max_length")])
    assert invalid.detail == "body.tags.2: Too long"


@pytest.mark.parametrize(("statement", "status"), REFUSED.items())
def test_what_the_database_refuses_is_told(notes: None, statement: str, status: int) -> None:
    """Values that can't be stored are the client's fault, conflicts are conflicts, bugs are ours."""
    app = create_app()

    async def runs(session: DbSession) -> None:
        await session.execute(text(statement))

    app.router.add_api_route(NOWHERE, runs, methods=["POST"], route_class_override=UnitOfWorkRoute)
    assert serving(app).post(NOWHERE).status_code == status


def test_constraints_are_told_by_their_fields() -> None:
    """A constraint of the contract's tables is known by its name, another one is a conflict."""
    for name, known in CONSTRAINTS.items():
        assert violated(name, "", deleting=False) is known
    assert violated("no_such_constraint", "", deleting=False) is UNKNOWN
    missing = violated("", "title", deleting=False)
    assert (missing.fields, missing.kind, missing.conflict) == (("title",), "missing", False)


def test_what_is_still_in_use_is_no_bad_reference() -> None:
    """A row that others refer to can't be deleted: that says nothing about the request's fields."""
    references = [name for name, known in CONSTRAINTS.items() if known.kind == "reference"]
    for name in references:
        found = violated(name, "", deleting=True)
        assert found.conflict
        assert found.fields == ()


def test_failures_of_the_service_give_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    """What went wrong is for the log; the client learns that it wasn't their fault."""
    app = create_app()

    @app.get(NOWHERE)
    async def fails() -> None:
        raise RuntimeError("the password is open-sesame")

    log = logging.getLogger("app.errors")
    log.addHandler(caplog.handler)
    try:
        response = serving(app).get(NOWHERE)
    finally:
        log.removeHandler(caplog.handler)
    assert response.status_code == 500
    assert "sesame" not in response.text
    assert "sesame" in caplog.text
    assert response.headers["X-Request-ID"] in str(vars(caplog.records[-1]))


def test_what_was_unavailable_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The client may come again; why they have to is for the log."""
    app = create_app()

    @app.get(NOWHERE)
    async def fails() -> None:
        raise errors.Unavailable from TimeoutError("no secrets, please")

    log = logging.getLogger("app.errors")
    log.addHandler(caplog.handler)
    try:
        assert serving(app).get(NOWHERE).status_code == 503
    finally:
        log.removeHandler(caplog.handler)
    said = [vars(record) for record in caplog.records if record.name == "app.errors"][-1]
    assert said["fields"] == {"cause": "TimeoutError", "sqlstate": ""}
    assert "secrets" not in str(said)

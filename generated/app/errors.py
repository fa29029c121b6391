"""Errors: what can go wrong, and how the contract wants clients to be told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import FastAPI, Request, Response
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from app.models.constraints import violated
from app.paths import PATHS

log = logging.getLogger("app.errors")


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing in a request that breaks the contract: where, what, and which rule."""

    place: tuple[str | int, ...]
    message: str
    kind: str

    @property
    def path(self) -> str:
        """The place as one text, with dots between the steps."""
        return ".".join(str(step) for step in self.place)


class ApiError(Exception):
    """Something that the client is told, in the shape that the contract declares for errors."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"
    detail = "Something went wrong"

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.headers = headers or {}


class BadRequest(ApiError):
    """The request can't be read."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed_request"
    detail = "The request can't be read"


class NotAuthenticated(ApiError):
    """Nobody is signed in (RFC 9110, section 15.5.2)."""

    status = HTTPStatus.UNAUTHORIZED
    code = "not_authenticated"
    detail = "Not authenticated"

    def __init__(self, detail: str = "", *, challenge: str = "Bearer") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(ApiError):
    """The caller is known, but not allowed to do this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    detail = "Not allowed"


class NotFound(ApiError):
    """There is no such thing, or none that the caller may know of."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"
    detail = "Not found"


class Conflict(ApiError):
    """It can't be done in the present state."""

    status = HTTPStatus.CONFLICT
    code = "conflict"
    detail = "Not possible in the present state"


class PreconditionFailed(ApiError):
    """It is not as the client thinks that it is (RFC 9110, section 15.5.13)."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "precondition_failed"
    detail = "It has been changed since: read it again, and send the new ETag as If-Match"


class PreconditionRequired(ApiError):
    """The client has to say which version it changes (RFC 6585, section 3)."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    code = "precondition_required"
    detail = "Read it first, and send its ETag as If-Match"


class NotReceived(ApiError):
    """The client has gone, or was let go, before its request was whole (RFC 9110, 15.5.9)."""

    status = HTTPStatus.REQUEST_TIMEOUT
    code = "request_timeout"
    detail = "The request did not come to its end"


class TooLarge(ApiError):
    """The body is larger than the service takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "content_too_large"
    detail = "The body is too large"


class UnsupportedMediaType(ApiError):
    """The body is of a media type that the operation doesn't take."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"
    detail = "The media type of the body is not supported"


class TooManyRequests(ApiError):
    """The caller has to wait (RFC 6585, section 4)."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"

    def __init__(self, seconds: int) -> None:
        detail = f"Too many requests: try again in {seconds} s"
        super().__init__(detail, headers={"Retry-After": str(seconds)})


class NotAnswered(ApiError):
    """The contract has this operation, but nobody has written what it does yet."""

    status = HTTPStatus.NOT_IMPLEMENTED
    code = "not_implemented"
    detail = "Not implemented yet"


class Unavailable(ApiError):
    """The service can't work for the moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
    detail = "Temporarily unavailable"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


class Invalid(ApiError):
    """The request can be read, but breaks the contract."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_request"

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{found.path}: {found.message}" for found in self.violations))


def from_pydantic(place: tuple[str, ...], error: ValidationError) -> Invalid:
    """What pydantic found wrong with the value that stands at `place` in a request."""
    return Invalid(
        Violation((*place, *found["loc"]), found["msg"], found["type"])
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    )


def from_integrity_error(error: Exception) -> ApiError:
    """What a violated constraint means for the client."""
    told = error.orig.__cause__ if isinstance(error, IntegrityError) and error.orig else error
    name, column = getattr(told, "constraint_name", ""), getattr(told, "column_name", "")
    statement = error.statement or "" if isinstance(error, IntegrityError) else ""
    deleting = statement.lstrip().upper().startswith("DELETE")
    found = violated(str(name or ""), str(column or ""), deleting=deleting)
    if found.conflict:
        return Conflict(found.message)
    return Invalid([Violation(("body", *found.fields), found.message, found.kind)])


def contract_methods(request: Request) -> list[str]:
    """Every method that the contract has for the path of a request; none for other paths."""
    path = request.scope["path"]
    for methods, pattern in PATHS:
        if pattern.fullmatch(path):
            return methods
    return []


RACES = frozenset({"40001", "40P01"})
"""States of what lost a race: a serialization failure, a deadlock. Another try may well win."""

OUTDATED = frozenset({"0A000"})
"""State of a prepared statement whose columns a migration has changed; it is prepared anew."""

LOST = frozenset({"57P01", "57P03", "08006"})
"""States of a connection that the server has ended, or is about to end."""

TEMPORARY = RACES | LOST | {"53300", "57014"}
"""States that pass by themselves: races, too many connections, time-outs, a restart."""

UNSTORABLE = frozenset(
    {"22000", "22001", "22003", "22007", "22008", "22021", "22P02", "22P03", "22P05"}
)
"""States of values that the database can't hold: NUL in text, numbers and times out of range."""


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of a database error (PostgreSQL, appendix A), or ""."""
    told = getattr(error, "orig", error)
    # SQLAlchemy doesn't pass every state on; the driver's own error stands behind its own.
    found = getattr(told, "sqlstate", "") or getattr(told.__cause__, "sqlstate", "")
    return str(found or "")


def install(app: FastAPI) -> None:
    """Make `app` answer errors in the shapes below."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(IntegrityError, _integrity_error)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(asyncpg.IntegrityConstraintViolationError, _integrity_error)
    app.add_exception_handler(asyncpg.PostgresError, _database_error)
    app.add_exception_handler(HTTPException, _http_exception)


def respond(request: Request, error: ApiError) -> Response:
    """The answer that tells the client of `error`."""
    status = error.status
    if isinstance(error, Invalid):
        return _invalid(request, error, status)
    return _usual(request, error, status)


async def _api_error(request: Request, error: Exception) -> Response:
    if isinstance(error, Unavailable) and error.__cause__ is not None:
        cause = error.__cause__
        said = {"cause": type(cause).__qualname__, "sqlstate": sqlstate(cause)}
        log.warning("unavailable", extra={"fields": said})
    return respond(request, error if isinstance(error, ApiError) else ApiError())


async def _integrity_error(request: Request, error: Exception) -> Response:
    return respond(request, from_integrity_error(error))


async def _database_error(request: Request, error: Exception) -> Response:
    """Values that the contract allows and the database can't hold; anything else is our fault."""
    if sqlstate(error) not in UNSTORABLE:
        raise error
    violation = Violation((), "Holds a value that can't be stored", "unstorable")
    return respond(request, Invalid([violation]))


async def _http_exception(request: Request, error: Exception) -> Response:
    """What the framework itself raises: no such path, no such method."""
    if not isinstance(error, HTTPException):
        return respond(request, ApiError())
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(contract_methods(request)) or headers.get("Allow", "")
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    phrase = HTTPStatus(error.status_code)
    found = ApiError(phrase.phrase, headers=headers)
    found.status, found.code = phrase, phrase.name.lower()
    return respond(request, found)


def unexpected(request: Request) -> Response:
    """The answer to a request at which the service itself has failed."""
    return respond(request, ApiError())


def _usual(request: Request, error: ApiError, status: int) -> Response:
    """Any error but those below."""
    content: dict[str, Any] = {"code": error.code, "detail": error.detail}
    return JSONResponse(content, status, error.headers)


def _invalid(request: Request, error: ApiError, status: int) -> Response:
    """A request that breaks the contract."""
    violations = error.violations if isinstance(error, Invalid) else ()
    content: dict[str, Any] = {
        "detail": [
            {"loc": list(found.place), "msg": found.message, "type": found.kind}
            for found in violations
        ]
    }
    return JSONResponse(content, status, error.headers)

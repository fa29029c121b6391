"""What surrounds the endpoints of the FastAPI peers: FastAPI's middleware, PyJWT, Prometheus."""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import OAuth2PasswordBearer
from prometheus_client import Counter, Histogram, make_asgi_app

DATABASE_URL = os.environ["DATABASE_URL"]
JWT_KEY = os.environ["JWT_KEY"]
POOL_SIZE = int(os.environ["POOL_SIZE"])

REQUESTS = Counter("http_requests", "Requests", ["method", "endpoint", "status"])
DURATION = Histogram("http_request_duration_seconds", "Duration", ["method", "endpoint"])

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="auth/token")
access_log = logging.getLogger("access")
logging.basicConfig(level=logging.INFO, format="%(message)s")


def caller_id(token: Annotated[str, Depends(oauth2_scheme)]) -> UUID:
    """The account that the token was made for."""
    try:
        claims = jwt.decode(
            token,
            JWT_KEY,
            algorithms=["HS256"],
            audience="marketplace-api",
            issuer="marketplace-api",
            options={"require": ["exp", "iat", "sub"]},
        )
        return UUID(claims["sub"])
    except (jwt.PyJWTError, ValueError) as error:
        raise not_authenticated() from error


def not_authenticated() -> HTTPException:
    """The answer to a token that is none."""
    return HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})


def install(app: FastAPI) -> None:
    """Request ids, metrics, a log line in JSON and security headers for every request."""
    app.mount("/metrics", make_asgi_app())

    @app.middleware("http")
    async def observe(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        started = time.perf_counter()
        request_id = request.headers.get("x-request-id") or uuid.uuid4().hex
        response = await call_next(request)
        seconds = time.perf_counter() - started
        endpoint = getattr(request.scope.get("route"), "path", "<unmatched>")
        REQUESTS.labels(request.method, endpoint, response.status_code).inc()
        DURATION.labels(request.method, endpoint).observe(seconds)
        response.headers["X-Request-ID"] = request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        fields = {
            "request_id": request_id,
            "method": request.method,
            "endpoint": endpoint,
            "status": response.status_code,
            "milliseconds": round(seconds * 1000, 3),
        }
        access_log.info(json.dumps(fields))
        return response

"""The figures of the service, for those who run it."""

from __future__ import annotations

import secrets

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import metrics
from app.config import Settings
from app.errors import NotAuthenticated, NotFound


async def show(request: Request) -> Response:
    """The figures, as Prometheus reads them; see METRICS_TOKEN and METRICS_OPEN for who may."""
    let_in(request, request.app.state.settings)
    request.app.state.sampler.sample()
    return Response(await run_in_threadpool(metrics.exposition), media_type=metrics.CONTENT_TYPE)


def let_in(request: Request, settings: Settings) -> None:
    """Raise NotAuthenticated without the token; NotFound if there is none and the figures are shut.

    Addresses are not asked: behind a proxy on the same machine, everybody comes from there.
    """
    token = settings.metrics_token.get_secret_value()
    if not token:
        if not settings.shows_metrics:
            raise NotFound
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.encode(), token.encode()):
        raise NotAuthenticated

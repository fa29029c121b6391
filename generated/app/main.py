"""The application; README.md tells how to serve it."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from app import contract, direct, errors
from app.api import docs, health, idempotency, metrics
from app.api.router import router
from app.config import Settings, get_settings
from app.database import Database
from app.direct.route import DirectRoute
from app.draining import drained
from app.limits.attempts import Attempts
from app.limits.headers import RateLimitHeaders
from app.limits.limiter import Limiter
from app.logs import log_lost_errors, set_up_logging
from app.metrics import Sampler
from app.monitoring import Monitoring
from app.proxies import TrustedProxies
from app.readiness import Readiness
from app.redis import SharedRedis
from app.services.bindings import OVERRIDES
from app.slow import slow_ones_told
from app.tracing import exported
from app.utils.overriding import check_overrides
from app.utils.security import PasswordHasher, Tokens


def create_app(settings: Settings | None = None, *, answer_directly: bool = True) -> FastAPI:
    """The application with `settings`, or those of the environment.

    Nothing is connected to before the lifespan begins. Requests that come without one (from a
    test client that runs none) are served all the same, each with a connection of its own.
    Unless they may `answer_directly`, all operations work with a session, as overridden ones do.
    """
    settings = settings or get_settings()
    app = FastAPI(
        title="Marketplace API",
        version="1.0.0",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.database = Database(settings)
    app.state.redis = SharedRedis(settings)
    app.state.readiness = Readiness(app.state.database, app.state.redis)
    app.state.draining = False
    app.state.sampler = Sampler(app.version)
    app.state.sampler.add(app.state.database.sample)
    app.state.sampler.add(Monitoring.sample)
    app.state.limiter = Limiter(settings, app.state.redis)
    app.state.attempts = Attempts(settings, app.state.redis)
    app.state.passwords = PasswordHasher(settings)
    app.state.tokens = Tokens(settings)
    check_overrides(OVERRIDES)
    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents
    if answer_directly:
        app.router.routes.append(DirectRoute(direct.operations()))
    app.include_router(router)
    app.include_router(health.router)
    app.add_api_route("/metrics", metrics.show, include_in_schema=False)
    if settings.shows_docs:
        docs.install(app)
    errors.install(app)
    idempotency.install(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", idempotency.HEADER],
            expose_headers=[idempotency.REPLAYED],
        )
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(Monitoring)
    if settings.trusted_proxies:
        app.add_middleware(TrustedProxies, networks=settings.trusted_proxies)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What holds while the application serves: fit settings, a pool of connections."""
    settings: Settings = app.state.settings
    settings.check()
    set_up_logging(settings)
    log_lost_errors()
    contract.operations()
    app.state.database.connect()
    app.state.redis.connect()
    # What was made until now lives as long as the process: no collection has to look at it again.
    gc.collect()
    gc.freeze()
    traced = exported(settings, "marketplace-api", app.version)
    told = slow_ones_told(settings, app.state.database)
    async with traced, told, drained(app.state, settings.seconds_to_drain):
        sampling = asyncio.create_task(app.state.sampler.run())
        sweeping = asyncio.create_task(idempotency.sweep(app.state.database))
        yield
        sweeping.cancel()
        sampling.cancel()
    gc.unfreeze()
    await app.state.redis.disconnect()
    await app.state.database.disconnect()
    app.state.passwords.close()


def openapi() -> dict[str, Any]:
    """The contract that the service was made from, in place of what FastAPI would infer."""
    document: dict[str, Any] = json.loads(contract.document())
    return document


app = create_app()

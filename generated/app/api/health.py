"""Whether the process lives, and whether it should be sent requests."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from app.database import Database
from app.redis import SharedRedis

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live() -> JSONResponse:
    """The process answers; it asks nobody else."""
    return JSONResponse({"status": "ok"})


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """The service can work: the database answers, and no shutdown has begun.

    Without Redis the service is degraded, but ready.
    """
    redis: SharedRedis = request.app.state.redis
    database = not request.app.state.draining and await _database_is_up(request)
    shared = await redis.is_up() or not redis.configured
    status = ("ok" if shared else "degraded") if database else "unavailable"
    return JSONResponse({"status": status}, 200 if database else 503)


async def _database_is_up(request: Request) -> bool:
    database: Database = request.app.state.database
    try:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return False
    return True

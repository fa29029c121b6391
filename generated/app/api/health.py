"""Whether the process lives, and whether it should be sent requests."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from app.readiness import Readiness

router = APIRouter(prefix="/health", include_in_schema=False)


@router.get("/live")
async def live() -> JSONResponse:
    """The process answers; it asks nobody else."""
    return JSONResponse({"status": "ok"})


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """The service can work: the database answers and is up to date, and no shutdown has begun.

    Without Redis the service is degraded, but ready.
    """
    readiness: Readiness = request.app.state.readiness
    state = await readiness.state(draining=request.app.state.draining)
    return JSONResponse({"status": state}, 200 if state.ready else 503)

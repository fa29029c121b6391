"""Sign in, stay signed in, sign out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.binding import from_body
from app.api.dependencies import AuthServiceDep, authenticate
from app.api.responses import respond
from app.api.routing import UnitOfWorkRoute
from app.schemas.auth import PasswordGrant, RefreshGrant

router = APIRouter(prefix="/api/v1", tags=["Auth"], route_class=UnitOfWorkRoute)


@router.post(
    "/auth/token",
    operation_id="createToken",
    summary="Sign in",
)
async def create_token(
    service: AuthServiceDep,
    body: Annotated[PasswordGrant, from_body(PasswordGrant)],
) -> Response:
    """Exchanges an e-mail address and a password for an access token and a refresh token
    (OAuth 2.0 password grant, RFC 6749 section 4.3).
    """
    return respond(await service.create_token(body))


@router.post(
    "/auth/refresh",
    operation_id="refreshToken",
    summary="Stay signed in",
)
async def refresh_token(
    service: AuthServiceDep,
    body: Annotated[RefreshGrant, from_body(RefreshGrant)],
) -> Response:
    """Exchanges a refresh token for a new pair. Every refresh token works once; using one
    again ends the session that it belongs to.
    """
    return respond(await service.refresh_token(body))


@router.post(
    "/auth/logout",
    operation_id="logout",
    summary="Sign out",
    dependencies=[Depends(authenticate)],
)
async def logout(
    service: AuthServiceDep,
) -> Response:
    """Ends the session of the access token, with every token that belongs to it."""
    await service.logout()
    return Response(status_code=204)

"""Accounts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response, Security

from app.api.binding import from_body, from_path, from_query
from app.api.dependencies import UserServiceDep, authenticate
from app.api.responses import respond
from app.api.routing import UnitOfWorkRoute
from app.schemas.user import (
    ListUsersQuery,
    PasswordChange,
    ProfileUpdate,
    UserCreate,
    UserUpdate,
)

router = APIRouter(prefix="/api/v1", tags=["Users"], route_class=UnitOfWorkRoute)


@router.get(
    "/users/",
    operation_id="listUsers",
    summary="List accounts",
    dependencies=[Security(authenticate, scopes=["users:admin"])],
)
async def list_users(
    service: UserServiceDep,
    query: Annotated[ListUsersQuery, from_query(ListUsersQuery)],
) -> Response:
    """A page of accounts, newest first unless sorted otherwise."""
    return respond(await service.list_users(query))


@router.post(
    "/users/",
    operation_id="registerUser",
    summary="Register",
)
async def register_user(
    service: UserServiceDep,
    body: Annotated[UserCreate, from_body(UserCreate)],
) -> Response:
    """Opens an account, which may sign in at once."""
    return respond(await service.register_user(body), 201)


@router.get(
    "/users/me",
    operation_id="readMe",
    summary="Show my account",
    dependencies=[Security(authenticate, scopes=["profile"])],
)
async def read_me(
    service: UserServiceDep,
) -> Response:
    """The account that the access token belongs to."""
    return respond(await service.read_me())


@router.patch(
    "/users/me",
    operation_id="updateMe",
    summary="Change my account",
    dependencies=[Security(authenticate, scopes=["profile"])],
)
async def update_me(
    service: UserServiceDep,
    body: Annotated[ProfileUpdate, from_body(ProfileUpdate)],
) -> Response:
    """Changes the fields that are sent and leaves the others as they are."""
    return respond(await service.update_me(body))


@router.delete(
    "/users/me",
    operation_id="deleteMe",
    summary="Close my account",
    dependencies=[Security(authenticate, scopes=["profile"])],
)
async def delete_me(
    service: UserServiceDep,
) -> Response:
    """Removes the account and everything that it offers."""
    await service.delete_me()
    return Response(status_code=204)


@router.put(
    "/users/me/password",
    operation_id="changePassword",
    summary="Change my password",
    dependencies=[Security(authenticate, scopes=["profile"])],
)
async def change_password(
    service: UserServiceDep,
    body: Annotated[PasswordChange, from_body(PasswordChange)],
) -> Response:
    """Takes the present password and the next one. All other sessions of the account end; the
    one that asks goes on.
    """
    await service.change_password(body)
    return Response(status_code=204)


@router.get(
    "/users/{user_id}",
    operation_id="readUser",
    summary="Show an account",
    dependencies=[Security(authenticate, scopes=["users:admin"])],
)
async def read_user(
    service: UserServiceDep,
    user_id: Annotated[UUID, from_path("user_id", UUID)],
) -> Response:
    """One account, for administrators."""
    return respond(await service.read_user(user_id))


@router.patch(
    "/users/{user_id}",
    operation_id="updateUser",
    summary="Change an account",
    dependencies=[Security(authenticate, scopes=["users:admin"])],
)
async def update_user(
    service: UserServiceDep,
    user_id: Annotated[UUID, from_path("user_id", UUID)],
    body: Annotated[UserUpdate, from_body(UserUpdate)],
) -> Response:
    """Changes the fields that are sent, roles and activity among them."""
    return respond(await service.update_user(user_id, body))


@router.delete(
    "/users/{user_id}",
    operation_id="deleteUser",
    summary="Remove an account",
    dependencies=[Security(authenticate, scopes=["users:admin"])],
)
async def delete_user(
    service: UserServiceDep,
    user_id: Annotated[UUID, from_path("user_id", UUID)],
) -> Response:
    """Removes the account and everything that it offers."""
    await service.delete_user(user_id)
    return Response(status_code=204)

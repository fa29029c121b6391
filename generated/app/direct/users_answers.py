"""The users operations as PostgreSQL answers them, unless `overrides/users.py` does."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select

from app import models
from app.api.binding import body_of, path_of, query_of
from app.direct import calls, shapes, statements
from app.direct.remembered import Remembered
from app.repositories.user_repository import (
    list_users_conditions,
    list_users_order,
    list_users_paging,
)
from app.schemas.user import ListUsersQuery, UserUpdate
from app.utils.values import sent

list_users_query = query_of(ListUsersQuery)
LIST_USERS = statements.Listing(
    shapes.USER_VIEW,
    select(models.User),
    ListUsersQuery,
    order=list_users_order,
    paging=list_users_paging,
    conditions=list_users_conditions,
    filters=("role", "is_active"),
    fixed=("sort",),
    search="q",
    ends={"created_at": "created_at", "email": "email", "full_name": "full_name", "id": "id"},
)
list_users_form = Remembered(lambda request: LIST_USERS.form(list_users_query(request)))


async def list_users(call: calls.Call) -> calls.Answer:
    """List accounts."""
    form = list_users_form(call.request)
    page = await call.page(form)
    total = await call.total(form)
    return page.within("items", {"total": total, "next_cursor": page.next_cursor})


READ_ME = shapes.USER_VIEW.rows(models.User.id == bindparam("caller"))


async def read_me(call: calls.Call) -> calls.Answer:
    """Show my account."""
    return await call.one(READ_ME, {"caller": call.caller.id})


read_user_path_user_id = path_of("user_id", UUID)
READ_USER = shapes.USER_VIEW.rows(models.User.id == bindparam("path_user_id"))


async def read_user(call: calls.Call) -> calls.Answer:
    """Show an account."""
    values = {"path_user_id": read_user_path_user_id(call.request)}
    return await call.one(READ_USER, values)


update_user_path_user_id = path_of("user_id", UUID)
update_user_body = body_of(UserUpdate)
UPDATE_USER = statements.Change(
    shapes.USER_VIEW,
    models.User.id == bindparam("path_user_id"),
    attributes=("email", "full_name", "roles", "is_active"),
)


async def update_user(call: calls.Call) -> calls.Answer:
    """Change an account."""
    values = {"path_user_id": update_user_path_user_id(call.request)}
    body = await update_user_body(call.request)
    changes = sent(body)
    return await call.changed(UPDATE_USER, values, changes)


OPERATIONS = {
    "list_users": calls.Direct(
        "listUsers",
        "GET",
        "/api/v1/users/",
        list_users,
        (LIST_USERS,),
        ("users:admin",),
    ),
    "read_me": calls.Direct(
        "readMe",
        "GET",
        "/api/v1/users/me",
        read_me,
        (READ_ME,),
        ("profile",),
    ),
    "read_user": calls.Direct(
        "readUser",
        "GET",
        "/api/v1/users/{user_id}",
        read_user,
        (READ_USER,),
        ("users:admin",),
    ),
    "update_user": calls.Direct(
        "updateUser",
        "PATCH",
        "/api/v1/users/{user_id}",
        update_user,
        (UPDATE_USER,),
        ("users:admin",),
    ),
}
"""What is answered here, by the name of the method that does the same with a session."""

"""The matrix: what everybody meets who calls an operation, for their own rows and for others'.

A line of it is an operation and a row, each entry a caller: the status of the answer, or, where
many rows are shown, whether that row is among them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from app import direct, models, seed
from tests import factories
from tests.conftest import SignedIn, SignIn
from tests.contract import OPERATIONS
from tests.factories import Factory, Make, Row
from tests.scratch import Scratch
from tests.wire import at, text

Met: TypeAlias = int | str
Ask: TypeAlias = Callable[[TestClient, Make, SignedIn, SignedIn], Met]

ANY = "any row"
OWN = "their own row"
ANOTHERS = "another's row"
SHOWN = "200, with the row"
HIDDEN = "200, without the row"
LET_IN = "anything but 401 and 403"
ANONYMOUS = "anonymous"
REFUSALS = {401, 403, 404, 409}


@dataclass(frozen=True, slots=True)
class Line:
    """An operation, whose row it is called for, and what callers meet: by role, or anonymous."""

    operation: str
    ask: Ask
    row: str
    meets: dict[str, Met]


class Noted(Make):
    """Remembers the rows that it makes."""

    def __init__(self, scratch: Scratch) -> None:
        super().__init__(scratch)
        self._rows: list[models.Base] = []

    @override
    def __call__(self, factory: Factory[Row], /, **given: Any) -> Row:
        """A new row."""
        row = super().__call__(factory, **given)
        self._rows.append(row)
        return row

    def unchanged(self) -> bool:
        """Whether all of them are as they were made."""

        async def again(session: AsyncSession) -> list[models.Base]:
            keys = [(type(row), inspect(row).identity) for row in self._rows]
            return [await session.get_one(model, key) for model, key in keys]

        found = self._scratch.run(again)
        return [*map(_values, found)] == [*map(_values, self._rows)]


def _values(row: models.Base) -> dict[str, Any]:
    """What a row has in its columns."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}


@pytest.fixture
def client(request: pytest.FixtureRequest) -> TestClient:
    """A client who is answered directly, or one whose requests work in a session."""
    found: TestClient = request.getfixturevalue(request.param)
    found.cookies.clear()
    return found


def met(response: Response) -> Met:
    """What an answer comes down to."""
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    return response.status_code


def seen(response: Response, shown: Callable[[], bool]) -> Met:
    """What an answer with many rows comes down to."""
    if response.status_code != 200:
        return met(response)
    return SHOWN if shown() else HIDDEN


def asks(operation: str) -> Ask:
    """Calls an operation for things that are not there: all that matters is who is let in."""
    known = next(found for found in OPERATIONS if found.id == operation)

    def ask(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
        response = known.call(client, caller.headers)
        return met(response) if response.status_code in {401, 403, 501} else LET_IN

    return ask


def list_users(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """List accounts."""
    user = make(factories.user_row)
    response = client.get("/api/v1/users/", headers=caller.headers)
    return seen(response, lambda: text(user.id) in [one["id"] for one in response.json()["items"]])


def register_user(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Register."""
    return met(
        client.post(
            "/api/v1/users/",
            json={
                "email": "ada@example.com",
                "password": "correct horse battery staple",
                "full_name": "Ada Lovelace",
            },
        )
    )


def read_me(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Show my account."""
    return met(client.get("/api/v1/users/me", headers=caller.headers))


def update_me(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Change my account."""
    return met(
        client.patch("/api/v1/users/me", json={"full_name": "Ada King"}, headers=caller.headers)
    )


def delete_me(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Close my account."""
    return met(client.delete("/api/v1/users/me", headers=caller.headers))


def read_user(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Show an account."""
    user = make(factories.user_row)
    return met(client.get(at("/api/v1/users/{user_id}", user.id), headers=caller.headers))


def update_user(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Change an account."""
    user = make(factories.user_row)
    return met(
        client.patch(
            at("/api/v1/users/{user_id}", user.id),
            json={"roles": ["member", "admin"]},
            headers=caller.headers,
        )
    )


def delete_user(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Remove an account."""
    user = make(factories.user_row)
    return met(client.delete(at("/api/v1/users/{user_id}", user.id), headers=caller.headers))


def list_items(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """List items."""
    item = make(factories.item_row)
    response = client.get("/api/v1/items/")
    return seen(response, lambda: text(item.id) in [one["id"] for one in response.json()["items"]])


def create_item(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Offer an item."""
    return met(
        client.post(
            "/api/v1/items/",
            json={
                "title": "Desk lamp",
                "description": "Brass, with a green shade",
                "price": "19.99",
                "quantity": 12,
                "tags": ["office", "brass"],
            },
            headers=caller.headers,
        )
    )


def read_item(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Show an item."""
    item = make(factories.item_row)
    return met(client.get(at("/api/v1/items/{item_id}", item.id)))


def replace_item(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Replace an item."""
    item = make(factories.item_row, owner=owner.account)
    return met(
        client.put(
            at("/api/v1/items/{item_id}", item.id),
            json={
                "title": "Desk lamp",
                "description": "Brass, with a green shade",
                "price": "19.99",
                "quantity": 12,
                "tags": ["office", "brass"],
            },
            headers=caller.headers,
        )
    )


def update_item(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Change an item."""
    item = make(factories.item_row, owner=owner.account)
    return met(
        client.patch(
            at("/api/v1/items/{item_id}", item.id), json={"price": "17.50"}, headers=caller.headers
        )
    )


def delete_item(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Withdraw an item."""
    item = make(factories.item_row, owner=owner.account)
    return met(client.delete(at("/api/v1/items/{item_id}", item.id), headers=caller.headers))


def restore_item(client: TestClient, make: Make, caller: SignedIn, owner: SignedIn) -> Met:
    """Bring an item back."""
    item = make(factories.item_row, owner=owner.account, deleted_at=seed.NOW)
    return met(client.post(at("/api/v1/items/{item_id}/restore", item.id), headers=caller.headers))


MATRIX = (
    Line("logout", asks("logout"), ANY, {"anonymous": 401, "member": LET_IN, "admin": LET_IN}),
    Line("listUsers", list_users, ANY, {"anonymous": 401, "member": 403, "admin": SHOWN}),
    Line("registerUser", register_user, ANY, {"anonymous": 201, "member": 201, "admin": 201}),
    Line("readMe", read_me, ANY, {"anonymous": 401, "member": 200, "admin": 200}),
    Line("updateMe", update_me, ANY, {"anonymous": 401, "member": 200, "admin": 200}),
    Line("deleteMe", delete_me, ANY, {"anonymous": 401, "member": 204, "admin": 204}),
    Line("changePassword", asks("changePassword"), ANY, {"anonymous": 401}),
    Line("readUser", read_user, ANY, {"anonymous": 401, "member": 403, "admin": 200}),
    Line("updateUser", update_user, ANY, {"anonymous": 401, "member": 403, "admin": 200}),
    Line("deleteUser", delete_user, ANY, {"anonymous": 401, "member": 403, "admin": 204}),
    Line("listItems", list_items, ANY, {"anonymous": SHOWN, "member": SHOWN, "admin": SHOWN}),
    Line("createItem", create_item, ANY, {"anonymous": 401, "member": 201, "admin": 201}),
    Line("readItem", read_item, ANY, {"anonymous": 200, "member": 200, "admin": 200}),
    Line("replaceItem", replace_item, OWN, {"anonymous": 401, "member": 200, "admin": 200}),
    Line("replaceItem", replace_item, ANOTHERS, {"anonymous": 401, "member": 403, "admin": 200}),
    Line("updateItem", update_item, OWN, {"anonymous": 401, "member": 200, "admin": 200}),
    Line("updateItem", update_item, ANOTHERS, {"anonymous": 401, "member": 403, "admin": 200}),
    Line("deleteItem", delete_item, OWN, {"anonymous": 401, "member": 204, "admin": 204}),
    Line("deleteItem", delete_item, ANOTHERS, {"anonymous": 401, "member": 403, "admin": 204}),
    Line("restoreItem", restore_item, OWN, {"anonymous": 401, "member": 403, "admin": 200}),
    Line("restoreItem", restore_item, ANOTHERS, {"anonymous": 401, "member": 403, "admin": 200}),
    Line("reserveItem", asks("reserveItem"), ANY, {"anonymous": 401, "member": 501, "admin": 501}),
)
DIRECT = frozenset(known.operation_id for known in direct.operations())
"""What has two ways to its answer."""

WAYS = ("serving", "serving_sessions")
CASES = [
    pytest.param(
        way, line, caller, id=f"{line.operation}, {line.row}: {caller} meets {meets}, {way}"
    )
    for line in MATRIX
    for caller, meets in line.meets.items()
    for way in (WAYS if line.operation in DIRECT else WAYS[:1])
]


@pytest.mark.parametrize(("client", "line", "caller"), CASES, indirect=["client"])
def test_everybody_meets_what_the_contract_says(
    client: TestClient, scratch: Scratch, sign_in: SignIn, line: Line, caller: str
) -> None:
    """Who may do something can, who may not is told so and changes nothing, and rows of others are
    as if not there.
    """
    known = sign_in() if caller == ANONYMOUS else sign_in(caller)
    owner = known
    if line.row == ANOTHERS:
        owner = sign_in()
    asking = replace(known, headers={}) if caller == ANONYMOUS else known
    noted = Noted(scratch)
    assert line.ask(client, noted, asking, owner) == line.meets[caller]
    if line.meets[caller] in REFUSALS:
        assert noted.unchanged()
    if line.meets[caller] == 404:
        # A version that fits nothing tells nobody that there is a row.
        asking = replace(asking, headers={**asking.headers, "If-Match": '"0"'})
        assert line.ask(client, noted, asking, owner) == 404

"""Calls that are answered without a session: who calls, and the answer on its way."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json
from sqlalchemy import bindparam, select
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.api.dependencies import access_token, lets_in, permitted
from app.database import Database
from app.direct.statements import Change, Form, Listing, Statement
from app.errors import Forbidden, NotAuthenticated, NotFound, PreconditionFailed
from app.limits.limiter import Limiter
from app.models import User
from app.models.session import AuthSession
from app.utils.conditions import Conditions, Versions, conditions_of, entity_tag
from app.utils.roles import granted

JSON = (b"content-type", b"application/json")

ACCOUNT = Statement(
    select(User.roles, AuthSession.scope.label("session_scope"))
    .join(AuthSession, AuthSession.account_id == User.id)
    .where(*lets_in(bindparam("session"), bindparam("subject")))
)
"""What has to be known of an account and its session."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Who calls: the key of the account, and the scopes that are granted for this request."""

    id: UUID
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether `scope` is granted."""
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in JSON, or (no body) none at all."""

    body: bytes
    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ()
    tag: str = ""

    def value(self, name: str) -> Any:
        """What the answer shows as the property `name`."""
        return json.loads(self.body)[name]

    def located(self, path: str) -> Answer:
        """The answer with the address of what it shows (RFC 9110, section 10.2.2)."""
        return replace(self, headers=((b"location", path.encode()),))

    def unless_known(self, conditions: Conditions) -> Answer:
        """The answer, but empty, and 304, where the client has it already."""
        if not self.tag or not conditions.not_modified(self.tag):
            return self
        return replace(self, body=b"", status=304)


class Call:
    """One request."""

    def __init__(self, request: Request, needed: Sequence[str] | None) -> None:
        database: Database = request.app.state.database
        self.request = request
        self._driver = database.driver
        self._needed = needed

    async def fetch(
        self, statement: Statement, values: Mapping[str, Any], *, repeatable: bool = True
    ) -> list[asyncpg.Record]:
        """The rows of a statement."""
        return await self._driver.fetch(
            statement.text, statement.arguments(values), repeatable=repeatable
        )

    async def one(self, statement: Statement, values: Mapping[str, Any]) -> Answer:
        """The one row of a statement; raises NotFound if there is none."""
        rows = await self.fetch(statement, values)
        if not rows:
            raise NotFound
        return Answer(rows[0][0].encode())

    async def shown(
        self,
        statement: Statement,
        values: Mapping[str, Any],
        mark: str,
        cache_control: str,
        *,
        account: object = None,
    ) -> Answer:
        """The one row of a statement, with its tag; raises NotFound if there is none.

        `account` is given where everybody has a row of their own.
        """
        rows = await self.fetch(statement, values)
        if not rows:
            raise NotFound
        answer = _tagged(rows[0], mark, 200, account)
        return replace(answer, headers=((b"cache-control", cache_control.encode()),))

    @cached_property
    def conditions(self) -> Conditions:
        """What the client asks of the row."""
        return conditions_of(self.request)

    async def require(self, statement: Statement, values: Mapping[str, Any]) -> None:
        """Raise NotFound if a statement finds nothing."""
        if not await self.fetch(statement, values):
            raise NotFound

    async def made(
        self, statement: Statement, values: Mapping[str, Any], status: int, mark: str = ""
    ) -> Answer:
        """The row that a statement has stored; with a `mark`, it has a tag."""
        rows = await self.fetch(statement, values, repeatable=False)
        return _tagged(rows[0], mark, status)

    async def changed(
        self,
        change: Change[Any],
        values: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        owner: object = None,
        visible: bool = False,
        status: int = 200,
        mark: str = "",
        versions: Versions | None = None,
    ) -> Answer:
        """A row after a change; with an `owner`, only if it belongs to that account.

        Raises NotFound if there is none, or Forbidden if it belongs to somebody else and everybody
        may know of it (`visible`).
        With a `mark` it has a tag. Raises PreconditionFailed if it is of none of the `versions`.
        """
        if versions is not None:
            asked = {"wanted": versions.wanted, "unwanted": versions.unwanted}
            values = {**values, **{k: v for k, v in asked.items() if v is not None}}
        statement = change.statement(
            tuple(changes),
            owned=owner is not None,
            wanted="wanted" in values,
            unwanted="unwanted" in values,
        )
        news = {f"new_{name}": value for name, value in changes.items()}
        rows = await self.fetch(statement, {**values, **news, "owner": owner}, repeatable=False)
        if rows:
            return _tagged(rows[0], mark, status)
        if versions is not None:
            there = change.there if owner is None else change.there_of_owner
            if await self.fetch(there, {**values, "owner": owner}):
                raise PreconditionFailed
        if visible and owner is not None:
            await self.require(change.there, values)
            raise Forbidden
        raise NotFound

    async def page(self, form: Form) -> Page:
        """One page of a list."""
        rows = await self._driver.fetch(form.page.text, form.arguments, repeatable=True)
        bodies: list[str] = list(rows[0][0] or ())
        more = len(bodies) > form.limit
        del bodies[form.limit :]
        return Page(bodies, more, form.next_cursor(bodies[-1]) if more and bodies else None)

    async def total(self, form: Form) -> int:
        """How many rows a list has, on all pages together."""
        count: int = (await self.fetch(form.total, form.values))[0][0]
        return count

    async def identify(self) -> None:
        """Find out who calls; raises NotAuthenticated or Forbidden as the operation needs it.

        Account and session are looked up every time, so that whoever is signed out, shut out or
        has lost a role is so at once.
        """
        if self._needed is None:
            return
        token = access_token(self.request)
        values = {"session": token.session, "subject": token.subject}
        found = next(iter(await self.fetch(ACCOUNT, values)), None)
        if found is None:
            raise NotAuthenticated(challenge='Bearer error="invalid_token"')
        scopes = permitted(token, found["session_scope"], granted(found["roles"]), self._needed)
        self.__dict__["caller"] = Identified(token.subject, scopes)

    @cached_property
    def caller(self) -> Identified:
        """Who calls; raises NotAuthenticated where nobody has been identified."""
        raise NotAuthenticated


@dataclass(frozen=True, slots=True)
class Page:
    """The bodies of the rows of a page, whether there are more, and where those begin."""

    bodies: Sequence[str]
    more: bool
    next_cursor: str | None

    def alone(self) -> Answer:
        """The page as a bare list."""
        return Answer(f"[{','.join(self.bodies)}]".encode())

    def within(self, items: str, others: Mapping[str, Any]) -> Answer:
        """The page as the property `items` of an object that has others."""
        rest = to_json(others).decode()
        between = "," if others else ""
        return Answer(f"{{{_text(items)}:[{','.join(self.bodies)}]{between}{rest[1:]}".encode())


def _text(value: str) -> str:
    return to_json(value).decode()


def _tagged(row: asyncpg.Record, mark: str, status: int, account: object = None) -> Answer:
    """A row as an answer, with the tag of its version if there is a mark to make it with."""
    body = row[0].encode()
    tag = entity_tag(row["version"], mark, body, account) if mark else ""
    return Answer(body, status, tag=tag)


@dataclass(frozen=True)
class Direct:
    """An operation that is answered here; `needed` are its scopes, None lets everybody call.

    A `keyed` one is not, where a request comes with a key: that takes a transaction.
    """

    operation_id: str
    method: str
    path: str
    answer: Callable[[Call], Awaitable[Answer]]
    statements: Sequence[Statement | Listing[Any, Any] | Change[Any]]
    needed: Sequence[str] | None = None
    keyed: bool = False

    @cached_property
    def parameters(self) -> Sequence[str]:
        """The parameters of the path, in their order."""
        return re.findall(r"\{(\w+)\}", self.path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = Call(Request(scope, receive), self.needed)
        limiter: Limiter = scope["app"].state.limiter
        await limiter.hold(call.request)
        await call.identify()
        answer = await self.answer(call)
        if self.method == "GET":
            answer = answer.unless_known(call.conditions)
        headers = list(answer.headers)
        if answer.tag:
            headers.append((b"etag", answer.tag.encode()))
        if answer.body:
            headers += [JSON, (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

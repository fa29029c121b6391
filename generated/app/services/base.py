"""What every service has: the unit of work, and what else a request comes with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.config import Settings
from app.errors import Forbidden, NotAuthenticated
from app.limits.attempts import Attempts
from app.models import User
from app.utils.conditions import Conditions
from app.utils.security import PasswordHasher, Tokens


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the account, its session, and the scopes that are granted for this request."""

    account: User
    session_id: UUID
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether `scope` is granted."""
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class Context:
    """What a service works with during one request."""

    session: AsyncSession
    settings: Settings
    passwords: PasswordHasher
    tokens: Tokens
    attempts: Attempts
    caller: Caller | None = None
    address: str = ""
    conditions: Conditions = field(default_factory=Conditions)


class Service:
    """A base for services: one method for each operation, one object for each request."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.session = context.session

    def require_version(self, version: int, *, account: object = None) -> None:
        """Raise PreconditionFailed unless the client wants a row of this version to be changed.

        `account` is given where everybody has a row of their own.
        """
        self.context.conditions.check(version, account)

    def note_version(self, version: int) -> None:
        """Tell the version of the row that the answer shows: its entity tag is made of it."""
        self.context.conditions.version = version

    @property
    def caller(self) -> Caller:
        """Who calls; raises NotAuthenticated where nobody is signed in."""
        if self.context.caller is None:
            raise NotAuthenticated
        return self.context.caller

    def require_owner(self, owner: UUID | None, *, unless: str = "") -> None:
        """Raise Forbidden unless the caller is `owner`, or has the scope `unless`."""
        if owner != self.caller.account.id and not self.caller.may(unless):
            raise Forbidden

    def owned(
        self, owner: InstrumentedAttribute[Any], *, unless: str = ""
    ) -> tuple[ColumnElement[bool], ...]:
        """The condition that rows belong to the caller; none for the scope `unless`."""
        if self.caller.may(unless):
            return ()
        return (owner == self.caller.account.id,)

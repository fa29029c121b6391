"""Who calls in tests: which role an operation takes, and what an account of that role has."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from apiwright.code import Code, compose, ident, literal
from apiwright.ir.operations import Operation
from apiwright.ir.service import Service
from apiwright.ir.storage import Entity
from apiwright.plan.views.routers import guarded, key_scopes, needed_scopes


class Guard(Enum):
    """Who may call an operation: anybody, people who are signed in, or nobody that we know."""

    OPEN = "OPEN"
    CALLER = "CALLER"
    NOBODY = "NOBODY"


class People:
    """The accounts that tests can sign in; `known` tells whether they can make any."""

    def __init__(self, service: Service, *, known: bool) -> None:
        self._service = service
        self._identity: Entity | None = service.identity if known else None
        self._scopes = self._granted()

    @property
    def known(self) -> bool:
        """Whether anybody can sign in at all."""
        return self._identity is not None

    @property
    def usual_role(self) -> str:
        """The role of an account that a test doesn't say more about."""
        fewest = min(self._scopes, key=lambda role: len(self._scopes[role]), default="")
        return self._service.default_role or fewest

    @property
    def roles(self) -> Mapping[str, frozenset[str]]:
        """The scopes of every role that an account can have."""
        return self._scopes

    def guard(self, operation: Operation) -> Guard:
        """Who may call the operation."""
        if operation.public:
            return Guard.OPEN
        return Guard.CALLER if guarded(operation, self._service) else Guard.NOBODY

    def by_token(self, operation: Operation) -> bool:
        """Whether a token lets somebody in."""
        return not operation.public and needed_scopes(operation, self._service) is not None

    def scopes(self, operation: Operation) -> frozenset[str]:
        """The scopes that the operation takes."""
        if self.guard(operation) is not Guard.CALLER:
            return frozenset()
        needed = needed_scopes(operation, self._service)
        if needed is None:
            needed = key_scopes(operation, self._service)
        return frozenset(needed or ())

    def granted(self, role: str) -> frozenset[str]:
        """The scopes that a role grants."""
        return self._scopes.get(role, frozenset())

    def role(self, *operations: Operation, without: str = "") -> str | None:
        """The least role that may call all of the operations; None if none may.

        With `without`, a role that doesn't grant that scope.
        """
        if not self.known:
            return None
        needed = frozenset(scope for o in operations for scope in self.scopes(o))
        fitting = [
            role
            for role, scopes in self._scopes.items()
            if needed <= scopes and not (without and without in scopes)
        ]
        if self.usual_role in fitting:
            return self.usual_role
        return min(fitting, key=lambda role: len(self._scopes[role]), default=None)

    def reachable(self, operation: Operation) -> bool:
        """Whether a test can call the operation, as somebody or with the guard held open."""
        return self.guard(operation) is not Guard.CALLER or self.role(operation) is not None

    def account_values(self, role: Code) -> tuple[tuple[Code, Code], ...]:
        """What an account is given so that it can sign in with a role: attributes and values."""
        entity = self._identity
        if entity is None or entity.identity is None:
            return ()
        identity, values = entity.identity, []
        if identity.roles and self._service.roles:
            value = compose("[{}]" if identity.roles_many else "{}", role)
            values.append((ident(entity.column(identity.roles).attribute), value))
        if identity.active:
            values.append((ident(entity.column(identity.active).attribute), literal(True)))
        return tuple(values)

    def _granted(self) -> dict[str, frozenset[str]]:
        """The scopes by role; without a role on accounts, all have the role of new ones."""
        entity = self._identity
        roles = {role.name: frozenset(role.scopes) for role in self._service.roles}
        if entity is None or entity.identity is None:
            return {}
        if entity.identity.roles and roles:
            column = entity.column(entity.identity.roles)
            return {n: s for n, s in roles.items() if not column.enum or n in column.enum}
        default = self._service.default_role
        return {default: roles.get(default, frozenset())}

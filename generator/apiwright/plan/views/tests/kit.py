"""What is the same for all tests of a service."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, joined
from apiwright.ir.operations import Operation, TokenAction
from apiwright.ir.policies.idempotency import Idempotency
from apiwright.ir.service import Service
from apiwright.ir.shapes import properties
from apiwright.plan.views.api_keys import api_keys_view
from apiwright.plan.views.service import has_tenants
from apiwright.plan.views.tests.people import Guard, People
from apiwright.plan.views.tests.requests import Requests
from apiwright.plan.views.tests.rows import RowMaker
from apiwright.plan.views.tests.samples import Samples
from apiwright.understand.exchange import body_content

_PASSWORD = "correct horse battery staple"  # nosec B105 - a password of tests


@dataclass(frozen=True, slots=True)
class KitView:
    """What the tests of a service have to work with."""

    entities: bool
    callers: bool
    nobody: bool
    role: str
    password: str
    account_factory: Code
    key_factory: Code
    account_values: Code
    admit_parameters: Code
    example_factory: Code
    seedable: bool
    nowhere: str
    keyed: tuple[str, ...]
    needs_keys: bool
    sign_in_asks: bool


class Kit:
    """Everything that is found out about a service before its tests are written."""

    def __init__(self, service: Service, closed: Collection[str] = ()) -> None:
        identity = service.identity
        self.service = service
        self.samples = Samples(service)
        self.rows = RowMaker(service, closed)
        known = identity is not None and self.rows.can_make(identity.name)
        self.people = People(service, known=known)
        self.requests = Requests(service, self.samples, self.people)

    def view(self) -> KitView:
        """The view for all templates."""
        identity = self.service.identity
        factories = self.rows.view().functions
        guards = {self.people.guard(o) for o in self.service.operations.values()}
        callers = self.people.known
        return KitView(
            entities=bool(factories),
            callers=callers,
            nobody=Guard.NOBODY in guards,
            role=self.people.usual_role if callers else "",
            password=self._password(),
            account_factory=self.rows.factory(identity.name)
            if callers and identity is not None
            else constant(""),
            key_factory=self._key_factory(),
            account_values=joined(
                (
                    compose(", {}={}", name, value)
                    for name, value in self.people.account_values(constant("role"))
                ),
                "",
            ),
            admit_parameters=self._admit_parameters(),
            example_factory=factories[0].name if factories else constant(""),
            seedable=self._seedable(),
            nowhere=self.requests.nowhere(),
            keyed=tuple(operation.id for operation, _ in self._keyed()),
            needs_keys=any(known.required for _, known in self._keyed()),
            sign_in_asks=self._sign_in_asks(),
        )

    def _sign_in_asks(self) -> bool:
        """Whether who is signed in may be of a tenant that is there, or call with an API key."""
        keys = api_keys_view(self.service)
        return has_tenants(self.service) or (keys is not None and keys.alone)

    def _key_factory(self) -> Code:
        """What makes a row of API keys, if tests can; else empty."""
        keys = self.service.api_keys
        made = keys is not None and self.people.known and self.rows.can_make(keys.entity)
        return self.rows.factory(keys.entity) if keys is not None and made else constant("")

    def _keyed(self) -> list[tuple[Operation, Idempotency]]:
        """The operations that take idempotency keys, as far as tests can call them."""
        return [
            (operation, operation.idempotency)
            for operation in self.service.operations.values()
            if operation.idempotency is not None and self.requests.has(operation)
        ]

    def _admit_parameters(self) -> Code:
        guards = {self.people.guard(o) for o in self.service.operations.values()}
        needed = ["request: pytest.FixtureRequest"] if Guard.NOBODY in guards else []
        return constant(", ".join([*needed, *(["sign_in: SignIn"] if self.people.known else [])]))

    def _seedable(self) -> bool:
        """Whether the examples of all entities can be stored, several of each."""
        entities = self.service.entities.values()
        return bool(entities) and all(
            self.rows.can_make(entity.name) and self.rows.repeats(entity) for entity in entities
        )

    def _password(self) -> str:
        """A password that the contract lets people sign in with."""
        for operation in self.service.operations.values():
            action = operation.action
            content = body_content(operation)
            payload = self.samples.body(operation)
            if not isinstance(action, TokenAction) or content is None or content.schema is None:
                continue
            for name, prop in properties(content.schema, self.service.schemas).items():
                value = payload.value if payload is not None else None
                if prop.attribute == action.password and isinstance(value, dict):
                    return str(value.get(name, _PASSWORD))
        return _PASSWORD

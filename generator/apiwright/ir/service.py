"""The whole of a service, as far as the contract tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from apiwright.ir.operations import Operation, ResetAction, ResetRequestAction
from apiwright.ir.policies.api_keys import ApiKeys
from apiwright.ir.policies.events import ResourceEvents, Webhook
from apiwright.ir.policies.limits import Limit
from apiwright.ir.schemas import Json, NamedSchema
from apiwright.ir.storage import Entity


class SchemeKind(Enum):
    """The ways of authentication that a contract can name."""

    PASSWORD_FLOW = "oauth2-password"
    BEARER = "bearer"
    API_KEY = "api-key"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """A way to say who calls.

    The paths of token and refresh are absolute, empty if unknown; `header` carries an API key.
    """

    name: str
    kind: SchemeKind
    scopes: tuple[str, ...] = ()
    token_path: str = ""
    refresh_path: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A role and every scope that it grants, those of the roles that it includes among them."""

    name: str
    scopes: tuple[str, ...]


class ErrorPart(Enum):
    """What a property of an error body tells."""

    DETAIL = "detail"
    CODE = "code"
    STATUS = "status"
    TITLE = "title"
    INSTANCE = "instance"
    TYPE = "type"
    VIOLATIONS = "violations"
    OBJECT = "object"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class ErrorField:
    """A property of an error body: what it tells, or the value that it always has.

    `fields` are the properties of an object in the body.
    """

    name: str
    part: ErrorPart
    fixed: Json = None
    fields: tuple[ErrorField, ...] = ()


class ViolationPart(Enum):
    """What a property of one entry in a list of violations tells.

    PLACE is the list of steps to the value, PATH the same in one text, TEXT place and message.
    """

    PLACE = "place"
    PATH = "path"
    MESSAGE = "message"
    KIND = "kind"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """How an error looks on the wire.

    `violation` maps the properties of one entry in the list of violations to what they tell; the
    empty name stands for entries that are text. No fields: the error has no body.
    """

    media_type: str
    fields: tuple[ErrorField, ...]
    violation: tuple[tuple[str, ViolationPart], ...] = ()


@dataclass(frozen=True, slots=True)
class Errors:
    """The shapes of errors: the usual one, that of validation errors, and exceptions to both.

    `special` maps (operation id, status) to a shape; the status is three digits or a range.
    `statuses` maps operation ids to the status of a request that breaks the contract, where that
    is not 422.
    """

    usual: ErrorShape
    invalid: ErrorShape
    special: Mapping[tuple[str, str], ErrorShape]
    statuses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Resource:
    """Operations that belong together: one router, one service class, one file of overrides."""

    name: str
    module: str
    service_module: str
    service_class: str
    description: str
    operations: tuple[str, ...]
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A service, understood.

    `deleted` names tables that may go with their rows, `audited` the entities whose writes are
    kept in the audit trail; `limits` has those of each operation that is limited, by its id.
    """

    title: str
    version: str
    description: str
    base_path: str
    contract: Mapping[str, Json]
    schemas: Mapping[str, NamedSchema]
    entities: Mapping[str, Entity]
    operations: Mapping[str, Operation]
    resources: tuple[Resource, ...]
    schemes: tuple[SecurityScheme, ...]
    roles: tuple[Role, ...]
    default_role: str
    errors: Errors
    deleted: tuple[str, ...] = ()
    events: tuple[ResourceEvents, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    audited: tuple[str, ...] = ()
    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    api_keys: ApiKeys | None = None

    @property
    def limited(self) -> bool:
        """Whether any request is counted: those of operations with limits, and failed logins."""
        return bool(self.limits) or self.identity is not None

    def address(self, operation: Operation) -> str:
        """The whole path of an operation."""
        return f"{operation.home or self.base_path}{operation.path}"

    @property
    def offered(self) -> Service:
        """The service without the operations that only an older version offers."""
        kept = {name: known for name, known in self.operations.items() if not known.home}
        if len(kept) == len(self.operations):
            return self
        resources = tuple(
            replace(resource, operations=tuple(n for n in resource.operations if n in kept))
            for resource in self.resources
        )
        return replace(
            self,
            operations=kept,
            resources=tuple(r for r in resources if r.operations),
            limits={name: known for name, known in self.limits.items() if name in kept},
        )

    @property
    def idempotent(self) -> bool:
        """Whether any request can be sent with an idempotency key."""
        return any(known.idempotency is not None for known in self.operations.values())

    @property
    def identity(self) -> Entity | None:
        """The entity that signs in, if there is one."""
        for entity in self.entities.values():
            if entity.identity is not None:
                return entity
        return None

    @property
    def resets_passwords(self) -> bool:
        """Whether forgotten passwords can be replaced."""
        kinds = ResetRequestAction | ResetAction
        return any(isinstance(known.action, kinds) for known in self.operations.values())

    @property
    def recorded(self) -> frozenset[str]:
        """The entities whose writes leave something behind beside their rows."""
        return frozenset((*self.audited, *(known.entity for known in self.events)))

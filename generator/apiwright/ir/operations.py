"""Operations: what clients can ask for, and what the service does about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TypeAlias

from apiwright.ir.policies.bulk import BulkAnswer, BulkVerb
from apiwright.ir.policies.caching import Caching
from apiwright.ir.policies.conditional import Conditional
from apiwright.ir.policies.idempotency import Idempotency
from apiwright.ir.schemas import Json, Schema
from apiwright.problems import Position


class Location(Enum):
    """Where a parameter travels (OpenAPI 3.1, section 4.8.12.1)."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class Wire:
    """How the text of a parameter becomes a value: the JSON types that it may turn into."""

    kinds: tuple[str, ...]
    items: Wire | None = None
    properties: Mapping[str, Wire] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    `style` and `explode` are set as OpenAPI's defaults say where the contract leaves them out;
    `content` is the media type of a parameter that carries a document of its own; `renamed_to` is
    what the newest version calls a parameter of an older one, where that says so.
    """

    name: str
    attribute: str
    location: Location
    required: bool
    schema: Schema
    wire: Wire
    style: str
    explode: bool
    position: Position
    content: str = ""
    description: str = ""
    example: tuple[Json, ...] = ()
    renamed_to: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """One media type of a body or a response; no schema means any bytes."""

    media_type: str
    schema: Schema | None
    position: Position
    example: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation takes."""

    required: bool
    contents: tuple[Content, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Response:
    """What an operation may answer; `status` is three digits, "2XX" or "default"."""

    status: str
    description: str
    contents: tuple[Content, ...]
    headers: tuple[str, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Requirement:
    """One way to be let in: every scheme in it has to be satisfied, with these scopes."""

    schemes: tuple[tuple[str, tuple[str, ...]], ...]


def weakest(ways: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The scopes that every one of these ways asks for at least; None where no way is that weak.

    Whoever gets in by any of them gets in by this one.
    """
    return next((way for way in ways if all(set(way) <= set(other) for other in ways)), None)


@dataclass(frozen=True, slots=True)
class View:
    """A schema that shows rows of an entity, and the relations that it needs loaded."""

    schema: str
    entity: str
    loads: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """A relation to load, and what to load with its rows."""

    attribute: str
    target: str
    loads: tuple[Load, ...] = ()


@dataclass(frozen=True, slots=True)
class PathColumn:
    """A path parameter that names a value of a column; `parent` is the entity it belongs to."""

    attribute: str
    column: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows an operation may touch: those under the parents, and (`owned`) the caller's."""

    parents: tuple[PathColumn, ...] = ()
    owned: bool = False
    visible: bool = False
    """Whether everybody may read the rows, so that "not yours" gives nothing away."""


class Compare(Enum):
    """How a filter compares a column with the value of its parameter."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "starts-with"
    IS_NULL = "is-null"


@dataclass(frozen=True, slots=True)
class Filter:
    """A query parameter that leaves rows out."""

    attribute: str
    column: str
    compare: Compare
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """A query parameter with words that have to occur in text columns."""

    attribute: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """A value of the sort parameter and the order that it stands for."""

    value: str
    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """A query parameter that orders rows; `many` when it takes several values."""

    attribute: str
    keys: tuple[SortKey, ...]
    many: bool


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are ordered when the client doesn't say."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Page:
    """How a list is cut into pages, and the shape that a page has.

    The first group names attributes of the query (empty: not offered), the second properties of
    the answer. `envelope` is the schema of the page, empty for a bare array.
    """

    limit: str = ""
    offset: str = ""
    number: str = ""
    cursor: str = ""
    default_limit: int = 0
    max_limit: int = 0

    envelope: str = ""
    items: str = ""
    total: str = ""
    next_cursor: str = ""
    shown_limit: str = ""
    shown_offset: str = ""
    shown_number: str = ""
    shown_pages: str = ""
    has_more: str = ""


@dataclass(frozen=True, slots=True)
class ListAction:
    """Show many rows."""

    entity: str
    view: View
    rows: Rows
    page: Page
    order: tuple[Order, ...]
    filters: tuple[Filter, ...] = ()
    search: Search | None = None
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class ExportAction:
    """Send all rows of a list, in one of these media types; `listing` has no pages."""

    listing: ListAction
    media_types: tuple[str, ...]

    @property
    def entity(self) -> str:
        """The entity whose rows are sent."""
        return self.listing.entity


@dataclass(frozen=True, slots=True)
class Write:
    """An attribute of the body that is stored in a column."""

    attribute: str
    column: str


@dataclass(frozen=True, slots=True)
class LinkWrite:
    """An attribute of the body that lists the keys of related rows."""

    attribute: str
    relation: str


@dataclass(frozen=True, slots=True)
class CreateAction:
    """Make a row. `location` is the path at which it can be read, if there is one.

    `issues` is the attribute of the answer that shows the API key which the row is made for, the
    only time; empty for all other rows.
    """

    entity: str
    rows: Rows
    writes: tuple[Write, ...]
    links: tuple[LinkWrite, ...]
    view: View | None
    location: str = ""
    issues: str = ""


class RowVerb(Enum):
    """What can be done with one row."""

    READ = "read"
    REPLACE = "replace"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class RowAction:
    """Do something with one row: the one that `key` names, or (no key) the caller's own."""

    verb: RowVerb
    entity: str
    key: PathColumn | None
    rows: Rows
    writes: tuple[Write, ...] = ()
    links: tuple[LinkWrite, ...] = ()
    view: View | None = None


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Do something with many rows, all of them or (`partial`) each for itself.

    `items` is the attribute of the body that lists them, empty where the body is the list; `key`
    that of an entry which says which row it changes. An entry of what is deleted is a key itself.
    """

    verb: BulkVerb
    entity: str
    rows: Rows
    items: str = ""
    key: str = ""
    writes: tuple[Write, ...] = ()
    view: View | None = None
    answer: BulkAnswer | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class TokenAction:
    """Exchange a login and a password for tokens (RFC 6749, section 4.3)."""

    login: str
    password: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class RefreshAction:
    """Exchange a refresh token for new tokens (RFC 6749, section 6)."""

    token: str


@dataclass(frozen=True, slots=True)
class LogoutAction:
    """End the session of the caller."""


@dataclass(frozen=True, slots=True)
class PasswordAction:
    """Give the caller's account another password, for the present one.

    `current` and `new` are the attributes of the body that hold the two.
    """

    current: str
    new: str


@dataclass(frozen=True, slots=True)
class ResetRequestAction:
    """Send a token to whoever has forgotten a password; `login` is the attribute of the body."""

    login: str


@dataclass(frozen=True, slots=True)
class ResetAction:
    """Give an account another password, for a token that was sent to it.

    `token` and `new` are the attributes of the body that hold the two.
    """

    token: str
    new: str


@dataclass(frozen=True, slots=True)
class CustomAction:
    """Something that only people can write; `reason` says why it was not understood."""

    reason: str


Action: TypeAlias = (
    ListAction
    | CreateAction
    | RowAction
    | BulkAction
    | ExportAction
    | TokenAction
    | RefreshAction
    | LogoutAction
    | PasswordAction
    | ResetRequestAction
    | ResetAction
    | CustomAction
)


OnRows: TypeAlias = ListAction | CreateAction | RowAction | BulkAction | ExportAction
"""What is done with rows of an entity."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the contract.

    `id` is its operationId (or one made from method and path), `name` what it is called in
    Python, `path` its path below the base path. `evidence` tells why `action` was chosen.
    `conditional` tells what it does about the conditions of a request; `cache_control` is what the
    contract promises for its answer, `caching` whether it is kept.
    What is `deprecated` may have been so since a day, and may be gone from another day on.
    `home` is the base path of the older version that alone still offers it, empty for all others.
    """

    id: str
    name: str
    class_prefix: str
    method: str
    path: str
    position: Position
    pointer: str
    tags: tuple[str, ...]
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: tuple[Response, ...]
    security: tuple[Requirement, ...]
    action: Action
    evidence: tuple[str, ...] = ()
    deprecated: bool = False
    deprecated_since: date | None = None
    sunset: date | None = None
    home: str = ""
    if_match_required: bool = False
    cache_control: str = ""
    conditional: Conditional | None = None
    caching: Caching | None = None
    idempotency: Idempotency | None = None

    @property
    def public(self) -> bool:
        """Whether anybody may call it (OpenAPI 3.1, section 4.8.30: an empty requirement)."""
        return not self.security or any(not way.schemes for way in self.security)

    def located(self, location: Location) -> tuple[Parameter, ...]:
        """The parameters that travel in `location`."""
        return tuple(p for p in self.parameters if p.location is location)

    @property
    def success(self) -> Response | None:
        """The answer to give when all goes well: the first 2xx response, else the default one."""
        fine = [response for response in self.responses if response.status.startswith("2")]
        others = [response for response in self.responses if response.status == "default"]
        return next(iter((*fine, *others)), None)

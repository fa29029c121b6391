"""Storage: the tables that a contract implies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from apiwright.extensions.expressions import Expression
from apiwright.ir.policies.tenancy import Tenancy
from apiwright.ir.schemas import Json
from apiwright.problems import Position


class ColumnType(Enum):
    """The kinds of columns, after what they hold rather than what PostgreSQL calls them."""

    TEXT = "text"
    INT32 = "int32"
    INT64 = "int64"
    DOUBLE = "double"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    UUID = "uuid"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BYTES = "bytes"
    JSON = "json"


class Fill(Enum):
    """Who gives a column its value when a row is made (or, for UPDATED, whenever it changes)."""

    CLIENT = "client"
    GENERATED = "generated"
    CREATED = "created"
    UPDATED = "updated"
    OWNER = "owner"
    TENANT = "tenant"
    PARENT = "parent"
    DEFAULT = "default"
    DATABASE = "database"
    DELETED = "deleted"
    VERSION = "version"


class OnDelete(Enum):
    """What becomes of a row when the row that it refers to is deleted."""

    RESTRICT = "restrict"
    CASCADE = "cascade"
    SET_NULL = "set-null"


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key to the entity of this name."""

    entity: str
    on_delete: OnDelete


@dataclass(frozen=True, slots=True)
class Bounds:
    """What every value of a column keeps to, as far as PostgreSQL can check it.

    `pattern` is a regular expression that PostgreSQL and ECMA-262 read alike.
    """

    min_length: int | None = None
    max_length: int | None = None
    minimum: Json = None
    exclusive_minimum: Json = None
    maximum: Json = None
    exclusive_maximum: Json = None
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Renamed:
    """That a table, a column or a value was called otherwise before.

    `names` are what it may have been called in the database, newest first; `position` is where the
    contract says so.
    """

    names: tuple[str, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Backfill:
    """What rows that exist get in a column that they lack a value of."""

    expression: Expression
    position: Position


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `name` is its SQL name, `attribute` its name in Python, `property` the property of the wire
    that it stores (empty where it has none); a `hashed` one is never shown. `enum` holds the
    values that it is limited to, `enum_class` the named schema that lists them. `stored_as` is
    PostgreSQL's type where it isn't the usual one, `enum_type` the enum type that holds the values.
    `default` is wrapped in a tuple, since null is a value too. `renamed` tells what the column was
    called before, `renamed_values` what values of its enum were, `backfill` what old rows get;
    `deleted_values` are values that its enum had, and rows have no more.
    """

    name: str
    attribute: str
    type: ColumnType
    position: Position
    property: str = ""
    nullable: bool = False
    array: bool = False
    precision: int | None = None
    scale: int | None = None
    enum: tuple[str, ...] = ()
    enum_class: str = ""
    stored_as: str = ""
    enum_type: str = ""
    bounds: Bounds = Bounds()
    default: tuple[Json, ...] = ()
    fill: Fill = Fill.CLIENT
    hashed: bool = False
    reference: Reference | None = None
    description: str = ""
    renamed: Renamed | None = None
    renamed_values: tuple[tuple[str, Renamed], ...] = ()
    backfill: Backfill | None = None
    deleted_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unique:
    """A rule that no two rows agree in these columns; `ignore_case` compares in lower case."""

    name: str
    columns: tuple[str, ...]
    ignore_case: bool = False
    partial: bool = False


class IndexMethod(Enum):
    """The index methods of PostgreSQL that are used."""

    BTREE = "btree"
    GIN = "gin"


@dataclass(frozen=True, slots=True)
class Index:
    """An index over columns, or (`search`) over the words of text columns.

    `partial` leaves out the rows that are soft-deleted. `reason` says which filter or sort of the
    contract wants it.
    """

    name: str
    columns: tuple[str, ...]
    method: IndexMethod = IndexMethod.BTREE
    search: bool = False
    partial: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToOne:
    """A property that shows the one row of another table that a foreign key points to."""

    property: str
    attribute: str
    target: str
    column: str


@dataclass(frozen=True, slots=True)
class ToMany:
    """A property that shows the rows of another table whose foreign key points here."""

    property: str
    attribute: str
    target: str
    target_column: str


@dataclass(frozen=True, slots=True)
class ManyToMany:
    """Rows of another table, tied by a table of pairs.

    `property` shows the rows themselves, `ids_property` their keys; either may be empty.
    """

    property: str
    ids_property: str
    attribute: str
    target: str
    table: str
    column: str
    target_column: str
    renamed: Renamed | None = None


Relation: TypeAlias = ToOne | ToMany | ManyToMany


@dataclass(frozen=True, slots=True)
class Ownership:
    """Rows belong to a user: the column that says so, and the scope that lifts the rule."""

    column: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The entity that signs in, and the columns by which it does (`roles`, `active` may be "")."""

    login: str
    password: str
    roles: str = ""
    roles_many: bool = False
    active: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A table and what is known of its rows.

    `name` is the named schema that shows it best, `class_name` its class in Python, `plural` the
    attribute under which services reach its repository. `renamed` tells what the table was called
    before, `deleted` which columns may go with their values.
    """

    name: str
    class_name: str
    module: str
    plural: str
    table: str
    position: Position
    columns: tuple[Column, ...]
    key: str
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    relations: tuple[Relation, ...] = ()
    soft_delete: str = ""
    owner: Ownership | None = None
    tenant: Tenancy | None = None
    identity: Identity | None = None
    description: str = ""
    evidence: tuple[str, ...] = ()
    renamed: Renamed | None = None
    deleted: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def version(self) -> Column | None:
        """The column that counts how often a row was changed, if there is one."""
        return next((column for column in self.columns if column.fill is Fill.VERSION), None)

    @property
    def key_column(self) -> Column:
        """The primary key."""
        return self.column(self.key)

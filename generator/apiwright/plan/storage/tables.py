"""Tables as they stand in the database: plain data, of which snapshots and revisions are made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from apiwright.plan.storage.sql import columns_in


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column. `type` is PostgreSQL's name for it; `default` is SQL, empty for none.

    A `retained` one is gone from the contract, and stays for the sake of its data; with a `twin`,
    it is the name of before of another column, which a trigger keeps it in step with.
    """

    name: str
    type: str
    nullable: bool
    default: str = ""
    identity: bool = False
    retained: bool = False
    twin: str = ""

    @property
    def bare(self) -> TableColumn:
        """The column as the database knows it: without what is only remembered of it."""
        return replace(self, retained=False, twin="")


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint.

    `retained` is what it lets through although the contract has it no more: values of an enum, or
    the length that texts had before.
    """

    name: str
    condition: str
    retained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key of one column. `on_delete` is SQL's word for it, such as "CASCADE"."""

    name: str
    column: str
    table: str
    target: str
    on_delete: str


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index over columns or expressions; `where` is SQL, empty for all rows.

    `expression` tells that `parts` are SQL rather than names of columns. A `retained` one serves
    whoever still uses a name of before.
    """

    name: str
    parts: tuple[str, ...]
    expression: bool = False
    method: str = "btree"
    unique: bool = False
    where: str = ""
    retained: bool = False


@dataclass(frozen=True, slots=True)
class PairEnd:
    """A row that a pair ties: that of `table` whose `key` is in `column` of the pair.

    The row has its own tenant in the column `tenant`.
    """

    column: str
    table: str
    key: str
    tenant: str


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """A policy of row-level security: the rows that a command reaches.

    `condition` is SQL; instead of one, a policy of pairs has `ends`, of which all have to be seen,
    and to be of one tenant.
    """

    name: str
    command: str
    condition: str
    ends: tuple[PairEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as it was found: one of the contract that differs, or one that it doesn't have.

    `default` is SQL with how it comes about, such as "GENERATED ALWAYS AS IDENTITY"; `also` is one
    that only a database of before has. A `loose` column may be there, and needn't: it needs
    something that isn't the service's.
    """

    name: str
    type: str
    nullable: bool
    default: str = ""
    also: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class FoundPart:
    """A constraint or an index as it was found; `definition` is what PostgreSQL says of it.

    `columns` are those that it looks at; `stands_for` names the part of the contract's table that
    it takes the place of, "" for none. A `loose` one may be there, and needn't.
    """

    name: str
    kind: str
    definition: str
    columns: tuple[str, ...] = ()
    stands_for: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """How a table that was there before the contract differs from what that implies.

    `absent` names parts of the contract's table that it does without.
    """

    columns: tuple[FoundColumn, ...] = ()
    parts: tuple[FoundPart, ...] = ()
    absent: tuple[str, ...] = ()

    def column(self, name: str) -> FoundColumn | None:
        """What is different about the column called `name`."""
        return next((column for column in self.columns if column.name == name), None)

    def standing_for(self, name: str) -> FoundPart | None:
        """What takes the place of the part called `name` in the contract's table."""
        return next((part for part in self.parts if part.stands_for == name), None)

    @property
    def replaced(self) -> frozenset[str]:
        """The parts of the contract's table that are not in the database under their names."""
        return frozenset({*self.absent, *(p.stands_for for p in self.parts if p.stands_for)})

    @property
    def loose(self) -> frozenset[str]:
        """The columns and parts that may be there, and needn't."""
        columns = (column.name for column in self.columns if column.loose)
        return frozenset([*columns, *(part.name for part in self.parts if part.loose)])


@dataclass(frozen=True, slots=True)
class Table:
    """A table with everything that belongs to it.

    A `retained` one is gone from the contract, and stays for the sake of its rows. `found` tells
    how the database differs where the table was there first; None where it doesn't. A trigger keeps
    the rows of an `append_only` one from being changed and deleted. With `policies`, row-level
    security is on, for the owner of the table as well.
    """

    name: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[TableIndex, ...] = ()
    retained: bool = False
    found: Found | None = None
    append_only: bool = False
    policies: tuple[RowPolicy, ...] = ()

    def column(self, name: str) -> TableColumn | None:
        """The column called `name`."""
        return next((column for column in self.columns if column.name == name), None)


Part = TypeVar("Part", bound=Check | ForeignKey | TableIndex)


def bare(part: Part) -> Part:
    """A part of a table as the database knows it: without what is only remembered of it."""
    if isinstance(part, Check):
        return replace(part, retained=())
    return replace(part, retained=False) if isinstance(part, TableIndex) else part


def index_columns(index: TableIndex) -> frozenset[str]:
    """The columns that an index looks at."""
    if not index.expression:
        return frozenset(index.parts)
    return frozenset(name for part in index.parts for name in columns_in(part))


def needs_more(table: Table) -> bool:
    """Whether a row of the table needs a value in a column that the contract doesn't have."""
    return table.found is not None and any(
        table.column(column.name) is None and not (column.nullable or column.default)
        for column in table.found.columns
    )

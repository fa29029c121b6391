"""Tables as they stand in the database: plain data, of which snapshots and revisions are made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column. `type` is PostgreSQL's name for it; `default` is SQL, empty for none.

    A `retained` one is gone from the contract, and stays for the sake of its data.
    """

    name: str
    type: str
    nullable: bool
    default: str = ""
    identity: bool = False
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint."""

    name: str
    condition: str


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

    `expression` tells that `parts` are SQL rather than names of columns.
    """

    name: str
    parts: tuple[str, ...]
    expression: bool = False
    method: str = "btree"
    unique: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with everything that belongs to it.

    A `retained` one is gone from the contract, and stays for the sake of its rows.
    """

    name: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[TableIndex, ...] = ()
    retained: bool = False

    def column(self, name: str) -> TableColumn | None:
        """The column called `name`."""
        return next((column for column in self.columns if column.name == name), None)

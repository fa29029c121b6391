"""The difference of two database schemas, as steps in phases that a running service lives with.

What takes a lock for an instant is done in transactions; what takes long is done between them,
without keeping anybody from reading or writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from apiwright import names
from apiwright.extensions.expressions import names_in, written
from apiwright.plan.storage.declared import Declared
from apiwright.plan.storage.evolve import Evolution
from apiwright.plan.storage.sql import name_quoted, quoted
from apiwright.plan.storage.steps import (
    AddCheck,
    AddColumn,
    AddForeignKey,
    AddIndex,
    AlterColumn,
    ConvertColumn,
    CreateTable,
    DropCheck,
    DropColumn,
    DropForeignKey,
    DropIndex,
    DropTable,
    FillColumn,
    FoundInStep,
    KeepInStep,
    LeaveAlone,
    RenameIndex,
    RenameValues,
    Step,
    Validate,
)
from apiwright.plan.storage.tables import (
    Check,
    ForeignKey,
    Part,
    Table,
    TableColumn,
    bare,
)
from apiwright.plan.storage.tenancy import policy_steps
from apiwright.plan.storage.types import converted, default_of

_VOLATILE = "gen_random_uuid()"


class Phase(Enum):
    """When a step is done.

    EXPAND is one transaction of short locks, BUILD runs outside of any, FINISH is one transaction.
    """

    EXPAND = "expand"
    BUILD = "build"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class Phases:
    """The steps of a change, phase by phase, each in an order that works."""

    expand: tuple[Step, ...] = ()
    build: tuple[Step, ...] = ()
    finish: tuple[Step, ...] = ()

    def __iter__(self) -> Iterator[tuple[Phase, tuple[Step, ...]]]:
        yield Phase.EXPAND, self.expand
        yield Phase.BUILD, self.build
        yield Phase.FINISH, self.finish

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them, in their order."""
        return (*self.expand, *self.build, *self.finish)


def changes(evolution: Evolution, declared: Declared) -> Phases:
    """The steps from the tables of before to those of today.

    What depends on others goes first when it is dropped, and last when it is added.
    """
    return _Changes(evolution, declared).phases()


def fill_of(
    before: Table, column: TableColumn, declared: Declared, own: Mapping[str, str] | None = None
) -> str:
    """What rows of a table get in a column that they have no value of, in SQL; "" for nothing.

    An expression sees the columns that the table had before; `own` are their names in the database
    where those are others still.
    """
    table = before.name
    said = declared.backfills.get((table, column.name))
    if said is None:
        return default_of(column) if column.default else ""
    known = {c.name for c in before.columns}
    called = declared.properties.get(table, {})

    def named(name: str) -> str:
        meant = column_meant(name, known, called)
        return name_quoted((own or {}).get(meant, meant))

    return f"({written(said.expression, named, quoted)})::{column.type}"


def column_meant(name: str, known: Iterable[str], called: Mapping[str, str]) -> str:
    """The column that a name in an expression stands for: a property, or a column itself."""
    columns = set(known)
    options = (called.get(name, ""), name, names.sql(names.snake(name, "column").rstrip("_")))
    return next((option for option in options if option in columns), name)


def unknown_names(before: Table, column: TableColumn, declared: Declared) -> list[str]:
    """The names in the expression of a column that no column of the table before has."""
    table = before.name
    said = declared.backfills.get((table, column.name))
    known = {c.name for c in before.columns}
    called = declared.properties.get(table, {})
    return [
        name
        for name in (names_in(said.expression) if said is not None else ())
        if column_meant(name, known, called) not in known
    ]


@dataclass(slots=True)
class _Changes:
    evolution: Evolution
    declared: Declared
    expand: list[Step] = field(default_factory=list)
    build: list[Step] = field(default_factory=list)
    finish: list[Step] = field(default_factory=list)
    unneeded: list[Step] = field(default_factory=list)

    def phases(self) -> Phases:
        old = {table.name: table for table in self.evolution.before}
        new = {table.name: table for table in self.evolution.goal}
        both = [(old[name], new[name]) for name in new if name in old]
        created = [table for name, table in new.items() if name not in old]
        dropped = [table for name, table in old.items() if name not in new]
        retyped = set(_retyped(both))
        taken = {index.name for table in created for index in table.indexes}
        self.expand += self.evolution.renames
        for table in dropped:
            self.expand += [DropForeignKey(table.name, key) for key in table.foreign_keys]
        policies = policy_steps(both, created, dropped, retyped)
        self.expand += policies.first
        for one, other in both:
            self._drop_parts(one, other, retyped, taken)
        for table in created:
            self.expand.append(
                CreateTable(replace(table, foreign_keys=(), indexes=(), policies=()))
            )
        for one, other in both:
            for column in other.columns:
                self._column(one, column)
        for one, other in both:
            self._add_checks(one, other)
        for table in created:
            self.expand += [AddForeignKey(table.name, key) for key in table.foreign_keys]
            self.expand += [AddIndex(table.name, index) for index in table.indexes]
        for one, other in both:
            self._add_keys(one, other, retyped)
            self._add_indexes(one, other, retyped)
        self.expand += policies.expand
        self.finish += policies.finish
        # Indexes that look at a column go before it does.
        for one, other in both:
            self._drop_columns(one, other)
        self.finish += [
            DropTable(replace(t, foreign_keys=(), indexes=(), policies=())) for t in dropped
        ]
        for table in dropped:
            for index in table.indexes:
                self.unneeded.append(DropIndex(table.name, index, concurrently=True))
        # What takes the place of an index is there before the index goes.
        self.build += self.unneeded
        return Phases(tuple(self.expand), tuple(self.build), tuple(self.finish))

    def _drop_parts(
        self, one: Table, other: Table, retyped: set[tuple[str, str]], taken: set[str]
    ) -> None:
        table = one.name
        lasting = [key for key in other.foreign_keys if _lasts(table, key, retyped)]
        self.expand += [DropForeignKey(table, key) for key in _missing(one.foreign_keys, lasting)]
        self.expand += [DropCheck(table, check) for check in _missing(one.checks, other.checks)]
        again = {index.name for index in other.indexes}
        touched = any(name == table for name, _ in retyped)
        for index in _missing(one.indexes, other.indexes):
            if touched or index.name in taken:
                self.expand.append(DropIndex(table, index))
            elif index.name not in again:
                self.unneeded.append(DropIndex(table, index, concurrently=True))

    def _column(self, before: Table, column: TableColumn) -> None:
        known = before.column(column.name)
        if known is None:
            self._add(before, column)
        elif known.bare != column.bare:
            self._alter(before, known, column)
        pairs = self.evolution.values.get((before.name, column.name), ())
        if pairs:
            array = column.type.endswith("[]")
            self.build.append(RenameValues(before.name, column.name, array, pairs))

    def _add(self, before: Table, column: TableColumn) -> None:
        """A new column: at once, unless what rows get has to be computed for each."""
        table = before.name
        computed = (table, column.name) in self.declared.backfills
        if not computed and column.default != _VOLATILE:
            self.expand.append(AddColumn(table, column))
            return
        bare = replace(column, nullable=True, default="")
        free = replace(column, nullable=True)
        self.expand.append(AddColumn(table, bare))
        if free != bare:
            self.expand.append(AlterColumn(table, bare, free))
        twin = self.evolution.twins.get((table, column.name))
        if twin is not None:
            self.expand.append(KeepInStep(table, twin, column))
        self._fill(before, free, column)

    def _alter(self, before: Table, one: TableColumn, other: TableColumn) -> None:
        """A column, changed; a default stands aside while the type changes."""
        table = before.name
        known, wanted = one.bare, other.bare
        if known.type != wanted.type:
            loose = known.nullable or wanted.nullable
            bare = replace(known, default="", identity=False, nullable=loose)
            if bare != known:
                self.expand.append(AlterColumn(table, known, bare))
            using = converted(name_quoted(wanted.name), known.type, wanted.type)
            using = using or fill_of(before, wanted, self.declared) or default_of(wanted)
            self.expand.append(ConvertColumn(table, bare, replace(bare, type=wanted.type), using))
            known = replace(bare, type=wanted.type)
        free = replace(wanted, nullable=known.nullable or wanted.nullable)
        if known != free:
            self.expand.append(AlterColumn(table, known, free))
        if free != wanted:
            self._fill(before, free, wanted)

    def _fill(self, before: Table, free: TableColumn, wanted: TableColumn) -> None:
        """Values for rows without one, then the proof that there are none left, then NOT NULL.

        The proof comes after the values, since it holds for whatever is written from then on, and
        a service of before may still write rows without a value while they are filled in.
        """
        table = before.name
        value = fill_of(before, wanted, self.declared)
        if value:
            self.build.append(FillColumn(table, wanted.name, value))
        if wanted.nullable:
            return
        proof = Check(
            names.sql(f"ck_{table}_{wanted.name}_not_null"),
            f"{name_quoted(wanted.name)} IS NOT NULL",
        )
        self.build.append(AddCheck(table, proof, valid=False, again=True))
        if value:
            self.build.append(FillColumn(table, wanted.name, value))
        self.build.append(Validate(table, proof.name))
        self.finish.append(AlterColumn(table, free, wanted))
        self.finish.append(DropCheck(table, proof, valid=False))

    def _drop_columns(self, one: Table, other: Table) -> None:
        for column in one.columns:
            if other.column(column.name) is not None:
                continue
            free = replace(column.bare, nullable=True, default="", identity=False)
            if column.bare != free:
                self.expand.append(AlterColumn(one.name, column.bare, free))
            twin = one.column(column.twin)
            if twin is not None:
                self.build.append(FoundInStep(one.name, column.name, twin.name))
                self.finish.append(LeaveAlone(one.name, column.name, twin))
            self.finish.append(DropColumn(one.name, replace(free, twin=column.twin)))

    def _add_checks(self, one: Table, other: Table) -> None:
        renamed = {
            names.sql(f"ck_{table}_{column}_values") for table, column in self.evolution.values
        }
        for check in _missing(other.checks, one.checks):
            if check.name in renamed:
                self.build.append(AddCheck(other.name, check, valid=False, again=True))
            else:
                self.expand.append(AddCheck(other.name, check, valid=False))
            self.build.append(Validate(other.name, check.name))

    def _add_keys(self, one: Table, other: Table, retyped: set[tuple[str, str]]) -> None:
        lasting = [key for key in one.foreign_keys if _lasts(other.name, key, retyped)]
        for key in _missing(other.foreign_keys, lasting):
            self.expand.append(AddForeignKey(other.name, key, valid=False))
            self.build.append(Validate(other.name, key.name))

    def _add_indexes(self, one: Table, other: Table, retyped: set[tuple[str, str]]) -> None:
        """Indexes, built beside those of the same name that they take the place of."""
        table = other.name
        touched = any(name == table for name, _ in retyped)
        old = {} if touched else {index.name: index for index in one.indexes}
        for index in _missing(other.indexes, one.indexes):
            former = old.get(index.name)
            if former is None:
                self.build.append(AddIndex(table, index, concurrently=True))
                continue
            passing = names.sql(f"{index.name}_{names.short_hash(index.name)}")
            built = replace(index, name=passing)
            self.build.append(AddIndex(table, built, concurrently=True))
            self.finish.append(DropIndex(table, former))
            self.finish.append(RenameIndex(table, passing, index.name))


def _retyped(both: Iterable[tuple[Table, Table]]) -> Iterator[tuple[str, str]]:
    """The tables and columns whose values change their type."""
    for one, other in both:
        for column in other.columns:
            known = one.column(column.name)
            if known is not None and known.type != column.type:
                yield other.name, column.name


def _lasts(table: str, key: ForeignKey, retyped: set[tuple[str, str]]) -> bool:
    """Whether a foreign key can stay as it is while columns change their type."""
    return not {(table, key.column), (key.table, key.target)} & retyped


def _missing(parts: Iterable[Part], others: Iterable[Part]) -> Iterator[Part]:
    known = {bare(part) for part in others}
    return (part for part in parts if bare(part) not in known)

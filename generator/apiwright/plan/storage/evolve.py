"""From the tables that are there to those that will be: what is renamed, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from apiwright import names
from apiwright.ir.storage import Renamed
from apiwright.plan.storage.declared import Declared, Renames
from apiwright.plan.storage.findings import Note, Refusal
from apiwright.plan.storage.found import (
    found_part_with,
    found_renamed,
    found_still,
    found_with_tables,
)
from apiwright.plan.storage.loose import Past, loosened
from apiwright.plan.storage.sql import columns_renamed, texts_in
from apiwright.plan.storage.steps import (
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameNotNulls,
    RenameSequence,
    RenameTable,
    Step,
)
from apiwright.plan.storage.tables import (
    Check,
    ForeignKey,
    Table,
    TableColumn,
    TableIndex,
    bare,
    index_columns,
)
from apiwright.plan.storage.tenancy import kept_policies
from apiwright.plan.storage.unfinished import unfinished


@dataclass(frozen=True, slots=True)
class Evolution:
    """The tables of before under the names of today, those of today, and how the names changed.

    `tables` and `columns` lead from a name of today to that in the database; `values` are the pairs
    of an old and a new value of an enum. `twins` lead from a new column to the one that it will
    stand beside, under the name of before. `goal` holds what is kept although the contract has it
    no more; `dropped` names what isn't kept.
    """

    before: tuple[Table, ...]
    goal: tuple[Table, ...]
    renames: tuple[Step, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    values: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    twins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()


def evolve(before: Iterable[Table], target: Iterable[Table], declared: Declared) -> Evolution:
    """What becomes of the tables `before` so that they are those of the contract, `target`."""
    return _Evolver(tuple(before), tuple(target), declared).evolve()


class _Evolver:
    def __init__(
        self, before: tuple[Table, ...], target: tuple[Table, ...], declared: Declared
    ) -> None:
        self._before = before
        self._target = target
        self._wanted = {table.name: table for table in target}
        self._declared = declared
        self._steps: list[Step] = []
        self._refusals: list[Refusal] = []
        self._tables: dict[str, str] = {}
        self._columns: dict[tuple[str, str], str] = {}
        self._twins: dict[tuple[str, str], str] = {}

    def evolve(self) -> Evolution:
        self._refusals += unfinished(self._before, self._target, self._declared)
        self._rename_tables()
        self._rename_links()
        renamed = _with_tables(self._before, {old: new for new, old in self._tables.items()})
        self._rename_columns(renamed)
        renamed = _with_columns(renamed, self._columns)
        values = self._values(renamed)
        loose = self._loosen(renamed, Past(self._tables, self._columns, values))
        named = tuple(self._with_names(table) for table in renamed)
        for table in named:
            self._rename_implied(table)
        goal, dropped, notes = self._kept(named)
        return Evolution(
            before=named,
            goal=goal,
            renames=tuple(self._steps),
            tables=self._tables,
            columns=self._columns,
            values=values,
            twins=self._twins,
            dropped=dropped,
            refusals=tuple(self._refusals),
            notes=(*loose, *notes),
        )

    def _loosen(self, renamed: tuple[Table, ...], past: Past) -> list[Note]:
        """Let checks keep what is gone from the contract, and is not said to be gone from rows."""
        old = {table.name: table for table in renamed}
        notes: list[Note] = []
        for name in (name for name in self._wanted if name in old):
            self._wanted[name], said = loosened(old[name], self._wanted[name], past, self._declared)
            notes += said
        self._target = tuple(self._wanted[table.name] for table in self._target)
        return notes

    def _rename_tables(self) -> None:
        known = {table.name for table in self._before}
        wanted = {table.name for table in self._target}
        for table in self._target:
            said = self._declared.tables.get(table.name)
            if said is None or not said.names or not known:
                continue
            old = self._old_name(table.name, said, known, wanted, f"the table {table.name}")
            if old:
                self._tables[table.name] = old
                self._steps.append(RenameTable(old, table.name))
                if self._declared.renames is Renames.ZERO_DOWNTIME:
                    why = "a table has one name"
                    self._not_beside(table.name, "", f"the table {old}", why)

    def _old_name(
        self, name: str, said: Renamed, known: set[str], wanted: set[str], what: str
    ) -> str:
        """The name of before; empty where it has been taken up already, or can't be."""
        if name in said.names and name in known:
            return ""
        there = [old for old in said.names if old in known and old != name]
        if there and (name in known or there[0] in wanted):
            self._refuse(
                said,
                name,
                f"{what} can't be renamed from {there[0]}: both are there",
                f"take x-renamed-from away if {name} is something else; if {name} is new and not "
                "yet released, put generated/alembic back to where it was and generate again",
            )
            return ""
        if not there and name not in known:
            self._refuse(
                said,
                name,
                f"{what} can't be renamed from {said.names[-1]}: there is no such thing",
                f"what there is: {', '.join(sorted(known)[:12])}; or take x-renamed-from away",
            )
            return ""
        return there[0] if there else ""

    def _refuse(self, said: Renamed, name: str, message: str, hint: str) -> None:
        self._refusals.append(Refusal("rename", name, message, hint, position=said.position))

    def _rename_links(self) -> None:
        """Tables of pairs are named after what they tie, and follow its names."""
        wanted = {table.name for table in self._target}
        known = {table.name for table in self._before}
        back = {old: new for new, old in self._tables.items()}
        gone = [t for t in self._before if t.name not in wanted | set(back) and is_link(t)]
        made = [t for t in self._target if t.name not in known | set(self._tables) and is_link(t)]
        for table in made:
            ends = sorted(key.table for key in table.foreign_keys)
            fitting = [
                old
                for old in gone
                if sorted(back.get(key.table, key.table) for key in old.foreign_keys) == ends
            ]
            rivals = [t for t in made if sorted(k.table for k in t.foreign_keys) == ends]
            said = table.name in self._declared.tables or set(ends) & set(self._tables)
            if said and len(fitting) == 1 and len(rivals) == 1:
                self._tables[table.name] = fitting[0].name
                self._steps.append(RenameTable(fitting[0].name, table.name))

    def _rename_columns(self, renamed: tuple[Table, ...]) -> None:
        old = {table.name: table for table in renamed}
        for table in self._target:
            if table.name not in old:
                continue
            known = {column.name for column in old[table.name].columns}
            wanted = {column.name for column in table.columns}
            for column in table.columns:
                before = self._column_before(table, column, old[table.name], known, wanted)
                if before and self._beside(table, column, old[table.name], before):
                    self._twins[table.name, column.name] = before
                elif before:
                    self._columns[table.name, column.name] = before
                    self._steps.append(RenameColumn(table.name, before, column.name))

    def _beside(self, table: Table, column: TableColumn, old: Table, before: str) -> bool:
        """Whether a column stands beside the one of before, rather than taking its place."""
        if self._declared.renames is not Renames.ZERO_DOWNTIME:
            return False
        known = old.column(before)
        why = ""
        if column.name in table.key:
            why = "other tables know rows by it"
        elif known is not None and replace(known.bare, name=column.name) != column:
            why = "it changes in other ways as well, which one of the two names would miss"
        self._not_beside(table.name, column.name, f"{before} of {table.name}", why)
        return not why

    def _not_beside(self, table: str, column: str, what: str, why: str) -> None:
        """Refuse to let something work under two names, if there is a reason."""
        if why:
            name = f"{table}.{column}" if column else table
            self._refusals.append(
                Refusal(
                    "zero-downtime",
                    name,
                    f"{what} can't be renamed without downtime: {why}",
                    "leave --zero-downtime away, for a moment at which nothing of before runs; or "
                    "add the new one, move its users, and let the old one go",
                    position=self._declared.position(table, column),
                )
            )

    def _column_before(
        self, table: Table, column: TableColumn, old: Table, known: set[str], wanted: set[str]
    ) -> str:
        said = self._declared.columns.get((table.name, column.name))
        if said is not None:
            if any(c.twin == column.name and c.name in said.names for c in old.columns):
                return ""
            what = f"the column {table.name}.{column.name}"
            return self._old_name(column.name, said, known, wanted, what)
        if not (is_link(table) and is_link(old)) or column.name in known:
            return ""
        return _pair_column(table, column.name, old, wanted)

    def _values(
        self, renamed: tuple[Table, ...]
    ) -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
        """The values of enums that are written otherwise now, pairs of old and new."""
        old = {table.name: table for table in renamed}
        found: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        for (table, column), said in self._declared.values.items():
            if table not in old or old[table].column(column) is None:
                continue
            own = self._columns.get((table, column), column)
            former = self._tables.get(table, table)
            known = set(_enum(old[table], former, own) or _enum(old[table], table, column))
            wanted = set(_enum(self._wanted[table], table, column))
            pairs: list[tuple[str, str]] = []
            for new, past in said:
                what = f"the value '{new}' of {table}.{column}"
                before = self._old_name(new, past, known, wanted, what) if known else ""
                pairs += [(value, new) for value in past.names if before and value in known]
            if pairs:
                found[table, column] = tuple(pairs)
                if self._declared.renames is Renames.ZERO_DOWNTIME:
                    why = "a row holds one of the two"
                    self._not_beside(table, column, f"a value of {table}.{column}", why)
        return found

    def _with_names(self, table: Table) -> Table:
        """A table of before, whose constraints and indexes are called as they are today."""
        now = self._wanted.get(table.name)
        if now is None:
            return table
        former = self._tables.get(table.name, table.name)
        checks = _names_of(table.checks, now.checks)
        keys = _names_of(table.foreign_keys, now.foreign_keys)
        indexes = _names_of(table.indexes, now.indexes)
        # What has a name of its own in the database keeps it.
        own = table.found.replaced if table.found is not None else frozenset()
        constraints = {**checks, **keys}
        if former != table.name:
            constraints = {key_name(former): key_name(table.name), **constraints}
        for old, new in constraints.items():
            if old not in own:
                self._steps.append(RenameConstraint(table.name, old, new))
        for old, new in indexes.items():
            if old not in own:
                self._steps.append(RenameIndex(table.name, old, new))
        return replace(
            table,
            found=found_renamed(table.found, {**constraints, **indexes}),
            checks=tuple(replace(c, name=checks.get(c.name, c.name)) for c in table.checks),
            foreign_keys=tuple(
                replace(k, name=keys.get(k.name, k.name)) for k in table.foreign_keys
            ),
            indexes=tuple(replace(i, name=indexes.get(i.name, i.name)) for i in table.indexes),
        )

    def _rename_implied(self, table: Table) -> None:
        """What PostgreSQL names itself, after a table and a column."""
        former = self._tables.get(table.name, table.name)
        not_nulls: list[tuple[str, str]] = []
        for column in table.columns:
            own = self._columns.get((table.name, column.name), column.name)
            if (former, own) == (table.name, column.name):
                continue
            found = table.found.column(column.name) if table.found is not None else None
            if column.identity and (found is None or "IDENTITY" in found.default):
                before = implied_name(former, own, "seq")
                after = implied_name(table.name, column.name, "seq")
                self._steps.append(RenameSequence(table.name, column.name, before, after))
            if not column.nullable:
                before = implied_name(former, own, "not_null")
                not_nulls.append((before, implied_name(table.name, column.name, "not_null")))
        if not_nulls:
            self._steps.append(RenameNotNulls(table.name, tuple(not_nulls)))

    def _kept(
        self, named: tuple[Table, ...]
    ) -> tuple[tuple[Table, ...], frozenset[str], tuple[Note, ...]]:
        """The tables of today with what is kept beside them, what is not, and notes on both."""
        old = {table.name: table for table in named}
        wanted = {table.name for table in self._target}
        goal: list[Table] = []
        dropped: set[str] = set()
        notes: list[Note] = []
        for table in self._target:
            kept: list[TableColumn] = []
            beside = {old: new for (owner, new), old in self._twins.items() if owner == table.name}
            for column in old[table.name].columns if table.name in old else ():
                name = f"{table.name}.{column.name}"
                if table.column(column.name) is not None:
                    continue
                twin = column.twin or beside.get(column.name, "")
                finished = column.twin and self._declared.renames is Renames.CONTRACT
                if finished or (self._declared.may_go(name) and column.name not in beside):
                    dropped.add(name)
                elif twin:
                    kept.append(replace(column, retained=True, twin=twin))
                    notes.append(self._in_step(name, twin, table.name))
                else:
                    kept.append(retained(column))
                    notes.append(self._note(name, "column", "values", table.name))
                    notes += self._undeleted(old[table.name], table, column)
            now = replace(table, columns=(*table.columns, *kept))
            if table.name in old:
                now = replace(now, indexes=(*now.indexes, *_indexes_of_twins(old[table.name], now)))
            was, key = old.get(table.name), key_name(table.name)
            notes += self._tenants(was, table) if was is not None else ()
            found = found_still(was, now, key) if was is not None else None
            goal.append(replace(now, found=found))
        for table in named:
            if table.name in wanted:
                continue
            if self._declared.may_go(table.name):
                dropped.add(table.name)
            else:
                now = replace(
                    table,
                    retained=True,
                    foreign_keys=(),
                    policies=kept_policies(table),
                )
                goal.append(replace(now, found=found_still(table, now, key_name(table.name))))
                notes.append(self._note(table.name, "table", "rows", ""))
        return tuple(goal), frozenset(dropped), tuple(notes)

    def _note(self, name: str, what: str, content: str, table: str) -> Note:
        return Note(
            "retained",
            name,
            f"the {what} {name} is gone from the contract; it stays in the database with its "
            f"{content}",
            f"to let it go: x-deleted in the contract, or --allow-data-loss {name}",
            self._declared.position(table) if table else None,
        )

    def _in_step(self, name: str, twin: str, table: str) -> Note:
        return Note(
            "two-names",
            name,
            f"{name} and {twin} are two names of one column until its rename is finished",
            "once no service of before runs: apiwright generate --contract",
            self._declared.position(table, twin),
        )

    def _tenants(self, before: Table, now: Table) -> Iterator[Note]:
        """What it means for others that rows have a tenant from now on, or have none any more.

        Pairs follow the rows that they tie, of which the same is said.
        """
        pairs = any(policy.ends for policy in (*before.policies, *now.policies))
        if pairs or bool(before.policies) == bool(now.policies):
            return
        position = self._declared.position(now.name)
        if now.policies:
            yield Note(
                "row-security",
                now.name,
                f"a service of before names no tenant, and sees no rows of {now.name} any more",
                "let no service of before run when this is applied",
                position,
            )
            return
        yield Note(
            "row-security",
            now.name,
            f"the rows of {now.name} are shown to every tenant from now on",
            "leave 'x-tenant' where it was, if that is not what you mean",
            position,
        )

    def _undeleted(self, before: Table, now: Table, column: TableColumn) -> Iterator[Note]:
        """Rows that were marked deleted are rows like any other once nothing looks at the mark."""
        condition = f"{column.name} IS NULL"
        had = any(index.where == condition for index in before.indexes)
        if had and not column.retained and not any(i.where == condition for i in now.indexes):
            yield Note(
                "undeleted",
                f"{now.name}.{column.name}",
                f"rows of {now.name} that are marked deleted in {column.name} show up again",
                f"to be rid of them first: DELETE FROM {now.name} WHERE {column.name} IS NOT NULL",  # nosec B608 - a hint, never run
                self._declared.position(now.name),
            )


def _indexes_of_twins(before: Table, now: Table) -> Iterator[TableIndex]:
    """The indexes of names of before, which a service of before has use of."""
    twins = {column.name for column in now.columns if column.twin}
    called = {index.name for index in now.indexes}
    for index in before.indexes if twins else ():
        if index_columns(index) & twins and index.name not in called:
            yield replace(index, retained=True)


def is_link(table: Table) -> bool:
    """Whether a table holds pairs of keys and nothing else."""
    ends = {key.column for key in table.foreign_keys}
    columns = {column.name for column in table.columns}
    return len(table.key) == 2 and set(table.key) == columns == ends


def retained(column: TableColumn) -> TableColumn:
    """A column as it is kept: rows that nobody gives a value for it have to fit in."""
    free = column.nullable or not (column.default or column.identity)
    return replace(column, nullable=free, retained=True)


def key_name(table: str) -> str:
    """The name of a primary key."""
    return names.sql(f"pk_{table}")


def implied_name(table: str, column: str, label: str) -> str:
    """The name that PostgreSQL gives itself to something of a column, such as its sequence.

    The longer of the two names gives way, byte by byte (makeObjectName in indexcmds.c).
    """
    room = names.SQL_NAME_BYTES - len(label) - 2
    one, other = table, column
    while len(one) + len(other) > room:
        if len(one) > len(other):
            one = one[:-1]
        else:
            other = other[:-1]
    return f"{one}_{other}_{label}"


def _pair_column(table: Table, name: str, old: Table, wanted: set[str]) -> str:
    """What a column of a table of pairs was called: the one that referred to the same table."""
    end = next(key for key in table.foreign_keys if key.column == name)
    gone = [
        key.column
        for key in old.foreign_keys
        if key.table == end.table and key.column not in wanted
    ]
    rivals = [
        key.column
        for key in table.foreign_keys
        if key.table == end.table and old.column(key.column) is None
    ]
    return gone[rivals.index(name)] if len(gone) == len(rivals) else ""


def _enum(table: Table, called: str, column: str) -> tuple[str, ...]:
    """The values that a check lets a column have; `called` is the table in the check's name."""
    name = names.sql(f"ck_{called}_{column}_values")
    return next((texts_in(check.condition) for check in table.checks if check.name == name), ())


def _names_of(
    before: Iterable[Check | ForeignKey | TableIndex],
    after: Iterable[Check | ForeignKey | TableIndex],
) -> dict[str, str]:
    """New names by old ones, of parts that are the same in all but their names."""

    def nameless(part: Check | ForeignKey | TableIndex) -> Check | ForeignKey | TableIndex:
        return replace(bare(part), name="")

    listed, wanted = list(before), list(after)
    kept = {part.name for part in listed} & {part.name for part in wanted}
    free = {nameless(part): part.name for part in reversed(wanted) if part.name not in kept}
    found: dict[str, str] = {}
    for part in listed:
        new = free.pop(nameless(part), "") if part.name not in kept else ""
        if new:
            found[part.name] = new
    return found


def _with_tables(tables: Iterable[Table], renamed: Mapping[str, str]) -> tuple[Table, ...]:
    """Tables under new names, in what refers to them as well."""
    return tuple(
        replace(
            table,
            name=renamed.get(table.name, table.name),
            foreign_keys=tuple(
                replace(key, table=renamed.get(key.table, key.table)) for key in table.foreign_keys
            ),
            policies=tuple(
                replace(
                    policy,
                    ends=tuple(
                        replace(e, table=renamed.get(e.table, e.table)) for e in policy.ends
                    ),
                )
                for policy in table.policies
            ),
            found=found_with_tables(table.found, renamed),
        )
        for table in tables
    )


def _with_columns(
    tables: Iterable[Table], renamed: Mapping[tuple[str, str], str]
) -> tuple[Table, ...]:
    """Tables whose columns have new names, in what mentions them as well."""
    new = {(table, old): name for (table, name), old in renamed.items()}
    return tuple(_with_columns_of(table, new) for table in tables)


def _with_columns_of(table: Table, new: Mapping[tuple[str, str], str]) -> Table:
    own = {old: name for (owner, old), name in new.items() if owner == table.name}

    def called(name: str) -> str:
        return own.get(name, name)

    found = table.found
    if found is not None and own:
        found = replace(
            found,
            columns=tuple(replace(column, name=called(column.name)) for column in found.columns),
            parts=tuple(found_part_with(part, own) for part in found.parts),
        )
    return replace(
        table,
        found=found,
        columns=tuple(replace(column, name=called(column.name)) for column in table.columns),
        key=tuple(called(name) for name in table.key),
        policies=tuple(
            replace(
                policy,
                condition=columns_renamed(policy.condition, own),
                ends=tuple(
                    replace(
                        end,
                        column=called(end.column),
                        key=new.get((end.table, end.key), end.key),
                        tenant=new.get((end.table, end.tenant), end.tenant),
                    )
                    for end in policy.ends
                ),
            )
            for policy in table.policies
        ),
        checks=tuple(
            replace(check, condition=columns_renamed(check.condition, own))
            for check in table.checks
        ),
        foreign_keys=tuple(
            replace(
                key,
                column=called(key.column),
                target=new.get((key.table, key.target), key.target),
            )
            for key in table.foreign_keys
        ),
        indexes=tuple(
            replace(
                index,
                parts=tuple(
                    columns_renamed(part, own) if index.expression else called(part)
                    for part in index.parts
                ),
                where=columns_renamed(index.where, own),
            )
            for index in table.indexes
        ),
    )

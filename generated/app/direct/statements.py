"""Statements whose rows are JSON as clients get it, compiled once for each form that they take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, TypeVar, get_origin

from pydantic import BaseModel
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ClauseElement,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    Table,
    Text,
    all_,
    any_,
    bindparam,
    case,
    cast,
    func,
    insert,
    inspect,
    literal_column,
    make_url,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from app.models.base import Base
from app.repositories.base import Condition
from app.repositories.search import prefixes
from app.utils.pagination import Paging, Steps, after, read_cursor, write_cursor

Row = TypeVar("Row", bound=Base)
Query = TypeVar("Query", bound=BaseModel)
Guards = Mapping[str, tuple[Condition, Any]]
"""More conditions for the rows of a list, each by its parameter and with its value."""

Shape = Mapping[str, SQLColumnExpression[Any]]
"""The properties of an object on the wire, each with the expression of its value."""

EXACT = json.JSONDecoder(parse_float=str)
DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
NOTHING: Mapping[str, Any] = MappingProxyType({})
MOST_FORMS = 500
"""Statements that a list keeps; one that takes more forms begins anew."""


class Everything(BaseModel):
    """The query of a list that takes no parameters."""


def unconditional(_query: BaseModel) -> tuple[Condition, ...]:
    """No conditions, whatever is asked for."""
    return ()


class Statement:
    """SQL with named parameters, compiled when it is first needed."""

    def __init__(self, expression: ClauseElement) -> None:
        self._expression = expression

    @cached_property
    def text(self) -> str:
        """The statement as the driver takes it."""
        return str(self._compiled)

    @cached_property
    def _compiled(self) -> Any:
        return self._expression.compile(dialect=DIALECT)

    @cached_property
    def _parameters(self) -> Sequence[tuple[str, Callable[[Any], Any] | None, Any]]:
        """Name, conversion and constant value of each parameter, in their order."""
        made = self._compiled
        return [
            (
                name,
                made.binds[name].type.dialect_impl(DIALECT).bind_processor(DIALECT),
                made.params[name],
            )
            for name in made.positiontup or ()
        ]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values of the parameters as the driver takes them."""
        found = []
        for name, convert, constant in self._parameters:
            value = values.get(name, constant)
            found.append(value if convert is None else convert(value))
        return found


def base64(value: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """Bytes as text in one line (RFC 4648, section 4)."""
    return func.translate(func.encode(value, "base64"), "\n", "")


def links(table: str) -> Table:
    """A table of pairs."""
    return Base.metadata.tables[table]


def nested(shape: Shape) -> ColumnElement[Any]:
    """An object within another."""
    pairs = (
        part for name, value in shape.items() for part in (literal_column(_quoted(name)), value)
    )
    return func.json_build_object(*pairs)


def many(objects: SQLColumnExpression[Any], key: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """A list within an object, in the order of a key; empty where there is nothing in it."""
    return func.coalesce(func.json_agg(aggregate_order_by(objects, key)), literal_column("'[]'"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class View(Generic[Row]):
    """How rows of a table look on the wire; `strip` leaves out what is null.

    Beside a single row stands its `version`, where it has one: the attribute of that name.
    """

    model: type[Row]
    shape: Callable[[type[Row]], Shape]
    strip: bool = False
    version: str = ""

    def rows(self, *conditions: Condition) -> Statement:
        """The rows that meet the conditions, each as the text of an object."""
        if self.version:
            return Statement(self._versioned(self.model).where(*conditions))
        return Statement(self._texts(self.model, lambda found: found.where(*conditions)))

    def written(self, write: ReturningInsert[Any] | ReturningUpdate[Any]) -> Statement:
        """The rows that a statement writes, each as the text of an object."""
        row = aliased(self.model, write.cte("written"))
        if self.version:
            return Statement(self._versioned(row))
        return Statement(self._texts(row, lambda rows: rows))

    def page(self, narrow: Callable[[Select[Any]], Select[Any]]) -> Statement:
        """The rows that `narrow` leaves and orders, as one list of texts; null without any."""
        shown, text = self._shown(self.model, narrow)
        return Statement(select(func.array_agg(text).label("bodies")).select_from(shown))

    def _texts(self, row: type[Row], narrow: Callable[[Select[Any]], Select[Any]]) -> Select[Any]:
        shown, text = self._shown(row, narrow)
        return select(text.label("body")).select_from(shown)

    def _versioned(self, row: type[Row]) -> Select[Any]:
        """The text of each row, and its version beside it."""
        shown = self._properties(row).correlate(row).lateral("shown")
        version = getattr(row, self.version).label("version")
        return select(self._text().label("body"), version).select_from(row).join(shown, true())

    def _shown(
        self, row: type[Row], narrow: Callable[[Select[Any]], Select[Any]]
    ) -> tuple[Subquery, ColumnElement[str]]:
        """The rows as a table of properties, and the text of the object that one of them is."""
        return narrow(self._properties(row).select_from(row)).subquery("shown"), self._text()

    def _properties(self, row: type[Row]) -> Select[Any]:
        columns: list[Any] = [value.label(name) for name, value in self.shape(row).items()]
        return select(*columns)

    def _text(self) -> ColumnElement[str]:
        """What is shown, as the text of an object."""
        whole = func.row_to_json(literal_column("shown"))
        return cast(func.json_strip_nulls(whole) if self.strip else whole, Text)

    def made(self, attributes: Iterable[str]) -> Statement:
        """Store a row with these attributes, whose values are parameters; the row comes back."""
        columns = inspect(self.model).columns
        values = {
            columns[name]: bindparam(f"new_{name}", type_=columns[name].type) for name in attributes
        }
        return self.written(insert(self.model).values(values).returning(*columns))


def unseen(model: type[Row]) -> View[Row]:
    """The view of rows of which nothing is shown."""
    return View(model, lambda _: {"there": literal_column("true")})


class Change(Generic[Row]):
    """A change of one row, with a statement for each set of attributes that are written.

    `conditions` say which row; `owner` is the column that says whose it is, where only that account
    may change it. Columns that note the time of a change do so if anything is another value now.
    `version` is the column that a client's conditions are about.
    """

    def __init__(
        self,
        view: View[Row],
        *conditions: Condition,
        attributes: Sequence[str],
        owner: InstrumentedAttribute[Any] | None = None,
        version: InstrumentedAttribute[int] | None = None,
    ) -> None:
        self._view = view
        self._conditions = conditions
        self._attributes = tuple(attributes)
        self._owner = owner
        self._version = version
        self._statements: dict[tuple[tuple[str, ...], bool, bool, bool], Statement] = {}
        found: Select[Any] = select(literal_column("1")).select_from(view.model).where(*conditions)
        self.there = Statement(found)
        self.there_of_owner = Statement(found.where(*self._of_owner()))

    @property
    def text(self) -> str:
        """The statement that writes every attribute, for people to read."""
        return self.statement(self._attributes, owned=self._owner is not None).text

    def statement(
        self,
        attributes: tuple[str, ...],
        *,
        owned: bool,
        wanted: bool = False,
        unwanted: bool = False,
    ) -> Statement:
        """The statement that writes these attributes; if `owned`, of a row of the owner alone.

        It takes versions that the row has to have (`wanted`), and that it must not have.
        """
        key = attributes, owned, wanted, unwanted
        if key not in self._statements:
            if len(self._statements) >= MOST_FORMS:
                self._statements.clear()
            conditions = [*self._conditions, *(self._of_owner() if owned else ())]
            if self._version is not None and wanted:
                conditions.append(self._version == any_(_versions("wanted")))
            if self._version is not None and unwanted:
                conditions.append(self._version != all_(_versions("unwanted")))
            self._statements[key] = self._compiled(attributes, conditions)
        return self._statements[key]

    def _of_owner(self) -> Iterable[Condition]:
        if self._owner is not None:
            yield self._owner == bindparam("owner")

    def _compiled(self, attributes: tuple[str, ...], conditions: Sequence[Condition]) -> Statement:
        if not attributes:
            return self._view.rows(*conditions)
        columns = inspect(self._view.model).columns
        values: dict[Any, Any] = {
            columns[name]: bindparam(f"new_{name}", type_=columns[name].type) for name in attributes
        }
        news = or_(*(column.is_distinct_from(value) for column, value in values.items()))
        for column in columns:
            onupdate: Any = column.onupdate
            if onupdate is not None and column not in values:
                values[column] = case((news, onupdate.arg), else_=column)
        changed = update(self._view.model).where(*conditions).values(values)
        return self._view.written(changed.returning(*columns))


def _versions(name: str) -> BindParameter[Sequence[int]]:
    return bindparam(name, type_=ARRAY(BigInteger()))


@dataclass(frozen=True)
class Form:
    """A list as it was asked for: its statements, what they take, and where its pages end."""

    page: Statement
    total: Statement
    values: Mapping[str, Any]
    limit: int
    order: Steps
    ends: Mapping[str, str]

    @cached_property
    def arguments(self) -> Sequence[Any]:
        """What the statement of the page takes, as the driver takes it."""
        return self.page.arguments(self.values)

    def next_cursor(self, body: str) -> str | None:
        """A cursor that continues after the row with this body; None for a list without any."""
        if not self.ends:
            return None
        shown = EXACT.decode(body)
        return write_cursor(self.order, [shown[self.ends[step.column.key]] for step in self.order])


class Listing(Generic[Row, Query]):
    """A list, with a statement for each combination of filters, order and page.

    `filters` are attributes of the query whose values are parameters, `fixed` those whose values
    shape the statement itself; `search` is one whose words are looked for. Where the list has
    cursors, `ends` are the columns that it can be ordered by, with the properties that show them.
    """

    def __init__(
        self,
        view: View[Row],
        rows: Select[Row],
        query: type[Query],
        *,
        order: Callable[[Query], Steps],
        paging: Callable[[Query], Paging],
        conditions: Callable[[Query], Iterable[Condition]] = unconditional,
        filters: Sequence[str] = (),
        fixed: Sequence[str] = (),
        search: str = "",
        ends: Mapping[str, str] = NOTHING,
    ) -> None:
        self._view = view
        self._rows = rows
        self._query = query
        self._order = order
        self._paging = paging
        self._conditions = conditions
        self._filters = (*filters, search) if search else tuple(filters)
        self._fixed = tuple(fixed)
        self._search = search
        self._ends = ends
        self._forms: dict[Any, tuple[Statement, Statement]] = {}

    @property
    def text(self) -> str:
        """The statement of the first page without filters, for people to read."""
        needed: dict[str, Any] = {
            name: [bindparam(name)] if get_origin(field.annotation) is list else bindparam(name)
            for name, field in self._query.model_fields.items()
            if field.is_required()
        }
        return self.form(self._query.model_construct(**needed)).page.text

    def form(
        self, query: Query, values: Mapping[str, Any] = NOTHING, guards: Guards = NOTHING
    ) -> Form:
        """The list that `query` asks for, with `values` for what stands in all of its forms."""
        order, paging = self._order(query), self._paging(query)
        given: dict[str, Any] = dict(values)
        shape: list[Any] = []
        for name in self._filters:
            value = getattr(query, name)
            if value is None:
                continue
            if isinstance(value, list):
                shape.append((name, len(value)))
                given.update((f"{name}_{at}", item) for at, item in enumerate(value))
            else:
                shape.append(name)
                given[name] = prefixes(value) if name == self._search else value
        for name in self._fixed:
            value = getattr(query, name)
            shape.append(tuple(value) if isinstance(value, list) else value)
        ends = read_cursor(order, paging.cursor) if paging.cursor is not None else []
        given.update((f"after_{at}", value) for at, value in enumerate(ends) if value is not None)
        given.update((name, value) for name, (_, value) in guards.items())
        given["most"] = paging.limit + 1
        given["offset"] = paging.offset
        key = (*shape, bool(paging.offset), *(value is None for value in ends), *guards)
        found = self._forms.get(key)
        if found is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            found = self._forms[key] = self._compiled(query, order, paging, ends, guards)
        return Form(*found, given, paging.limit, order, self._ends)

    def _compiled(
        self,
        query: Query,
        order: Steps,
        paging: Paging,
        ends: Sequence[Any],
        guards: Guards,
    ) -> tuple[Statement, Statement]:
        asked = query.model_copy(update=dict(self._parameters(query)))
        conditions = [*self._conditions(asked), *(condition for condition, _ in guards.values())]
        every = self._rows.where(*conditions)

        def narrow(found: Select[Any]) -> Select[Any]:
            narrowed = found.where(*conditions)
            if self._rows.whereclause is not None:
                narrowed = narrowed.where(self._rows.whereclause)
            if ends:
                bounds: list[Any] = [
                    None if value is None else bindparam(f"after_{at}")
                    for at, value in enumerate(ends)
                ]
                narrowed = narrowed.where(after(order, bounds))
            if paging.offset:
                narrowed = narrowed.offset(bindparam("offset"))
            return narrowed.order_by(*(step.ordering for step in order)).limit(bindparam("most"))

        total = select(func.count()).select_from(every.subquery())
        return self._view.page(narrow), Statement(total)

    def _parameters(self, query: Query) -> Iterable[tuple[str, Any]]:
        """What stands in the statement for each value that is given."""
        for name in self._filters:
            value = getattr(query, name)
            if isinstance(value, list):
                # Nothing is in an empty list, as nothing is in a list of null.
                yield name, [bindparam(f"{name}_{at}") for at in range(len(value))] or [null()]
            elif value is not None:
                yield name, bindparam(name)

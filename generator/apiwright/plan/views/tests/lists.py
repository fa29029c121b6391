"""Tests of the operations that show many rows: which of them, how many, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.operations import Compare, Filter, ListAction, Location, Operation, Parameter
from apiwright.ir.schemas import Json
from apiwright.ir.shapes import properties
from apiwright.ir.storage import Column, ColumnType, ManyToMany
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.rows import wire_key
from apiwright.plan.views.tests.samples import pairs
from apiwright.plan.views.tests.scene import Scene, TestView, plainly_shown
from apiwright.plan.views.tests.writes import callable_in_tests, shown_key
from apiwright.plan.views.widths import width_beyond

_WORD = re.compile(r"[A-Za-z]{2,20}(?= |$)")
_STRANGE = "zyzzyva"
_FINDS_ITSELF = frozenset(
    {Compare.EQ, Compare.GTE, Compare.LTE, Compare.IN, Compare.CONTAINS, Compare.STARTS_WITH}
)
_BELOW = frozenset({Compare.LT, Compare.LTE, Compare.NE})
_DIGITS = {ColumnType.INT32: 10, ColumnType.INT64: 19}
"""Of the first power of ten that a column can't hold."""
_INCOMPARABLE = frozenset({ColumnType.JSON, ColumnType.BYTES})


class ListTests:
    """Writes the tests of an operation that shows many rows."""

    def __init__(self, kit: Kit, operation: Operation, action: ListAction) -> None:
        self._kit = kit
        self._operation = operation
        self._action = action
        self._entity = kit.service.entities[action.entity]
        self._parameters = {p.attribute: p for p in operation.located(Location.QUERY)}
        self._key = shown_key(kit, action.view, self._entity)

    def tests(self) -> Iterator[TestView]:
        """The tests, as far as there are examples for what they need."""
        made = self._kit.rows.can_make(self._entity.name)
        if not made or self.required() is None or self._scene() is None:
            return
        yield from self._shows()
        yield from self._hides_deleted()
        yield from self._limits()
        for rule in self._action.filters:
            yield from self._filters(rule)
            yield from self._compares(rule)
        yield from self._searches()
        yield from self._sorts()

    def required(self) -> tuple[Code, ...] | None:
        """What a row is given to meet the filters that can't be left out; None if unknown."""
        given: list[Code] = []
        for rule in self._action.filters:
            parameter = self._parameters[rule.attribute]
            if not parameter.required:
                continue
            value = self._kit.samples.value(self._operation, parameter)
            column = self._entity.column(rule.column) if rule.column else None
            if not value or column is None or not plainly_shown(column) or column.reference:
                return None
            wanted = value[0][0] if isinstance(value[0], list) and value[0] else value[0]
            if rule.compare not in {Compare.EQ, Compare.IN, Compare.CONTAINS}:
                return None
            stored = literal([wanted]) if column.array else literal(wanted)
            given.append(compose("{}={}", ident(column.attribute), stored))
        searched = self._action.search
        if searched is not None and self._parameters[searched.attribute].required:
            return None
        return tuple(given)

    def items(self, response: str = "response") -> Code:
        """The rows of an answer."""
        body = constant(f"{response}.json()")
        page = self._action.page
        return compose("{}[{}]", body, literal(page.items)) if page.envelope else body

    def more(self, row: Code) -> tuple[Code, ...]:
        """What another row is given to stand in the same list."""
        columns = [parent.column for parent in self._action.rows.parents]
        same = [
            compose("{}={}.{}", name, row, name)
            for name in (ident(self._entity.column(column).attribute) for column in columns)
        ]
        return (*same, *(self.required() or ()))

    def fixed(self) -> set[str]:
        """The columns that all rows of the list have in common in a test."""
        found = {parent.column for parent in self._action.rows.parents}
        if self._action.rows.owned and self._entity.owner is not None:
            found.add(self._entity.owner.column)
        return found

    def _scene(self, role: str | None = None) -> Scene | None:
        scene = Scene(self._kit, self._operation)
        ready = scene.status is not None and callable_in_tests(self._kit, self._operation)
        return scene if ready and scene.sign_in(role=role) else None

    def _row(self, scene: Scene, *given: Code) -> Code:
        owned = scene.owned(self._entity) if self._action.rows.owned else ()
        return scene.make(self._entity, *owned, *(self.required() or ()), *given)

    def _status(self, scene: Scene) -> Code:
        return scene.status or literal(200)

    def _in(self, row: Code, *, there: bool = True, response: str = "response") -> Code:
        """That a row is in the answer, or that it isn't."""
        if not self._key:
            return compose("assert {}{}", constant("" if there else "not "), self.items(response))
        return compose("assert {}", self._listed(row, response, "in" if there else "not in"))

    def shows(self, row: Code) -> Code:
        """Whether a row is in the answer."""
        if not self._key:
            return compose("bool({})", self.items())
        return self._listed(row, "response", "in")

    def _listed(self, row: Code, response: str, there: str) -> Code:
        return compose(
            "{} {} [one[{}] for one in {}]",
            wire_key(row, self._entity.key_column),
            constant(there),
            literal(self._key),
            self.items(response),
        )

    def _shows(self) -> Iterator[TestView]:
        scene = self._scene()
        if scene is None:
            return
        row = self._row(scene)
        yield scene.test(
            "shows_what_is_there",
            "a row that is there is shown",
            call=scene.call(scene.path_of(row)),
            status=self._status(scene),
            asserts=(self._in(row),),
        )

    def _hides_deleted(self) -> Iterator[TestView]:
        scene = self._scene()
        if scene is None or not self._entity.soft_delete:
            return
        deleted = ident(self._entity.column(self._entity.soft_delete).attribute)
        row = self._row(scene, compose("{}=seed.NOW", deleted))
        yield scene.test(
            "hides_what_is_deleted",
            "a row that is deleted is not shown",
            call=scene.call(scene.path_of(row)),
            status=self._status(scene),
            asserts=(self._in(row, there=False),),
        )

    def _limits(self) -> Iterator[TestView]:
        page = self._action.page
        scene = self._scene()
        if scene is None or not page.limit:
            return
        parameter = self._parameters[page.limit]
        if not self._kit.samples.takes(self._operation, parameter, 1):
            return
        if not self._kit.rows.repeats(self._entity, self.fixed()):
            return
        row = self._row(scene)
        self._row(scene, *self.more(row))
        total: tuple[Code, ...] = ()
        if page.total and not self._action.filters:
            count = literal(scene.made(self._entity))
            total = (compose("assert response.json()[{}] == {}", literal(page.total), count),)
        yield scene.test(
            "shows_no_more_than_asked",
            "no more rows are shown than the client asks for",
            call=scene.call(scene.path_of(row), query=(_pair(parameter, "1"),)),
            status=self._status(scene),
            asserts=(compose("assert len({}) == 1", self.items()), *total),
        )

    def _filters(self, rule: Filter) -> Iterator[TestView]:
        scene = self._scene()
        parameter = self._parameters[rule.attribute]
        if scene is None or parameter.required:
            return
        row = self._row(scene)
        if self._kit.rows.repeats(self._entity, self.fixed()):
            self._row(scene, *self.more(row))
        value = self._value(rule, parameter, row)
        asserts: tuple[Code, ...] = ()
        if value is None:
            sample = self._kit.samples.value(self._operation, parameter)
            written = pairs(parameter, sample[0]) if sample else None
            if written is None:
                return
            query = tuple(compose("({}, {})", literal(n), literal(v)) for n, v in written)
        else:
            query = (compose("({}, {})", literal(parameter.name), value),)
            finds = rule.compare in _FINDS_ITSELF or rule.compare is Compare.IS_NULL
            asserts = (self._in(row, there=finds), *self._all_alike(rule, row))
        yield scene.test(
            f"filters_by_{parameter.attribute.strip('_')}",
            "only rows that fit are shown" if value is not None else "the filter is taken",
            call=scene.call(scene.path_of(row), query=query),
            status=self._status(scene),
            asserts=asserts,
        )

    def _compares(self, rule: Filter) -> Iterator[TestView]:
        """The filter with a value that is beyond what the column can hold, where it takes one."""
        scene = self._scene()
        parameter = self._parameters[rule.attribute]
        beyond = self._beyond(rule, parameter)
        if scene is None or parameter.required or not beyond:
            return
        row = self._row(scene)
        yield scene.test(
            f"compares_{parameter.attribute.strip('_')}_with_any_number",
            "what no row can have is a number like others",
            call=scene.call(scene.path_of(row), query=(_pair(parameter, beyond),)),
            status=self._status(scene),
            asserts=(self._in(row, there=rule.compare in _BELOW),),
        )

    def _beyond(self, rule: Filter, parameter: Parameter) -> str:
        """A number that the contract allows to ask for, and that is more than any row has."""
        column = self._entity.column(rule.column) if rule.column else None
        if column is None or column.array or not self._kit.rows.has_value(column, self._entity):
            return ""
        if not width_beyond(parameter.schema, column, self._kit.service.schemas):
            return ""
        digits = (column.precision or 0) - (column.scale or 0)
        most = 10 ** (digits if column.type is ColumnType.DECIMAL else _DIGITS[column.type])
        values: list[Json] = [most, str(most), f"{most}.{'0' * (column.scale or 0)}"]
        several = "array" in parameter.wire.kinds
        for value in values:
            if self._kit.samples.takes(self._operation, parameter, [value] if several else value):
                return str(value)
        return ""

    def _value(self, rule: Filter, parameter: Parameter, row: Code) -> Code | None:
        """The value of the row itself, as the parameter takes it; None where it has none."""
        if rule.relation:
            return self._related(rule, row)
        column = self._entity.column(rule.column)
        usable = column.type not in _INCOMPARABLE and self._kit.rows.has_value(column, self._entity)
        if not usable or not self._takes(column, parameter, rule):
            return None
        attribute = compose("{}.{}", row, ident(column.attribute))
        if rule.compare is Compare.IS_NULL:
            return literal("false")
        return compose("text({})", compose("{}[0]", attribute) if column.array else attribute)

    def _related(self, rule: Filter, row: Code) -> Code | None:
        for link in self._entity.relations:
            if isinstance(link, ManyToMany) and link.attribute == rule.relation:
                if not (link.ids_property and self._kit.rows.linked(link, self._entity)):
                    return None
                key = self._kit.service.entities[link.target].key_column.attribute
                return compose("text({}.{}[0].{})", row, ident(link.attribute), ident(key))
        return None

    def _takes(self, column: Column, parameter: Parameter, rule: Filter) -> bool:
        """Whether the parameter takes the values that rows have in the column."""
        if rule.compare is Compare.IS_NULL:
            return True
        example = self._kit.rows.example(column, self._entity)
        values: list[Json] = [*column.enum] or [*example]
        if column.array:
            first = example[0] if example else None
            if not isinstance(first, list) or not first:
                return False
            values = first[:1]
        if column.reference is not None or not values:
            return True
        several = "array" in parameter.wire.kinds
        return all(
            self._kit.samples.takes(self._operation, parameter, [value] if several else value)
            for value in values
        )

    def _all_alike(self, rule: Filter, row: Code) -> tuple[Code, ...]:
        """That every row of the answer has the value, where it is shown as it is."""
        if rule.compare is not Compare.EQ or rule.relation:
            return ()
        column = self._entity.column(rule.column)
        view = self._kit.service.schemas[self._action.view.schema].schema
        if column.property not in properties(view, self._kit.service.schemas):
            return ()
        if not plainly_shown(column) or column.array:
            return ()
        shown = compose("one[{}]", literal(column.property))
        return (
            compose(
                "assert all({} == {} for one in {})",
                shown,
                wire_key(row, column),
                self.items(),
            ),
        )

    def _searches(self) -> Iterator[TestView]:
        search = self._action.search
        scene = self._scene()
        if search is None or scene is None:
            return
        parameter = self._parameters[search.attribute]
        takes = self._kit.samples.takes
        words = [
            found[0]
            for column in (self._entity.column(name) for name in search.columns)
            for example in self._kit.rows.example(column, self._entity)
            if isinstance(example, str) and (found := _WORD.match(example)) is not None
        ]
        fitting = [word for word in words if takes(self._operation, parameter, word)]
        if not fitting or not takes(self._operation, parameter, _STRANGE):
            return
        row = self._row(scene)
        path = scene.path_of(row)
        strange = scene.call(path, query=(_pair(parameter, _STRANGE),))
        yield scene.test(
            f"searches_by_{parameter.attribute.strip('_')}",
            "rows are found by the words in them, and by no others",
            call=scene.call(path, query=(_pair(parameter, fitting[0]),)),
            status=self._status(scene),
            asserts=(
                self._in(row),
                compose("other = {}", strange),
                self._in(row, there=False, response="other"),
            ),
        )

    def _sorts(self) -> Iterator[TestView]:
        sort = self._action.sort
        scene = self._scene()
        if sort is None or scene is None:
            return
        both = self._both_ways()
        if not both or not self._kit.rows.repeats(self._entity, self.fixed()):
            return
        parameter = self._parameters[sort.attribute]
        row = self._row(scene)
        for _ in range(2):
            self._row(scene, *self.more(row))
        path = scene.path_of(row)
        name = literal(parameter.name)
        scene.arranged.append(compose("whole = {}", scene.call(path)))
        up = scene.call(path, query=(compose("({}, up)", name),))
        down = scene.call(path, query=(compose("({}, down)", name),))
        yield scene.test(
            "sorts_both_ways",
            "downwards is upwards, turned round",
            call=scene.call(path, query=(_pair(parameter, both[0][0]),)),
            status=self._status(scene),
            asserts=(
                compose("for up, down in {}:", literal(both)),
                compose("    first, second = {}, {}", up, down),
                compose("    assert len({}) == len({})", self.items("first"), self.items("whole")),
                compose("    assert {} == {}[::-1]", self.items("first"), self.items("second")),
            ),
        )

    def _both_ways(self) -> list[tuple[str, str]]:
        """Values of the sort parameter that stand for opposite orders."""
        keys = self._action.sort.keys if self._action.sort is not None else ()
        down = {key.column: key.value for key in keys if key.descending}
        return [(k.value, down[k.column]) for k in keys if not k.descending and k.column in down]


def _pair(parameter: Parameter, value: str) -> Code:
    return compose("({}, {})", literal(parameter.name), literal(value))

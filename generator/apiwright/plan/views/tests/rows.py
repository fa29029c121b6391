"""Rows that tests can make: of which entities, from what, and how many that differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from apiwright.code import Code, comment, compose, constant, ident, literal
from apiwright.ir.examples import example_rows, example_value
from apiwright.ir.schemas import Json
from apiwright.ir.service import Service
from apiwright.ir.storage import Column, ColumnType, Entity, Fill, ManyToMany
from apiwright.plan.views.seeds import needed_references, seed_views
from apiwright.plan.views.tenancy import tenant_column
from apiwright.plan.views.tests.bounds import broken_rules

_NUMBERED = ("number", "uuid4()")


@dataclass(frozen=True, slots=True)
class FactoryView:
    """A function that stores a row: the example that it starts from, and what that refers to."""

    name: Code
    class_name: Code
    seed: Code
    about: Code
    arguments: tuple[Code, ...]
    tenant: Code


@dataclass(frozen=True, slots=True)
class FactoriesView:
    """The functions, and which helpers they need."""

    functions: tuple[FactoryView, ...]
    references: bool
    links: bool
    tenants: bool


class RowMaker:
    """Knows which rows tests can make, and how to write that down."""

    def __init__(self, service: Service, closed: Collection[str] = ()) -> None:
        self._service = service
        self._closed = closed
        self._seeds = {
            entity.name: seed
            for seed in seed_views(service, closed)
            for entity in service.entities.values()
            if entity.class_name == seed.class_name
        }
        self._examples = example_rows(service)
        self._order = self._storable()

    def can_make(self, entity: str) -> bool:
        """Whether an example of the entity can be stored."""
        return entity in self._order

    def factory(self, entity: str) -> Code:
        """The name of the function that makes a row."""
        return factory_name(self._service.entities[entity])

    def argument(self, column: Column) -> tuple[Code, bool]:
        """What a row is given for a foreign key: the row itself, or (False) its key."""
        for entity in self._service.entities.values():
            if column in entity.columns:
                found = needed_references(entity)
                names = [name for name, known in found.items() if known == column]
                if names:
                    return ident(names[0]), True
        return ident(column.attribute), False

    def repeats(self, entity: Entity, fixed: Iterable[str] = ()) -> bool:
        """Whether any number of rows can be made that have the `fixed` columns in common."""
        same = set(fixed)
        rules = [rule.columns for rule in entity.uniques]
        if entity.key_column.fill is not Fill.GENERATED:
            rules.append((entity.key,))
        return all(
            any(self._differs(entity.column(name), entity, same) for name in rule) for rule in rules
        )

    def has_value(self, column: Column, entity: Entity) -> bool:
        """Whether rows have a value in the column that isn't null, unless a test says so."""
        if column.reference is not None:
            return column in needed_references(entity).values()
        if column.fill in {Fill.GENERATED, Fill.CREATED, Fill.UPDATED, Fill.DATABASE, Fill.VERSION}:
            return True
        return bool(column.default) or self._seeded(column, entity) is not None

    def view(self) -> FactoriesView:
        """The functions, those that others need first."""
        entities = [self._service.entities[name] for name in self._order]
        functions = tuple(self._function(entity) for entity in entities)
        written = " ".join(argument for f in functions for argument in f.arguments)
        return FactoriesView(
            functions, "_one(" in written, "_some(" in written, "_tenant(" in written
        )

    def _function(self, entity: Entity) -> FactoryView:
        arguments = [
            self._reference(name, column, entity)
            for name, column in sorted(
                needed_references(entity).items(), key=lambda pair: pair[1].fill is not Fill.TENANT
            )
        ]
        arguments += [self._link(link, entity) for link in _links(entity)]
        return FactoryView(
            name=factory_name(entity),
            class_name=ident(entity.class_name),
            seed=self._seeds[entity.name].function,
            about=comment(f"A row of {entity.table}, and what it refers to"),
            arguments=tuple(arguments),
            tenant=_fresh_tenant(entity),
        )

    def _reference(self, name: str, column: Column, entity: Entity) -> Code:
        """The argument for a row that another refers to; the tenant's comes first."""
        assert column.reference is not None
        target = self._service.entities[column.reference.entity]
        wanted = [ident(name), literal(name), self.factory(target.name)]
        if column.fill is Fill.TENANT:
            model, key = ident(target.class_name), ident(target.key_column.attribute)
            known = compose("models.{}.{}", model, key)
            return compose(
                "{}=await _tenant(session, values, {}, {}, {}, {})",
                *wanted,
                literal(column.attribute),
                known,
            )
        return compose(
            "{}=await _one(session, values, {}, {}{})", *wanted, self._same_tenant(entity, target)
        )

    def _same_tenant(self, entity: Entity, target: Entity) -> Code:
        """What a row is given that another one of the same tenant refers to."""
        own, other = tenant_column(entity), tenant_column(target)
        if own is None or other is None:
            return constant("")
        return compose(", {}=values[{}]", ident(other.attribute), literal(own.attribute))

    def _link(self, link: ManyToMany, entity: Entity) -> Code:
        name = ident(link.attribute)
        if not self.linked(link, entity):
            return compose("{}=values.pop({}, [])", name, literal(link.attribute))
        target = self.factory(link.target)
        same = self._same_tenant(entity, self._service.entities[link.target])
        return compose(
            "{}=await _some(session, values, {}, {}{})", name, literal(name), target, same
        )

    def linked(self, link: ManyToMany, entity: Entity) -> bool:
        """Whether a row comes with a row at the other end, rather than with none."""
        order = list(self._order)
        known = link.target in order and entity.name in order
        return known and order.index(link.target) < order.index(entity.name)

    def example(self, column: Column, entity: Entity) -> tuple[Json, ...]:
        """The example that values of the column are made from, if it isn't null, in a tuple."""
        found = example_value(column, self._examples[entity.name])
        return found if found and found[0] is not None else ()

    def _storable(self) -> tuple[str, ...]:
        """The entities whose examples can be stored, each behind those that it needs."""
        done: list[str] = []
        waiting = list(self._service.entities.values())
        while True:
            ready = [entity for entity in waiting if self._is_ready(entity, done)]
            if not ready:
                return tuple(done)
            # Those that list keys of others wait until the others are there, if that ever happens.
            ready.sort(key=lambda entity: any(link.target not in done for link in _links(entity)))
            done.append(ready[0].name)
            waiting.remove(ready[0])

    def _is_ready(self, entity: Entity, done: list[str]) -> bool:
        if entity.name in self._closed:
            return False
        references = needed_references(entity).values()
        for column in entity.columns:
            if column in references:
                if column.reference is None or column.reference.entity not in done:
                    return False
                continue
            seeded = self._seeded(column, entity) is not None
            if not (seeded or _is_filled(column, entity)):
                return False
            if any(broken_rules(column, value) for value in self.example(column, entity)):
                return False
        return True

    def _differs(self, column: Column, entity: Entity, fixed: set[str]) -> bool:
        if column.name in fixed:
            return False
        if column.name == entity.key and column.fill is Fill.GENERATED:
            return True
        if column in needed_references(entity).values():
            return True
        value = self._seeded(column, entity)
        if value is None:
            return column.nullable
        return not column.enum and any(word in value for word in _NUMBERED)

    def _seeded(self, column: Column, entity: Entity) -> Code | None:
        seed = self._seeds.get(entity.name)
        values = seed.values if seed is not None else ()
        return next((code for name, code in values if name == column.attribute), None)


def _fresh_tenant(entity: Entity) -> Code:
    """The line that gives a row a tenant which is no row of any table; empty for all others."""
    column = tenant_column(entity)
    if column is None or column.reference is not None:
        return constant("")
    number = constant("next(_numbers) + 1")
    if column.type is ColumnType.UUID:
        number = constant("UUID(int=next(_numbers) + 1)")
    elif column.type is ColumnType.TEXT:
        number = constant("str(next(_numbers) + 1)")
    return compose("values.setdefault({}, {})", literal(column.attribute), number)


def factory_name(entity: Entity) -> Code:
    """What the function for an entity is called."""
    return ident(f"{entity.module.rstrip('_')}_row")


def wire_key(variable: Code, column: Column) -> Code:
    """A column of a row as JSON shows it: keys are texts or numbers."""
    value = compose("{}.{}", variable, ident(column.attribute))
    plain = {ColumnType.TEXT, ColumnType.INT32, ColumnType.INT64, ColumnType.BOOLEAN}
    return value if column.type in plain else compose("text({})", value)


def _links(entity: Entity) -> list[ManyToMany]:
    return [r for r in entity.relations if isinstance(r, ManyToMany) and r.ids_property]


_FILLED = frozenset({Fill.CREATED, Fill.UPDATED, Fill.DATABASE, Fill.VERSION})


def _is_filled(column: Column, entity: Entity) -> bool:
    """Whether the database has a value for the column, or can do without."""
    if column.nullable or column.default or column.fill in _FILLED:
        return True
    types = {ColumnType.UUID, ColumnType.INT32, ColumnType.INT64}
    return column.fill is Fill.GENERATED and column.name == entity.key and column.type in types

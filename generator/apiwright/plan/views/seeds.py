"""Seeds: functions that make an example row of each entity."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from apiwright import names
from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.examples import example_rows, example_value
from apiwright.ir.schemas import Json
from apiwright.ir.service import Service
from apiwright.ir.storage import Column, ColumnType, Entity, Fill, ManyToMany
from apiwright.plan.storage.build import build_tables
from apiwright.plan.storage.types import python_type


@dataclass(frozen=True, slots=True)
class SeedView:
    """A function that makes an example row: its arguments beside the number, and the values."""

    function: Code
    class_name: Code
    variable: Code
    label: Code
    parameters: Code
    call: Code
    values: tuple[tuple[Code, Code], ...]
    is_identity: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """The accounts that are seeded: the values of login, roles and password.

    `parameters` are what the function that makes them takes beside the settings, `given` what each
    of them gets of that, and `call` where it comes from; `examples` are some for tests.
    """

    admin: Code
    member: Code
    parameters: Code
    given: Code
    call: Code
    examples: Code


def seed_views(service: Service, closed: Collection[str] = ()) -> tuple[SeedView, ...]:
    """The functions for all entities; what others refer to comes first.

    `closed` are entities of which the service can make no row, for lack of a value.
    """
    order = {table.name: place for place, table in enumerate(build_tables(service))}
    entities = sorted(service.entities.values(), key=lambda e: (not e.identity, order[e.table]))
    left = set(closed)
    for entity in _after_targets(entities):
        if left & {_target(column) for column in needed_references(entity).values()}:
            left.add(entity.name)
    made = [entity for entity in _after_targets(entities) if entity.name not in left]
    rows = example_rows(service)
    return tuple(_seed(entity, rows[entity.name], service, left) for entity in made)


def _after_targets(entities: list[Entity]) -> list[Entity]:
    """Entities after those whose rows they are tied to; a circle is broken where it began."""
    waiting = {entity.name: entity for entity in entities}
    done: list[Entity] = []
    while waiting:
        ready = next(
            (e for e in waiting.values() if not (_needed_first(e) - {e.name}) & waiting.keys()),
            next(iter(waiting.values())),
        )
        done.append(waiting.pop(ready.name))
    return done


def _needed_first(entity: Entity) -> set[str]:
    """The entities whose rows an example of this one needs."""
    links = {r.target for r in entity.relations if isinstance(r, ManyToMany) and r.ids_property}
    return links | {_target(column) for column in needed_references(entity).values()}


def account_view(entity: Entity, service: Service) -> AccountView | None:
    """What the seeded accounts differ in; None for an entity that doesn't sign in."""
    if entity.identity is None:
        return None
    roles = [role.name for role in service.roles]
    fewest = min(service.roles, key=lambda role: len(role.scopes)).name if roles else ""
    needed = [
        (name, column, service.entities[_target(column)])
        for name, column in needed_references(entity).items()
    ]
    targets = list(dict.fromkeys((ident(t.plural), ident(t.class_name)) for _, _, t in needed))
    return AccountView(
        admin=_account(entity, "admin@example.com", roles),
        member=_account(entity, "member@example.com", [service.default_role or fewest]),
        parameters=joined([compose(", {}: list[models.{}]", *pair) for pair in targets], ""),
        given=joined([compose(", {}={}", ident(n), _picked(c, t)) for n, c, t in needed], ""),
        call=joined([compose(", {}", plural) for plural, _ in targets], ""),
        examples=joined(
            [
                compose(", [seed.{}(number) for number in range(2)]", ident(function))
                for function in dict.fromkeys(names.argument(t.module) for _, _, t in needed)
            ],
            "",
        ),
    )


def _account(entity: Entity, login: str, roles: list[str]) -> Code:
    identity = entity.identity
    if identity is None:
        raise ValueError(f"{entity.name} doesn't sign in")
    values = [
        compose("{}: {}", literal(entity.column(identity.login).attribute), literal(login)),
    ]
    if identity.roles and roles:
        value = literal(roles) if identity.roles_many else literal(roles[-1])
        values.append(compose("{}: {}", literal(entity.column(identity.roles).attribute), value))
    return joined(values)


def _seed(
    entity: Entity, row: dict[str, Json], service: Service, left: Collection[str]
) -> SeedView:
    needed = needed_references(entity).items()
    arguments = {name: service.entities[_target(column)] for name, column in needed}
    links = [r for r in entity.relations if isinstance(r, ManyToMany) and r.ids_property]
    parameters = [
        compose("{}: models.{}", ident(name), ident(target.class_name))
        for name, target in arguments.items()
    ]
    call = [
        compose("{}={}", ident(name), _picked(column, service.entities[_target(column)]))
        for name, column in needed
    ]
    for link in links:
        target = service.entities[link.target]
        parameters.append(
            compose("{}: list[models.{}]", ident(link.attribute), ident(target.class_name))
        )
        # Rows of the same table are only made after this one.
        there = target is not entity and target.name not in left
        rows = compose("{}[:2]", ident(target.plural)) if there else constant("[]")
        call.append(compose("{}={}", ident(link.attribute), rows))
    return SeedView(
        function=ident(names.argument(entity.module)),
        class_name=ident(entity.class_name),
        variable=ident(entity.plural),
        label=constant(entity.plural.replace("_", " ")),
        parameters=joined([compose(", {}", p) for p in parameters], ""),
        call=joined([compose(", {}", c) for c in call], ""),
        values=tuple(_values(entity, service, row)),
        is_identity=entity.identity is not None,
    )


def _picked(column: Column, target: Entity) -> Code:
    """Which of the rows of a table an example refers to.

    Examples are of the first tenants only, as many as there are accounts, in turn.
    """
    rows = ident(target.plural)
    if column.fill is Fill.TENANT:
        return compose("{}[number % len(ACCOUNTS) % len({})]", rows, rows)
    return compose("{}[number % len({})]", rows, rows)


def needed_references(entity: Entity) -> dict[str, Column]:
    """The foreign keys that an example has, by the argument that gives the row they point to."""
    return {_argument(c): c for c in entity.columns if _is_needed_reference(c, entity)}


def _target(column: Column) -> str:
    return column.reference.entity if column.reference is not None else ""


def _is_needed_reference(column: Column, entity: Entity) -> bool:
    own = column.reference is not None and column.reference.entity == entity.name
    return column.reference is not None and not own and not column.nullable


def _argument(column: Column) -> str:
    """The name under which the row that a foreign key points to is given."""
    return names.argument(column.attribute.removesuffix("_id") or column.attribute)


def _values(entity: Entity, service: Service, row: dict[str, Json]) -> Iterator[tuple[Code, Code]]:
    for column in entity.columns:
        value = _value(column, entity, service, row)
        if value is not None:
            yield ident(column.attribute), value
    for relation in entity.relations:
        if isinstance(relation, ManyToMany) and relation.ids_property:
            yield ident(relation.attribute), ident(relation.attribute)


def _value(column: Column, entity: Entity, service: Service, row: dict[str, Json]) -> Code | None:
    """The code of a value for the row with a `number`; None where the database gives one."""
    if column.reference is not None:
        if not _is_needed_reference(column, entity):
            return None
        target = service.entities[_target(column)]
        key = ident(target.key_column.attribute)
        return compose("{}.{}", ident(_argument(column)), key)
    if column.fill is Fill.TENANT:
        return _tenant(column)
    if column.fill is Fill.CREATED:
        return constant("NOW - timedelta(minutes=number)")
    if column.fill in _LEFT_OUT:
        return None
    if column.hashed:
        # No key opens a row that has none.
        return constant("UNSET") if column.property else None
    found = example_value(column, row)
    if not found or found[0] is None:
        return None
    unique = any(column.name in rule.columns for rule in entity.uniques)
    return _code(column, found[0], unique=unique or column.name == entity.key)


def _tenant(column: Column) -> Code:
    """A tenant that is no row of any table: there are as many as accounts."""
    if column.type is ColumnType.UUID:
        return constant("UUID(int=number % len(ACCOUNTS) + 1)")
    number = constant("number % len(ACCOUNTS) + 1")
    return compose("str({})", number) if column.type is ColumnType.TEXT else number


def _code(column: Column, value: Json, *, unique: bool) -> Code | None:
    if column.type is ColumnType.JSON or column.array:
        return literal(value) if column.type in _PLAIN else None
    if column.type is ColumnType.TEXT:
        return _text(column, str(value), unique=unique)
    if column.type in {ColumnType.INT32, ColumnType.INT64} and unique:
        return constant("number + 1")
    if column.type in _PLAIN:
        return literal(value)
    return _typed(column, str(value))


_LEFT_OUT = frozenset(
    {
        Fill.GENERATED,
        Fill.UPDATED,
        Fill.DELETED,
        Fill.DEFAULT,
        Fill.OWNER,
        Fill.DATABASE,
        Fill.VERSION,
    }
)
_PLAIN = frozenset(
    {ColumnType.TEXT, ColumnType.INT32, ColumnType.INT64, ColumnType.DOUBLE, ColumnType.BOOLEAN,
     ColumnType.JSON}
)  # fmt: skip


def _text(column: Column, text: str, *, unique: bool) -> Code:
    if column.enum:
        listed = literal(list(column.enum))
        return compose("{}[number % {}]", listed, literal(len(column.enum)))
    if "@" in text and unique:
        return constant('f"person{number + 1}@example.com"')
    if unique or column.attribute in _TITLES:
        return _numbered(text, column)
    return literal(text)


_DIGITS = 6
_TITLES = frozenset({"title", "name", "label", "full_name", "display_name", "subject"})


def _numbered(text: str, column: Column) -> Code:
    """The text with the number in it, as far as the column's pattern and length allow."""
    digits = re.search(r"[0-9]{3,}$", text)
    if digits is not None:
        size = literal(len(digits[0]))
        return compose(
            'f"{}{{(number + {}) % 10**{}:0{}}}"',
            _in_f_string(text[: digits.start()]),
            literal(int(digits[0])),
            size,
            size,
        )
    most, pattern = column.bounds.max_length, column.bounds.pattern
    for separator in (" ", "-", "_", ""):
        room = len(text) if most is None else max(most - len(separator) - _DIGITS, 0)
        base = text[:room].rstrip()
        fits = most is None or len(base) + len(separator) + _DIGITS <= most
        if fits and (not pattern or re.search(pattern, f"{base}{separator}1")):
            return compose('{} + f"{}{{number + 1}}"', literal(base), constant(separator))
    return literal(text)


def _in_f_string(text: str) -> Code:
    """A text as part of an f-string in double quotes."""
    inner = literal(text)[1:-1]
    return constant(inner.replace("{", "{{").replace("}", "}}"))


def _typed(column: Column, text: str) -> Code | None:
    try:
        if column.type is ColumnType.DECIMAL:
            Decimal(text)
        elif column.type is ColumnType.DATE:
            date.fromisoformat(text)
        elif column.type is ColumnType.TIMESTAMP:
            datetime.fromisoformat(text)
        elif column.type is ColumnType.UUID:
            return constant("uuid4()")
        else:
            return constant('b"example"')
    except (ValueError, InvalidOperation):
        return None
    kind = python_type(column)
    maker = "Decimal({})" if column.type is ColumnType.DECIMAL else f"{kind}.fromisoformat({{}})"
    return compose(maker, literal(text))

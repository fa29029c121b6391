"""From entities to tables."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from apiwright import names
from apiwright.ir.schemas import Json
from apiwright.ir.service import Service
from apiwright.ir.storage import Column, ColumnType, Entity, Fill, Index, ManyToMany, Unique
from apiwright.plan.storage.idempotency import idempotency_tables
from apiwright.plan.storage.recording import audit_table, event_tables
from apiwright.plan.storage.sql import name_quoted, quoted
from apiwright.plan.storage.tables import Check, ForeignKey, Table, TableColumn, TableIndex
from apiwright.plan.storage.tenancy import pair_policies, row_policies
from apiwright.plan.storage.types import sql_type

SESSIONS = "auth_sessions"
REFRESH_TOKENS = "refresh_tokens"
RESETS = "password_resets"
_SMALLEST = -(2**15)
# Where clients choose keys, one may be used again after its row was deleted: no version of the new
# row may be one of the old. Microseconds go up faster than any row is changed.
_LATER = "((EXTRACT(epoch FROM now()) * (1000000)::numeric))::bigint"


def build_tables(service: Service) -> tuple[Table, ...]:
    """Every table of a service, in an order in which they can be created."""
    tables = {entity.name: _table(entity, service) for entity in service.entities.values()}
    links = {
        relation.table: _link_table(entity, relation, service)
        for entity in service.entities.values()
        for relation in entity.relations
        if isinstance(relation, ManyToMany)
    }
    identity = service.identity
    sign_in = _sign_in_tables(identity) if identity is not None else ()
    resets = _reset_table(identity) if identity is not None and service.resets_passwords else ()
    tenants = identity is not None and identity.tenant is not None
    events = event_tables(tenants=tenants) if service.events else ()
    audit = (audit_table(),) if service.audited else ()
    own = (*sign_in, *resets, *idempotency_tables(service), *events, *audit)
    return _ordered((*tables.values(), *links.values(), *own))


def _ordered(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    """Tables after those that they refer to; a circle is broken where the contract began it."""
    waiting = {table.name: table for table in tables}
    blockers = {
        table.name: {key.table for key in table.foreign_keys if key.table in waiting} - {table.name}
        for table in tables
    }
    freed: dict[str, list[str]] = {}
    for name, others in blockers.items():
        for other in others:
            freed.setdefault(other, []).append(name)
    places = {name: place for place, name in enumerate(waiting)}
    done: list[Table] = []
    ready = [name for name, others in blockers.items() if not others]
    while waiting:
        found: list[str] = []
        for name in ready or [next(iter(waiting))]:
            done.append(waiting.pop(name))
            for other in freed.get(name, ()):
                blockers[other].discard(name)
                if not blockers[other] and other in waiting:
                    found.append(other)
        ready = sorted(set(found) & set(waiting), key=places.__getitem__)
    return tuple(done)


def _table(entity: Entity, service: Service) -> Table:
    return Table(
        name=entity.table,
        columns=tuple(_column(column, entity) for column in entity.columns),
        key=(entity.key,),
        checks=tuple(check for column in entity.columns for check in _checks(column, entity)),
        foreign_keys=tuple(_foreign_keys(entity, service)),
        indexes=(
            *(_unique(rule, entity) for rule in entity.uniques),
            *(_index(index, entity) for index in entity.indexes),
        ),
        policies=row_policies(entity),
    )


def _column(column: Column, entity: Entity) -> TableColumn:
    generated = column.fill is Fill.GENERATED and column.name == entity.key
    whole = column.type in {ColumnType.INT32, ColumnType.INT64}
    default = sql_default(column)
    if generated and column.type is ColumnType.UUID:
        default = "gen_random_uuid()"
    elif column.fill in {Fill.CREATED, Fill.UPDATED}:
        default = "now()"
    elif column.fill is Fill.VERSION and not default:
        default = _LATER
    return TableColumn(
        name=column.name,
        type=sql_type(column),
        nullable=column.nullable,
        default=default,
        identity=generated and whole,
    )


def sql_default(column: Column) -> str:
    """The default of a column as SQL, in the words that PostgreSQL itself would use; or ""."""
    if not column.default:
        return ""
    value = column.default[0]
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.type is ColumnType.JSON:
        return quoted(json.dumps(value, ensure_ascii=False))
    if column.type is ColumnType.BYTES and not column.array:
        return quoted(f"\\x{_decoded(str(value)).hex()}")
    if isinstance(value, list):
        return quoted(f"{{{','.join(_array_item(item) for item in value)}}}")
    if isinstance(value, float) and column.type in {ColumnType.INT32, ColumnType.INT64}:
        return str(int(value))
    return str(value) if isinstance(value, int | float) else quoted(str(value))


def _decoded(text: str) -> bytes:
    """What a text in base64 stands for; nothing where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _array_item(value: Json) -> str:
    """An item of an array literal (PostgreSQL, section 8.15.2)."""
    if isinstance(value, int | float):
        return json.dumps(value)
    text = str(value)
    if text.replace("_", "a").isalnum() and text.lower() != "null":
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def told_by_type(column: Column) -> frozenset[str]:
    """The rules about values that the type of the column holds them to by itself."""
    word, _, size = column.stored_as.rstrip(")").partition("(")
    told = {"values"} if column.enum_type else set()
    bounds = column.bounds
    if size and bounds.max_length is not None and bounds.max_length >= int(size):
        told.add("max_length")
    if word == "smallint":
        told |= {"minimum"} if bounds.minimum in {None, _SMALLEST} else set()
        told |= {"maximum"} if bounds.maximum in {None, -_SMALLEST - 1} else set()
    return frozenset(told)


def _checks(column: Column, entity: Entity) -> Iterator[Check]:
    told = told_by_type(column)
    return (check for rule, check in _rules(column, entity) if rule not in told)


def _rules(column: Column, entity: Entity) -> Iterator[tuple[str, Check]]:
    def check(rule: str, condition: str) -> tuple[str, Check]:
        return rule, Check(names.sql(f"ck_{entity.table}_{column.name}_{rule}"), condition)

    name, bounds = name_quoted(column.name), column.bounds
    if column.enum:
        is_json = column.type is ColumnType.JSON
        listed = ", ".join(
            quoted(json.dumps(value, ensure_ascii=False) if is_json else value)
            for value in column.enum
        )
        if column.array:
            yield check("values", f"{name} <@ ARRAY[{listed}]")
        else:
            yield check("values", f"{name} IN ({listed})")
    if bounds.min_length:
        yield check("min_length", f"char_length({name}) >= {bounds.min_length}")
    if bounds.max_length is not None:
        yield check("max_length", f"char_length({name}) <= {bounds.max_length}")
    for rule, sign, limit in (
        ("minimum", ">=", bounds.minimum),
        ("exclusive_minimum", ">", bounds.exclusive_minimum),
        ("maximum", "<=", bounds.maximum),
        ("exclusive_maximum", "<", bounds.exclusive_maximum),
    ):
        if isinstance(limit, int | float):
            yield check(rule, f"{name} {sign} {limit}")
    if bounds.pattern:
        yield check("pattern", f"{name} ~ {quoted(bounds.pattern)}")


def _foreign_keys(entity: Entity, service: Service) -> Iterator[ForeignKey]:
    for column in entity.columns:
        if column.reference is not None:
            target = service.entities[column.reference.entity]
            yield ForeignKey(
                names.sql(f"fk_{entity.table}_{column.name}_{target.table}"),
                column.name,
                target.table,
                target.key,
                column.reference.on_delete.value.upper().replace("-", " "),
            )


def _unique(rule: Unique, entity: Entity) -> TableIndex:
    lowered = tuple(
        f"lower({name_quoted(name)})" if _is_text(name, entity) else name_quoted(name)
        for name in rule.columns
    )
    return TableIndex(
        name=rule.name,
        parts=lowered if rule.ignore_case else rule.columns,
        expression=rule.ignore_case,
        unique=True,
        where=_alive(entity, rule.partial),
    )


def _is_text(name: str, entity: Entity) -> bool:
    column = entity.column(name)
    return column.type is ColumnType.TEXT and not column.array


def _index(index: Index, entity: Entity) -> TableIndex:
    return TableIndex(
        name=index.name,
        parts=(search_vector(entity, index.columns),) if index.search else index.columns,
        expression=index.search,
        method=index.method.value,
        where=_alive(entity, index.partial),
    )


def search_vector(entity: Entity, columns: tuple[str, ...]) -> str:
    """The words of some text columns as SQL: what a search looks into, and its index covers.

    Written as PostgreSQL itself shows it, so that Alembic finds it unchanged.
    """
    parts = [
        f"COALESCE({name_quoted(name)}, '')" if entity.column(name).nullable else name_quoted(name)
        for name in columns
    ]
    words = parts[0]
    for number, part in enumerate(parts[1:]):
        before = f"({words})" if number else words
        words = f"({before} || ' ') || {part}"
    return f"to_tsvector('simple', {words})"


def _alive(entity: Entity, partial: bool) -> str:
    return f"{name_quoted(entity.soft_delete)} IS NULL" if partial else ""


def _link_table(entity: Entity, relation: ManyToMany, service: Service) -> Table:
    target = service.entities[relation.target]
    ends = ((relation.column, entity), (relation.target_column, target))
    keys = tuple(
        ForeignKey(
            names.sql(f"fk_{relation.table}_{name}_{end.table}"),
            name,
            end.table,
            end.key,
            "CASCADE",
        )
        for name, end in ends
    )
    return Table(
        name=relation.table,
        columns=tuple(
            TableColumn(name, sql_type(end.key_column), nullable=False) for name, end in ends
        ),
        key=(relation.column, relation.target_column),
        foreign_keys=keys,
        indexes=(
            TableIndex(
                names.sql(f"ix_{relation.table}_{relation.target_column}"),
                (relation.target_column,),
            ),
        ),
        policies=pair_policies(zip(keys, (end for _, end in ends), strict=True)),
    )


def _reset_table(identity: Entity) -> tuple[Table]:
    """The tokens that were sent to whoever has forgotten a password.

    A row without an account is there for a login that nobody has: what is done is the same.
    """
    stamp = "timestamp with time zone"
    return (
        Table(
            name=RESETS,
            columns=(
                TableColumn("token_hash", "bytea", nullable=False),
                TableColumn("account_id", sql_type(identity.key_column), nullable=True),
                TableColumn("created_at", stamp, nullable=False, default="now()"),
                TableColumn("expires_at", stamp, nullable=False),
                TableColumn("used_at", stamp, nullable=True),
            ),
            key=("token_hash",),
            foreign_keys=(
                ForeignKey(
                    names.sql(f"fk_{RESETS}_account_id_{identity.table}"),
                    "account_id",
                    identity.table,
                    identity.key,
                    "CASCADE",
                ),
            ),
            indexes=tuple(
                TableIndex(f"ix_{RESETS}_{column}", (column,))
                for column in ("account_id", "expires_at")
            ),
        ),
    )


def _sign_in_tables(identity: Entity) -> tuple[Table, Table]:
    stamp = "timestamp with time zone"
    created = TableColumn("created_at", stamp, nullable=False, default="now()")
    sessions = Table(
        name=SESSIONS,
        columns=(
            TableColumn("id", "uuid", nullable=False, default="gen_random_uuid()"),
            TableColumn("account_id", sql_type(identity.key_column), nullable=False),
            TableColumn("scope", "text", nullable=False),
            created,
            TableColumn("revoked_at", stamp, nullable=True),
        ),
        key=("id",),
        foreign_keys=(
            ForeignKey(
                names.sql(f"fk_{SESSIONS}_account_id_{identity.table}"),
                "account_id",
                identity.table,
                identity.key,
                "CASCADE",
            ),
        ),
        indexes=(TableIndex(f"ix_{SESSIONS}_account_id", ("account_id",)),),
    )
    tokens = Table(
        name=REFRESH_TOKENS,
        columns=(
            TableColumn("token_hash", "bytea", nullable=False),
            TableColumn("session_id", "uuid", nullable=False),
            created,
            TableColumn("expires_at", stamp, nullable=False),
            TableColumn("used_at", stamp, nullable=True),
        ),
        key=("token_hash",),
        foreign_keys=(
            ForeignKey(
                f"fk_{REFRESH_TOKENS}_session_id_{SESSIONS}",
                "session_id",
                SESSIONS,
                "id",
                "CASCADE",
            ),
        ),
        indexes=(TableIndex(f"ix_{REFRESH_TOKENS}_session_id", ("session_id",)),),
    )
    return sessions, tokens

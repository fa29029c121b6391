"""API keys: which schema holds them, and the columns that the contract doesn't show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from apiwright import names
from apiwright.ir.operations import Operation
from apiwright.ir.policies.api_keys import ApiKeys
from apiwright.ir.schemas import NamedSchema
from apiwright.ir.service import SchemeKind, SecurityScheme
from apiwright.ir.shapes import flat, properties
from apiwright.ir.storage import (
    Column,
    ColumnType,
    Entity,
    Fill,
    OnDelete,
    Ownership,
    Reference,
    Unique,
)
from apiwright.load import Node
from apiwright.understand.exchange import answer_schema, body_content
from apiwright.understand.operations import Written
from apiwright.understand.sites import Stored

WORD = "x-api-key"
SCHEMAS = frozenset({"api_key", "api_token", "access_key", "personal_access_token"})
"""What a schema of keys is called that doesn't say so."""

SHOWN = ("key", "api_key", "token", "api_token", "secret", "value")
"""What the answer calls the key itself."""

SCOPES = ("scopes", "permissions")
EXPIRES = ("expires_at", "expires", "expires_on", "valid_until")
LAST_USED = ("last_used_at", "last_used", "used_at")
START = ("prefix", "key_prefix", "start", "hint")


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The schema whose rows are keys, and the property by which they are shown once."""

    name: str
    shown: str


def find_keys(
    written: Iterable[Written],
    named: Mapping[str, NamedSchema],
    stored: Mapping[str, Stored],
    schemes: Iterable[SecurityScheme],
    identity: str,
) -> KeySchema | None:
    """The schema of keys: the one that says so, or one that is called so and plainly meant.

    Plainly meant is a stored schema if requests can carry keys, and what makes one of it answers
    with a text that nobody has sent.
    """
    if not identity or not any(scheme.kind is SchemeKind.API_KEY for scheme in schemes):
        return None
    operations = [item.operation for item in written]
    for name in stored:
        said = named[name].schema.extensions.get(WORD)
        if said is not None and said.value is not False:
            return KeySchema(name, said.string("key") or _shown(name, operations, named))
    for name in stored:
        if names.snake(name) in SCHEMAS and WORD not in named[name].schema.extensions:
            shown = _shown(name, operations, named)
            if shown:
                return KeySchema(name, shown)
    return None


def _shown(name: str, operations: Iterable[Operation], named: Mapping[str, NamedSchema]) -> str:
    """The property of an answer that shows a key, where a body doesn't send it; or ""."""
    paths = {names.plural(names.snake(name)), names.snake(name), "keys", "tokens"}
    for operation in operations:
        segment = names.snake(operation.path.rstrip("/").rpartition("/")[2])
        answer, content = answer_schema(operation), body_content(operation)
        if operation.method != "post" or segment not in paths or answer is None:
            continue
        body = content.schema if content is not None else None
        sent = {
            key
            for key, prop in (properties(body, named).items() if body is not None else ())
            if not flat(prop.schema, named).read_only
        }
        by_snake = {
            names.snake(key): key
            for key, prop in properties(answer, named).items()
            if "string" in flat(prop.schema, named).types and key not in sent
        }
        found = next((by_snake[word] for word in SHOWN if word in by_snake), "")
        if found:
            return found
    return ""


def with_keys(
    entities: dict[str, Entity],
    found: KeySchema | None,
    schemes: Iterable[SecurityScheme],
    named: Mapping[str, NamedSchema],
    identity: str,
) -> tuple[dict[str, Entity], ApiKeys | None]:
    """The entities, that of the keys with all that a key needs, and how it is kept."""
    if found is None or not found.shown:
        return entities, None
    entity = entities[found.name]
    said = named[found.name].schema.extensions.get(WORD)
    owner = entity.owner or Ownership("account_id")
    columns = [
        *entity.columns,
        *_hidden(entity, entities[identity], owned=entity.owner is not None, said=said),
    ]
    digest = next(column for column in columns if column.hashed and not column.property)
    scopes = _column(columns, said, "scopes", SCOPES) or "scopes"
    usable = [scheme for scheme in schemes if scheme.kind is SchemeKind.API_KEY]
    keys = ApiKeys(
        entity=found.name,
        shown=names.attribute(found.shown),
        digest=digest.name,
        owner=owner.column,
        scopes=scopes,
        header=usable[0].header,
        schemes=tuple(s.name for s in usable if s.header.lower() == usable[0].header.lower()),
        expires=_column(columns, said, "expires", EXPIRES),
        last_used=_column(columns, said, "last-used", LAST_USED),
        start=_column(columns, said, "prefix", START),
    )
    rule = Unique(names.sql(f"uq_{entity.table}_{digest.name}"), (digest.name,))
    whole = replace(entity, columns=tuple(columns), owner=owner, uniques=(*entity.uniques, rule))
    return {**entities, found.name: whole}, keys


def _hidden(
    entity: Entity, identity: Entity, *, owned: bool, said: Node | None
) -> Iterator[Column]:
    """The columns of keys that the contract has no property for."""
    place = entity.position
    yield Column(
        name="key_hash",
        attribute="key_hash",
        type=ColumnType.BYTES,
        position=place,
        nullable=True,
        hashed=True,
        description="The hash of the key, which is not stored itself",
    )
    if not owned:
        yield Column(
            name="account_id",
            attribute="account_id",
            type=identity.key_column.type,
            position=place,
            fill=Fill.OWNER,
            reference=Reference(identity.name, OnDelete.CASCADE),
            description="The account that the key belongs to",
        )
    if not _column(entity.columns, said, "scopes", SCOPES):
        yield Column(
            name="scopes",
            attribute="scopes",
            type=ColumnType.TEXT,
            position=place,
            array=True,
            default=([],),
            description="What the key is good for, as far as its account is",
        )


def _column(columns: Iterable[Column], said: Node | None, word: str, usual: Iterable[str]) -> str:
    """The column that a word names, or that is called as usual; "" without one."""
    by_property = {column.property: column.name for column in columns if column.property}
    wanted = said.string(word) if said is not None else ""
    if wanted:
        return by_property.get(wanted, "")
    by_snake = {names.snake(key): name for key, name in by_property.items()}
    return next((by_snake[name] for name in usual if name in by_snake), "")

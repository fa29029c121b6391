"""Where stored things live on the wire: the paths that are collections, and those of one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from apiwright import names
from apiwright.ir.operations import Operation
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.shapes import flat, is_object, properties, target
from apiwright.load import Node
from apiwright.understand.exchange import answer_schema, body_content, many
from apiwright.understand.operations import Written

_KEY_TYPES = frozenset({"string", "integer"})


class SiteKind(Enum):
    """What a path stands for."""

    COLLECTION = "collection"
    ITEM = "item"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Site:
    """A path and the schema of the things that it stands for; `key` is the last path parameter."""

    path: str
    kind: SiteKind
    schema: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A schema whose things are stored: the property that identifies one, and why we think so."""

    schema: str
    key: str
    evidence: str
    declared: bool


def last_parameter(path: str) -> str:
    """The name of the parameter that makes up the last segment of a path, or ""."""
    segment = path.rstrip("/").rpartition("/")[2]
    whole = segment.startswith("{") and segment.endswith("}") and segment.count("{") == 1
    return segment[1:-1] if whole else ""


def collection_of(path: str) -> str:
    """The path without its last segment and without a slash at its end."""
    return path.rstrip("/").rpartition("/")[0]


def find_stored(written: Iterable[Written], named: Mapping[str, NamedSchema]) -> dict[str, Stored]:
    """The schemas whose things are stored: those that say so, and those that are plainly meant.

    Plainly meant is a schema that `GET /things/{id}` answers with, if `POST /things` takes an
    object, and the thing has a property for `id`.
    """
    stored = _declared(named)
    operations = [item.operation for item in written]
    posts = {
        operation.path.rstrip("/"): operation
        for operation in operations
        if operation.method == "post" and body_content(operation) is not None
    }
    for operation in operations:
        parameter = last_parameter(operation.path)
        post = posts.get(collection_of(operation.path))
        if operation.method != "get" or not parameter or post is None:
            continue
        name = _object_target(answer_schema(operation), named)
        if not name or name in stored or _refuses(named[name]):
            continue
        key = key_property(name, parameter, named)
        if key:
            evidence = f"GET {operation.path} shows one, POST {post.path} makes one"
            stored[name] = Stored(name, key, evidence, declared=False)
    return stored


def _declared(named: Mapping[str, NamedSchema]) -> dict[str, Stored]:
    found = {}
    for name, known in named.items():
        words = known.schema.extensions
        table, keys = words.get("x-table"), words.get("x-api-key")
        word = "x-api-key" if table is None else "x-table"
        if (table if table is not None else keys) is None or _is_off(words[word]):
            continue
        key = (table.string("key") if table is not None else "") or key_property(name, "", named)
        found[name] = Stored(name, key, f"{word} says so", declared=True)
    return found


def _is_off(word: Node) -> bool:
    return word.value is False


def _refuses(known: NamedSchema) -> bool:
    table = known.schema.extensions.get("x-table")
    return table is not None and table.value is False


def key_property(name: str, parameter: str, named: Mapping[str, NamedSchema]) -> str:
    """The property that identifies a thing: the path parameter's namesake, or an id."""
    found = properties(named[name].schema, named)
    own = names.snake(name)
    wanted = [parameter, names.snake(parameter) if parameter else "", "id", f"{own}_id", "uuid"]
    by_snake = {names.snake(key): key for key in found}
    stem = names.snake(parameter).removeprefix(f"{own}_") if parameter else ""
    for want in [*wanted, stem]:
        key = want if want in found else by_snake.get(want, "")
        if key and set(flat(found[key].schema, named).types) <= _KEY_TYPES | {"null"}:
            return key
    return ""


def find_sites(
    written: Iterable[Written],
    named: Mapping[str, NamedSchema],
    stored: Mapping[str, Stored],
    identity: str,
    keys: str = "",
) -> dict[str, Site]:
    """The paths that stand for stored things, by path.

    A path with a trailing parameter is that of one thing if `GET`, `PUT`, `PATCH` or `DELETE`
    works with a stored schema there; the path before it is its collection, and so is a path
    where `POST` makes one or `GET` lists many. A path without parameter that answers with the
    schema of accounts stands for the caller. `keys` is the schema of API keys, each of
    which is often only made, listed and deleted.
    """
    operations = [item.operation for item in written]
    sites: dict[str, Site] = {}
    for operation in operations:
        name = _object_target(answer_schema(operation), named)
        parameter = last_parameter(operation.path)
        if name in stored and parameter and operation.method in {"get", "put", "patch"}:
            sites[operation.path] = Site(operation.path, SiteKind.ITEM, name, parameter)
        elif name in stored and name == identity and _means_caller(operation):
            sites[operation.path] = Site(operation.path, SiteKind.CALLER, name)
    by_collection = {
        collection_of(site.path): site.schema
        for site in sites.values()
        if site.kind is SiteKind.ITEM
    }
    for operation in operations:
        path = operation.path
        name = by_collection.get(path.rstrip("/")) or _listed_or_made(operation, named, stored)
        if path not in sites and name and not last_parameter(path):
            sites[path] = Site(path, SiteKind.COLLECTION, name)
    for operation in operations:
        path, parameter = operation.path, last_parameter(operation.path)
        home = sites.get(collection_of(path))
        one = home is not None and home.schema == keys and home.kind is SiteKind.COLLECTION
        if path not in sites and parameter and one and operation.method == "delete":
            sites[path] = Site(path, SiteKind.ITEM, keys, parameter)
    return sites


def _means_caller(operation: Operation) -> bool:
    return operation.method in {"get", "put", "patch"} and "{" not in operation.path


def _listed_or_made(
    operation: Operation, named: Mapping[str, NamedSchema], stored: Mapping[str, Stored]
) -> str:
    answer = answer_schema(operation)
    if answer is None:
        return ""
    if operation.method == "post":
        name = _object_target(answer, named)
        segment = names.snake(operation.path.rstrip("/").rpartition("/")[2])
        own = names.snake(name)
        return name if name in stored and segment in {own, names.plural(own)} else ""
    if operation.method == "get":
        held = many(answer, named)
        return held.item if held is not None and held.item in stored else ""
    return ""


def _object_target(schema: Schema | None, named: Mapping[str, NamedSchema]) -> str:
    if schema is None:
        return ""
    name = target(schema)
    return name if name in named and is_object(schema, named) else ""


def find_identity(
    written: Iterable[Written], named: Mapping[str, NamedSchema], stored: Mapping[str, Stored]
) -> str:
    """The schema of the accounts that sign in: `x-identity`, or what is made with a password."""
    for name in stored:
        if "x-identity" in named[name].schema.extensions:
            return name
    for item in written:
        content = body_content(item.operation)
        name = _object_target(answer_schema(item.operation), named)
        if item.operation.method == "post" and name in stored and content is not None:
            fields = properties(content.schema, named) if content.schema is not None else {}
            if any(is_password(prop.schema, key, named) for key, prop in fields.items()):
                return name
    return ""


def is_password(schema: Schema, name: str, named: Mapping[str, NamedSchema]) -> bool:
    """Whether a property holds a password: by its format, or by its name where it is text."""
    whole = flat(schema, named)
    text = "string" in whole.types
    return text and (whole.format == "password" or names.snake(name) == "password")

"""Which schemas are stored, and as what: said by `x-table`, or plain from paths and bodies.

The stage after this one decides the same for contracts without errors, and in more detail; here it
is only asked what the extension words need to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.check.contract import Contract, Operation
from apiwright.check.views import View, Views
from apiwright.ir.media import FORM, is_json
from apiwright.load import Node

_KEY_TYPES = frozenset({"string", "integer", "null"})


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A schema whose things are stored: its `x-table` if it has one, and the property of its key.

    The key is empty where the table gets one of its own that no property shows.
    """

    name: str
    node: Node
    table: Node | None
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """What is known of storage: the stored schemas by name, and that of the accounts, if any."""

    contract: Contract
    views: Views
    stored: Mapping[str, Stored]
    identity: str

    def inputs(self, name: str) -> dict[str, Node]:
        """The properties that clients send when they make or change things of a schema."""
        found: dict[str, Node] = {}
        for operation in self.contract.operations:
            if operation.method in {"post", "put", "patch"} and self._works_on(operation, name):
                body = body_schema(self.contract, operation)
                found.update(self.views.of(body).properties)
        return found

    def properties(self, name: str) -> dict[str, Node]:
        """The properties of a schema, and those that only its inputs have."""
        node = self.contract.section("schemas").get(name)
        return {**self.inputs(name), **self.views.of(node).properties}

    def role_property(self) -> Node | None:
        """The property of the accounts that holds the role, or the roles."""
        known = self.properties(self.identity) if self.identity else {}
        said = self.stored[self.identity].node.get("x-identity") if known else None
        if said is not None and said.string("roles"):
            return known.get(said.string("roles"))
        by_snake = {names.snake(name): node for name, node in known.items()}
        return by_snake.get("roles") or by_snake.get("role")

    def _works_on(self, operation: Operation, name: str) -> bool:
        said = operation.node.get("x-action")
        if said is not None and said.string("schema"):
            return said.string("schema") == name
        return self.views.target(answer_schema(self.contract, operation)) == name


def read_storage(contract: Contract) -> Storage:
    """The stored schemas of a contract."""
    views = Views(contract.document)
    stored = {found.name: found for found in _declared(contract, views)}
    for found in _plain(contract, views):
        stored.setdefault(found.name, found)
    identity = _identity(contract, views, stored)
    return Storage(contract, views, stored, identity)


def is_off(word: Node | None) -> bool:
    """Whether an extension is there and says false."""
    return word is not None and word.value is False


def body_schema(contract: Contract, operation: Operation) -> Node | None:
    """The schema of the JSON, or else of the form, that an operation takes."""
    written = operation.node.get("requestBody")
    content = contract.resolve(written).entries("content") if written is not None else {}
    for media_type, node in content.items():
        if is_json(media_type) and node.get("schema") is not None:
            return node.get("schema")
    form = content.get(FORM)
    return form.get("schema") if form is not None else None


def success(contract: Contract, operation: Operation) -> Node | None:
    """The answer when all goes well: the first 2xx response."""
    for status, written in operation.node.entries("responses").items():
        if status.startswith("2"):
            return contract.resolve(written)
    return None


def answer_schema(contract: Contract, operation: Operation) -> Node | None:
    """The schema of the JSON that an operation answers with when all goes well."""
    response = success(contract, operation)
    for media_type, node in response.entries("content").items() if response is not None else ():
        if is_json(media_type):
            return node.get("schema")
    return None


def last_parameter(path: str) -> str:
    """The name of the parameter that is the last segment of a path, or ""."""
    segment = path.rstrip("/").rpartition("/")[2]
    whole = segment.startswith("{") and segment.endswith("}") and segment.count("{") == 1
    return segment[1:-1] if whole else ""


def key_property(name: str, parameter: str, view: View) -> str:
    """The property that identifies a thing: the path parameter's namesake, or an id."""
    own = names.snake(name)
    by_snake = {names.snake(key): key for key in view.properties}
    wanted = [parameter, names.snake(parameter) if parameter else "", "id", f"{own}_id", "uuid"]
    stem = names.snake(parameter).removeprefix(f"{own}_") if parameter else ""
    for want in (*wanted, stem):
        if want in view.properties:
            return want
        if want in by_snake:
            return by_snake[want]
    return ""


def _declared(contract: Contract, views: Views) -> Iterator[Stored]:
    for name, node in contract.section("schemas").items():
        table, keys = node.get("x-table"), node.get("x-api-key")
        said = table if table is not None else keys
        if said is not None and said.value is not False:
            key = table.string("key") if table is not None else ""
            key = key or _usable(key_property(name, "", views.of(node)), node, views)
            yield Stored(name, node, table, key)


def _plain(contract: Contract, views: Views) -> Iterator[Stored]:
    """What `GET /things/{id}` answers with, if `POST /things` takes an object."""
    posts = {
        operation.path.rstrip("/")
        for operation in contract.operations
        if operation.method == "post" and body_schema(contract, operation) is not None
    }
    for operation in contract.operations:
        parameter = last_parameter(operation.path)
        collection = operation.path.rstrip("/").rpartition("/")[0]
        if operation.method != "get" or not parameter or collection not in posts:
            continue
        name = views.target(answer_schema(contract, operation))
        node = contract.section("schemas").get(name)
        if node is None or is_off(node.get("x-table")) or not views.of(node).is_object:
            continue
        key = _usable(key_property(name, parameter, views.of(node)), node, views)
        if key:
            yield Stored(name, node, node.get("x-table"), key)


def _usable(key: str, node: Node, views: Views) -> str:
    """The key, unless its values are of a type that identifies nothing."""
    if not key:
        return ""
    types = views.of(views.of(node).properties[key]).types
    return key if set(types) <= _KEY_TYPES else ""


def _identity(contract: Contract, views: Views, stored: Mapping[str, Stored]) -> str:
    """The schema of the accounts: `x-identity`, or what is made with a password."""
    for name, found in stored.items():
        if found.node.get("x-identity") is not None:
            return name
    for operation in contract.operations:
        name = views.target(answer_schema(contract, operation))
        if operation.method == "post" and name in stored:
            fields = views.of(body_schema(contract, operation)).properties
            if any(_is_password(key, views.of(node)) for key, node in fields.items()):
                return name
    return ""


def _is_password(name: str, view: View) -> bool:
    return "string" in view.types and (view.format == "password" or names.snake(name) == "password")

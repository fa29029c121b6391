"""A test of an operation while it is written: what is arranged, and how the operation is called."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.media import FORM, is_json
from apiwright.ir.operations import Action, CreateAction, ListAction, Location, Operation, RowAction
from apiwright.ir.schemas import Json
from apiwright.ir.storage import Column, ColumnType, Entity, ManyToMany
from apiwright.plan.views.tenancy import tenant_column
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.people import Guard
from apiwright.plan.views.tests.rows import wire_key
from apiwright.plan.views.tests.samples import Pairs

_TAKEN = frozenset(
    {
        "at", "body", "caller", "client", "context", "factories", "first", "found", "let_in",
        "make", "models", "other", "password_hash", "pytest", "response", "scratch", "second",
        "seed", "session", "shown", "sign_in", "stranger", "tag", "text", "whole",
    }
)  # fmt: skip
_SHORT = frozenset({"get", "post", "put", "patch"})


@dataclass(frozen=True, slots=True)
class TestView:
    """A test: what is arranged, the call and its status, and what holds then."""

    name: Code
    parameters: Code
    docstring: Code
    arrange: tuple[Code, ...]
    call: Code
    status: Code
    asserts: tuple[Code, ...]


class Scene:
    """What a test of one operation has on the stage.

    Rows are in the tenant of who is called `beside`, where rows have one.
    """

    def __init__(self, kit: Kit, operation: Operation, *, beside: str = "caller") -> None:
        self.kit = kit
        self._beside = ident(beside)
        self.operation = operation
        self.arranged: list[Code] = []
        self.fixtures = {"client": "TestClient"}
        self._headers: list[Code] = []
        self._made: dict[str, int] = {}
        self._variables: set[str] = set(_TAKEN)
        self.caller = False
        headers = kit.requests.needed(operation, Location.HEADER) or ()
        self._headers += [compose("{}: {}", literal(k), literal(v)) for k, v in headers]
        cookies = kit.requests.needed(operation, Location.COOKIE) or ()
        if cookies:
            written = "; ".join(f"{name}={value}" for name, value in cookies)
            self._headers.append(compose('"Cookie": {}', literal(written)))

    @property
    def action(self) -> Action:
        """What the operation does."""
        return self.operation.action

    @property
    def status(self) -> Code | None:
        """The status when all goes well; None where the contract has no answer for that."""
        success = self.operation.success
        if success is None:
            return None
        return literal(int(success.status) if success.status.isdigit() else 200)

    @property
    def invalid(self) -> Code:
        """The status for a request that breaks the contract."""
        return literal(self.kit.service.errors.statuses.get(self.operation.id, 422))

    def sign_in(self, *, role: str | None = None, name: str = "caller") -> bool:
        """Let the test call the operation; False if nobody can."""
        guard = self.kit.people.guard(self.operation)
        if guard is Guard.NOBODY:
            self.fixtures["let_in"] = "None"
        if guard is not Guard.CALLER:
            return True
        chosen = self.kit.people.role(self.operation) if role is None else role
        if chosen is None:
            return False
        usual = chosen == self.kit.people.usual_role
        arguments = [] if usual else [literal(chosen)]
        keys = self.kit.service.api_keys
        if keys is not None and not self.kit.people.by_token(self.operation):
            arguments.append(constant("by_key=True"))
            self._made[keys.entity] = self._made.get(keys.entity, 0) + 1
        self.arranged.append(compose("{} = sign_in({})", ident(name), joined(arguments)))
        self.fixtures["sign_in"] = "SignIn"
        self.caller = True
        identity = self.kit.service.identity
        if identity is not None:
            self._made[identity.name] = self._made.get(identity.name, 0) + 1
            tenant = tenant_column(identity)
            if tenant is not None and tenant.reference is not None:
                target = tenant.reference.entity
                self._made[target] = self._made.get(target, 0) + 1
        return True

    def make(self, entity: Entity, *given: Code, name: str = "") -> Code:
        """A row of the entity in the database; what it is called in the test."""
        variable = self.variable(name or entity.module)
        tenant = self._own_tenant(entity)
        if tenant:
            self.arranged.append(compose("{} = {}", variable, tenant))
            self.fixtures["make"] = "Make"
            return variable
        factory = self.kit.rows.factory(entity.name)
        arguments = joined([compose("factories.{}", factory), *given, *self._within(entity)])
        self.arranged.append(compose("{} = make({})", variable, arguments))
        self.fixtures["make"] = "Make"
        self._made[entity.name] = self._made.get(entity.name, 0) + 1
        return variable

    def variable(self, wanted: str) -> Code:
        """A name that is free in the test."""
        stem = name = names.argument(wanted)
        number = 1
        while name in self._variables:
            number += 1
            name = f"{stem.rstrip('_')}_{number}"
        self._variables.add(name)
        return ident(name)

    def _own_tenant(self, entity: Entity) -> Code:
        """The tenant of somebody who is signed in, where rows of the entity are the tenants."""
        identity = self.kit.service.identity
        themselves = entity.tenant is not None and entity.tenant.column == entity.key
        if not (themselves and self.caller) or identity is None or identity.tenant is None:
            return constant("")
        own = ident(identity.column(identity.tenant.column).attribute)
        model = ident(entity.class_name)
        return compose("make.known(models.{}, {}.account.{})", model, self._beside, own)

    def _within(self, entity: Entity) -> tuple[Code, ...]:
        """What a row is given so that it is in the tenant of somebody who is signed in."""
        identity = self.kit.service.identity
        if entity.tenant is None or identity is None or identity.tenant is None:
            return ()
        if not self.caller or entity.tenant.column == entity.key:
            return ()
        column = ident(entity.column(entity.tenant.column).attribute)
        own = ident(identity.column(identity.tenant.column).attribute)
        return (compose("{}={}.account.{}", column, self._beside, own),)

    def owned(self, entity: Entity, owner: str = "caller") -> tuple[Code, ...]:
        """What a row is given so that it belongs to somebody who is signed in."""
        if entity.owner is None or not self.caller:
            return ()
        return (self.given(entity, entity.owner.column, compose("{}.account", ident(owner))),)

    def given(self, entity: Entity, column: str, row: Code) -> Code:
        """What a row is given so that its foreign key points to another."""
        known = entity.column(column)
        name, whole = self.kit.rows.argument(known)
        if whole:
            return compose("{}={}", name, row)
        target = self.kit.service.entities[known.reference.entity] if known.reference else entity
        return compose("{}={}.{}", name, row, ident(target.key_column.attribute))

    def made(self, entity: Entity) -> int:
        """How many rows of the entity the test itself has made, accounts of callers among them."""
        return self._made.get(entity.name, 0)

    def path_of(self, row: Code) -> Code:
        """The path of the operation for a row."""
        action = self.operation.action
        if not isinstance(action, ListAction | RowAction):
            raise TypeError(self.operation.id)
        entity = self.kit.service.entities[action.entity]
        columns = {parent.attribute: parent.column for parent in action.rows.parents}
        if isinstance(action, RowAction) and action.key is not None:
            columns[action.key.attribute] = action.key.column
        return self.path(
            {
                name: compose("{}.{}", row, ident(entity.column(column).attribute))
                for name, column in columns.items()
            }
        )

    def path(self, values: dict[str, Code]) -> Code:
        """The path of the operation, with values for its parameters by their attributes."""
        full = f"{self.kit.service.base_path}{self.operation.path}"
        places = sorted(
            self.operation.located(Location.PATH), key=lambda p: full.find(f"{{{p.name}}}")
        )
        written = [values[parameter.attribute] for parameter in places]
        return compose("at({})", joined([literal(full), *written])) if written else literal(full)

    def nowhere(self) -> Code | None:
        """The path of the operation, for a row that isn't there."""
        address = self.kit.requests.address(self.operation)
        return literal(address) if address is not None else None

    def call(self, path: Code, *, body: Code | None = None, query: tuple[Code, ...] = ()) -> Code:
        """The call of the operation."""
        arguments = [path]
        needed: Pairs = self.kit.requests.needed(self.operation, Location.QUERY) or ()
        pairs = [compose("({}, {})", literal(name), literal(value)) for name, value in needed]
        listed = [*pairs, *query]
        if listed:
            arguments.append(compose("params=[{}]", joined(listed)))
        sent = list(self._headers)
        media_type = self.kit.samples.media_type(self.operation)
        if body is not None:
            arguments.append(compose("{}={}", constant(_argument(media_type)), body))
            if media_type not in {"application/json", FORM}:
                sent.append(compose('"Content-Type": {}', literal(media_type)))
        arguments += self._header_arguments(sent)
        method = self.operation.method
        if method in _SHORT or (method == "delete" and body is None):
            return compose("client.{}({})", ident(method), joined(arguments))
        return compose("client.request({})", joined([literal(method.upper()), *arguments]))

    def send(self, name: str, value: Code | None) -> None:
        """Send a header with every call, or (None) don't, though the operation needs it."""
        key = literal(name)
        self._headers = [header for header in self._headers if not header.startswith(f"{key}:")]
        if value is not None:
            self._headers.append(compose("{}: {}", key, value))

    def _header_arguments(self, sent: list[Code]) -> list[Code]:
        if self.caller and sent:
            return [compose("headers={{**caller.headers, {}}}", joined(sent))]
        if self.caller:
            return [constant("headers=caller.headers")]
        return [compose("headers={{{}}}", joined(sent))] if sent else []

    def body(self, values: dict[str, Json], known: dict[str, Code]) -> Code:
        """A body as Python's code; `known` are properties whose values are code already."""
        pairs = [
            compose("{}: {}", literal(name), known.get(name, literal(value)))
            for name, value in values.items()
        ]
        return compose("{{{}}}", joined(pairs))

    def references(
        self, values: dict[str, Json], *, attributes: dict[str, str]
    ) -> dict[str, Code] | None:
        """Rows for what a body refers to: the code of each property that names some.

        `attributes` maps properties to attributes of the body. None where a row can't be made.
        """
        action = self.operation.action
        if not isinstance(action, CreateAction | RowAction):
            return {}
        entity = self.kit.service.entities[action.entity]
        columns = {write.attribute: entity.column(write.column) for write in action.writes}
        links = {link.attribute: link.relation for link in action.links}
        found: dict[str, Code] = {}
        for name, value in values.items():
            attribute = attributes.get(name, "")
            if attribute in columns and columns[attribute].reference is not None:
                code = self._reference(columns[attribute], value)
            elif attribute in links:
                code = self._links(entity, links[attribute], name, value)
            else:
                continue
            if code is None:
                return None
            found[name] = code
        return found

    def _reference(self, column: Column, value: Json) -> Code | None:
        if value is None or column.reference is None:
            return literal(value)
        target = self.kit.service.entities[column.reference.entity]
        if not self.kit.rows.can_make(target.name):
            return None
        return wire_key(self.make(target), target.key_column)

    def _links(self, entity: Entity, relation: str, name: str, value: Json) -> Code | None:
        link = next(
            r for r in entity.relations if isinstance(r, ManyToMany) and r.attribute == relation
        )
        target = self.kit.service.entities[link.target]
        if not isinstance(value, list) or not value:
            return literal(value)
        fits = self.kit.samples.allows(self.operation, name, value[:1])
        if not fits or not self.kit.rows.can_make(target.name):
            return None
        return compose("[{}]", wire_key(self.make(target), target.key_column))

    def lines(self, *rest: Code) -> tuple[Code, ...]:
        """What is arranged, without names that neither later lines nor `rest` speak of."""
        return _without_idle_names(self.arranged, tuple(code for code in rest if code))

    def test(
        self,
        what: str,
        about: str,
        *,
        call: Code,
        status: Code,
        asserts: tuple[Code, ...] = (),
    ) -> TestView:
        """The test, written down; `about` says what must hold."""
        title = self.operation.summary or self.operation.id
        ordered = sorted(self.fixtures.items(), key=lambda pair: _ORDER.index(pair[0]))
        parameters = [compose("{}: {}", ident(name), constant(kind)) for name, kind in ordered]
        return TestView(
            name=ident(f"{self.operation.name.strip('_')}_{what}"),
            parameters=joined(parameters),
            docstring=docstring(f"{title.rstrip('.')}: {about}"),
            arrange=_without_idle_names(self.arranged, (call, *asserts)),
            call=call,
            status=status,
            asserts=asserts,
        )


_ORDER = ("client", "make", "sign_in", "scratch", "let_in", "password_hash")


def _argument(media_type: str) -> str:
    if is_json(media_type):
        return "json"
    return "data" if media_type == FORM else "content"


def _without_idle_names(lines: list[Code], rest: tuple[Code, ...]) -> tuple[Code, ...]:
    """The lines, without the names of rows that nothing after them speaks of."""
    found: list[Code] = []
    for place, line in enumerate(lines):
        name, equals, value = line.partition(" = ")
        later = ast.walk(ast.parse("\n".join((*lines[place + 1 :], *rest))))
        spoken = {node.id for node in later if isinstance(node, ast.Name)}
        idle = equals and name.isidentifier() and name not in spoken
        found.append(constant(value) if idle else line)
    return tuple(found)


_PLAIN = frozenset(
    {ColumnType.TEXT, ColumnType.INT32, ColumnType.INT64, ColumnType.BOOLEAN, ColumnType.UUID}
)
_PLAIN_IN_ARRAYS = frozenset({ColumnType.TEXT, ColumnType.INT32, ColumnType.INT64})
_EXACT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def plainly_shown(column: Column) -> bool:
    """Whether JSON shows every value of the column just as it was sent."""
    return column.type in (_PLAIN_IN_ARRAYS if column.array else _PLAIN)


def shown_as_sent(column: Column, value: Json) -> bool:
    """Whether JSON shows this value of the column just as it was sent."""
    if column.hashed:
        return False
    if plainly_shown(column):
        folded = column.type is ColumnType.UUID and isinstance(value, str)
        return not folded or value == str(value).lower()
    if column.array or not isinstance(value, str):
        return False
    if column.type is ColumnType.DECIMAL:
        return column.scale == len(value.partition(".")[2])
    if column.type is ColumnType.TIMESTAMP:
        return _EXACT.fullmatch(value) is not None
    return column.type is ColumnType.DATE

"""Services: a class for each resource, with a method for each of its operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from apiwright import names
from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.operations import (
    BulkAction,
    CreateAction,
    ExportAction,
    LinkWrite,
    ListAction,
    Location,
    LogoutAction,
    OnRows,
    Operation,
    PasswordAction,
    PathColumn,
    RefreshAction,
    ResetAction,
    ResetRequestAction,
    RowAction,
    Rows,
    RowVerb,
    TokenAction,
    View,
    Write,
)
from apiwright.ir.policies.bulk import BulkVerb
from apiwright.ir.schemas import Direction, Schema
from apiwright.ir.service import Resource, Service
from apiwright.ir.shapes import properties, takes_null
from apiwright.ir.storage import Column, ColumnType, Entity, Fill, ManyToMany
from apiwright.plan.models.document import has_default
from apiwright.plan.schema_classes import ClassRef, SchemaClasses
from apiwright.plan.views.bulk import (
    ENTRY,
    BulkMethod,
    bulk_answer,
    bulk_mark,
    bulk_work,
    entry_schema,
    generated_key,
    listed,
)
from apiwright.plan.views.repositories import links_name, loads_name, page_values, views_of
from apiwright.plan.views.signatures import Signature, schema_imports, signature
from apiwright.understand.exchange import answer_schema, body_content


@dataclass(frozen=True, slots=True)
class Assignment:
    """An attribute of a row and the value that it gets."""

    attribute: Code
    value: Code


@dataclass(frozen=True, slots=True)
class Exchange:
    """A value of the body that is stored under another name, or not as it came."""

    sent: Code
    stored: Code
    value: Code


@dataclass(frozen=True, slots=True)
class ParentView:
    """A row that has to be there: the one that a path parameter in the middle names."""

    repository: Code
    condition: Code


@dataclass(frozen=True, slots=True)
class RowsView:
    """Which rows a method touches."""

    conditions: tuple[Code, ...]
    owner: Code
    owner_guard: Code


@dataclass(frozen=True, slots=True)
class ListMethod:
    """A method that shows a page."""

    parents: tuple[ParentView, ...]
    call: Code
    items: Code
    envelope: Code
    fields: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class ExportMethod:
    """A method that says which rows an export has."""

    parents: tuple[ParentView, ...]
    arguments: Code


@dataclass(frozen=True, slots=True)
class CreateMethod:
    """A method that makes a row."""

    parents: tuple[ParentView, ...]
    repository: Code
    model: Code
    assignments: tuple[Assignment, ...]
    note: Code
    view: Code
    loads: Code


@dataclass(frozen=True, slots=True)
class RowMethod:
    """A method that works with one row.

    `require` and `note` are statements about its version, `raise_version` one that raises it where
    only pairs of rows are written; any of them may be empty.
    """

    repository: Code
    variable: Code
    get: Code
    guard: Code
    assignments: tuple[Assignment, ...]
    exchanges: tuple[Exchange, ...]
    require: Code
    raise_version: Code
    note: Code
    view: Code
    loads: Code


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """A method that deals in tokens: the attributes of the body that it needs."""

    login: Code
    password: Code
    scope: Code
    token: Code
    answer: tuple[Assignment, ...]
    view: Code
    failure: Code


@dataclass(frozen=True, slots=True)
class PasswordMethod:
    """A method that changes a password: the attributes of the body that it needs."""

    current: Code
    new: Code
    view: Code
    failure: Code


@dataclass(frozen=True, slots=True)
class ResetMethod:
    """A method of a reset: the attributes of the body that it needs, and what it answers.

    `service` is the class that it belongs to.
    """

    login: Code
    token: Code
    new: Code
    service: Code
    failure: Code


@dataclass(frozen=True, slots=True)
class CustomMethod:
    """A method that only an override can give a body."""

    message: str


Body: TypeAlias = (
    ListMethod
    | ExportMethod
    | CreateMethod
    | RowMethod
    | BulkMethod
    | SignInMethod
    | PasswordMethod
    | ResetMethod
    | CustomMethod
)


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method of a service; `template` prints its body."""

    name: Code
    signature: Signature
    docstring: Code
    template: str
    body: Body


@dataclass(frozen=True, slots=True)
class ServiceClassView:
    """The service of a resource."""

    class_name: Code
    docstring: Code
    label: Code
    override: Code
    repositories: tuple[tuple[Code, Code, Code], ...]
    methods: tuple[MethodView, ...]
    schema_imports: tuple[Code, ...]
    load_imports: tuple[Code, ...]
    signs_in: bool
    writes_many: bool
    exports: bool
    makes_keys: bool
    resets: bool
    sends_resets: bool


def service_class_view(
    resource: Resource, service: Service, classes: SchemaClasses
) -> ServiceClassView:
    """The service of `resource`."""
    builder = _MethodBuilder(service, classes)
    operations = [service.operations[name] for name in resource.operations]
    methods = tuple(builder.method(operation) for operation in operations)
    refs = tuple(ref for method in methods for ref in method.signature.refs)
    refs += tuple(ref for operation in operations for ref in builder.answer_refs(operation))
    needed = builder.entities(operations)
    return ServiceClassView(
        class_name=ident(resource.service_class),
        docstring=docstring(f"What the operations of {resource.name} do, unless overridden", 4),
        label=constant(resource.module.replace("_", " ")),
        override=constant(f"overrides/{resource.module}.py"),
        repositories=tuple(
            (
                ident(entity.plural),
                ident(entity.module),
                ident(f"{entity.class_name}Repository"),
            )
            for entity in needed
        ),
        methods=methods,
        schema_imports=schema_imports(refs),
        load_imports=tuple(sorted(_load_imports(operations, service))),
        signs_in=any(
            isinstance(o.action, TokenAction | RefreshAction | LogoutAction | PasswordAction)
            for o in operations
        ),
        writes_many=any(isinstance(o.action, BulkAction) for o in operations),
        exports=any(isinstance(o.action, ExportAction) for o in operations),
        resets=any(isinstance(o.action, ResetRequestAction | ResetAction) for o in operations),
        sends_resets=any(isinstance(o.action, ResetRequestAction) for o in operations),
        makes_keys=any(isinstance(o.action, CreateAction) and o.action.issues for o in operations),
    )


def _load_imports(operations: list[Operation], service: Service) -> set[Code]:
    """The import lines for the relations that views need."""
    return (
        _export_imports(operations, service)
        | {
            compose(
                "from app.repositories.{}_repository import {}",
                ident(service.entities[view.entity].module),
                ident(loads_name(view, service)),
            )
            for operation in operations
            if not isinstance(operation.action, ListAction)
            for view in views_of(operation.action)
            if view.loads
        }
        | {
            compose(
                "from app.repositories.{}_repository import {}",
                ident(entity.module),
                ident(links_name(entity)),
            )
            for operation in operations
            if isinstance(operation.action, RowAction) and operation.action.links
            for entity in [service.entities[operation.action.entity]]
        }
    )


def _export_imports(operations: list[Operation], service: Service) -> set[Code]:
    """The import lines for what exports ask of rows."""
    found = set()
    for operation in operations:
        action = operation.action
        if isinstance(action, ExportAction):
            module = ident(service.entities[action.entity].module)
            parts = ["conditions"] if action.listing.filters or action.listing.search else []
            parts += ["order"] if action.listing.sort is not None else []
            for part in parts:
                name = ident(f"{operation.name}_{part}")
                found.add(compose("from app.repositories.{}_repository import {}", module, name))
    return found


@dataclass(frozen=True, slots=True)
class _MethodBuilder:
    service: Service
    classes: SchemaClasses

    def entities(self, operations: list[Operation]) -> list[Entity]:
        """The entities whose repositories the operations need."""
        found: dict[str, Entity] = {}
        for operation in operations:
            action = operation.action
            if not isinstance(action, OnRows):
                continue
            entity = self.service.entities[action.entity]
            found[entity.name] = entity
            if not isinstance(action, RowAction):
                rows = action.listing.rows if isinstance(action, ExportAction) else action.rows
                for parent in rows.parents:
                    if parent.parent:
                        found[parent.parent] = self.service.entities[parent.parent]
            for link in action.links if isinstance(action, CreateAction | RowAction) else ():
                target = self._relation(entity, link).target
                found[target] = self.service.entities[target]
        return list(found.values())

    def answer_refs(self, operation: Operation) -> Iterator[ClassRef]:
        """The classes that a bulk operation tells its outcomes with."""
        action = operation.action
        answer = action.answer if isinstance(action, BulkAction) else None
        shown = [answer.envelope, answer.result, answer.error_schema] if answer else []
        if isinstance(action, BulkAction) and action.view is not None:
            shown.append(action.view.schema)
        for name in shown:
            ref = self.classes.ref(name, Direction.RESPONSE) if name else None
            if ref is not None:
                yield ref

    def method(self, operation: Operation) -> MethodView:
        """The method behind an operation."""
        template, body = self._body(operation)
        about = operation.summary or operation.description or operation.id
        return MethodView(
            name=ident(operation.name),
            signature=signature(operation, self.service, self.classes),
            docstring=docstring(about, 8),
            template=template,
            body=body,
        )

    def _body(self, operation: Operation) -> tuple[str, Body]:
        action = operation.action
        if isinstance(action, ListAction):
            return "list", self._list(operation, action)
        if isinstance(action, CreateAction):
            return "create", self._create(operation, action)
        if isinstance(action, RowAction):
            return action.verb.value, self._row(operation, action)
        if isinstance(action, ExportAction):
            return "export", self._export(operation, action.listing)
        if isinstance(action, BulkAction):
            return "bulk", self._bulk(operation, action)
        return self._about_accounts(operation)

    def _about_accounts(self, operation: Operation) -> tuple[str, Body]:
        action = operation.action
        if isinstance(action, TokenAction | RefreshAction | LogoutAction):
            name = type(action).__name__.removesuffix("Action").lower()
            return name, self._sign_in(operation, action)
        if isinstance(action, PasswordAction):
            return "password", self._password(operation, action)
        if isinstance(action, ResetRequestAction | ResetAction):
            name = "reset_request" if isinstance(action, ResetRequestAction) else "reset"
            return name, self._reset(operation, action)
        return "custom", CustomMethod(f"{operation.id} has no override yet")

    def _list(self, operation: Operation, action: ListAction) -> ListMethod:
        entity = self.service.entities[action.entity]
        query = self.classes.parameter_class(operation.id, "query") is not None
        arguments = [constant("query")] if query else []
        arguments += self._conditions(action.rows, entity)
        if action.rows.owned and entity.owner is not None:
            arguments.append(compose("*{}", self._owned(entity)))
        call = compose(
            "self.{}.{}({})", ident(entity.plural), ident(operation.name), joined(arguments)
        )
        item = self._class(action.view.schema)
        items = compose("[{}.model_validate(row) for row in page.rows]", item)
        envelope = self._class(action.page.envelope) if action.page.envelope else constant("")
        return ListMethod(
            parents=self._parents(action.rows),
            call=call,
            items=items,
            envelope=envelope,
            fields=tuple(self._page_fields(operation, action, items)),
        )

    def _page_fields(
        self, operation: Operation, action: ListAction, items: Code
    ) -> Iterator[Assignment]:
        page = action.page
        if not page.envelope:
            return
        found = properties(self.service.schemas[page.envelope].schema, self.service.schemas)

        yield Assignment(ident(found[page.items].attribute), items)
        told = page_values(
            page,
            operation,
            self.service,
            total=constant("page.total"),
            more=constant("page.next_cursor is not None"),
        )
        for name, code in told:
            yield Assignment(ident(found[name].attribute), code)

    def _create(self, operation: Operation, action: CreateAction) -> CreateMethod:
        entity = self.service.entities[action.entity]
        assignments = list(self._writes(operation, entity, action.writes))
        assignments += self._given_to_key(action, entity)
        assignments += self._links(entity, action.links)
        assignments += self._given_by_path(action.rows, entity)
        assignments += self._given_by_caller(entity)
        return CreateMethod(
            parents=self._parents(action.rows),
            repository=ident(entity.plural),
            model=ident(entity.class_name),
            assignments=tuple(assignments),
            note=_note(operation, constant("row")),
            view=self._view(action.view),
            loads=self._loads(action.view),
        )

    def _export(self, operation: Operation, listing: ListAction) -> ExportMethod:
        entity = self.service.entities[listing.entity]
        conditions = self._conditions(listing.rows, entity)
        if listing.rows.owned and entity.owner is not None:
            conditions.append(compose("*{}", self._owned(entity)))
        query = self.classes.parameter_class(operation.id, "query") is not None
        given = constant("query" if query else "")
        if listing.filters or listing.search:
            conditions.append(compose("*{}({})", ident(f"{operation.name}_conditions"), given))
        rows = compose("self.{}.rows()", ident(entity.plural))
        if conditions:
            rows = compose("{}.where({})", rows, joined(conditions))
        order = [compose("{}({})", ident(f"{operation.name}_order"), given)]
        return ExportMethod(
            parents=self._parents(listing.rows),
            arguments=joined([rows, *(order if listing.sort is not None else [])]),
        )

    def _given_by_path(self, rows: Rows, entity: Entity) -> Iterator[Assignment]:
        for parent in rows.parents:
            column = entity.column(parent.column)
            yield Assignment(ident(column.attribute), ident(parent.attribute))

    def _given_to_key(self, action: CreateAction, entity: Entity) -> Iterator[Assignment]:
        """The key that a row is made for, and its scopes where no body lists them."""
        keys = self.service.api_keys
        if keys is None or not action.issues:
            return
        yield Assignment(ident(keys.shown), constant("new_key()"))
        if all(write.column != keys.scopes for write in action.writes):
            scopes = ident(entity.column(keys.scopes).attribute)
            yield Assignment(scopes, constant("self.passed_on(None)"))

    def _given_by_caller(self, entity: Entity) -> Iterator[Assignment]:
        """The owner of a new row."""
        identity = self.service.identity
        if entity.owner is None or identity is None:
            return
        owner = entity.column(entity.owner.column)
        if owner.fill is Fill.OWNER:
            key = compose("self.caller.account.{}", ident(identity.key_column.attribute))
            yield Assignment(ident(owner.attribute), key)

    def _bulk(self, operation: Operation, action: BulkAction) -> BulkMethod:
        entity = self.service.entities[action.entity]
        narrowed = self._conditions(action.rows, entity)
        if action.rows.owned and not action.rows.visible and entity.owner is not None:
            narrowed.append(compose("*{}", self._owned(entity)))
        creating = action.verb is BulkVerb.CREATE
        answer = action.answer
        shown = (answer.envelope, answer.result, answer.error_schema) if answer else ()
        return BulkMethod(
            parents=self._parents(action.rows),
            repository=ident(entity.plural),
            model=ident(entity.class_name),
            entries=listed(action),
            assignments=tuple(self._new_rows(operation, action, entity)) if creating else (),
            mark=bulk_mark(action, self.service),
            work=bulk_work(
                action,
                self.service,
                narrowed=narrowed,
                guard=self._guard(action.rows, entity, constant("row")),
            ),
            answer=bulk_answer(
                action, self._view(action.view), {name: self._class(name) for name in shown if name}
            ),
        )

    def _new_rows(
        self, operation: Operation, action: BulkAction, entity: Entity
    ) -> Iterator[tuple[Code, Code]]:
        """The attributes of a new row."""
        yield from generated_key(action, self.service)
        optional = _left_out(entry_schema(operation, self.service), self.service)
        for write in action.writes:
            column = entity.column(write.column)
            value = compose("{}.{}", ENTRY, ident(write.attribute))
            yield ident(column.attribute), _stored(column, value, write.attribute in optional)
        for given in (*self._given_by_path(action.rows, entity), *self._given_by_caller(entity)):
            yield given.attribute, given.value

    def _row(self, operation: Operation, action: RowAction) -> RowMethod:
        entity = self.service.entities[action.entity]
        reading = action.verb is RowVerb.READ
        restoring = action.verb is RowVerb.RESTORE
        return RowMethod(
            repository=ident(entity.plural),
            variable=_variable(operation, entity),
            get=self._get(action, entity, lock=not (reading or restoring)),
            guard=self._guard(action.rows, entity, _variable(operation, entity)),
            assignments=tuple(
                [
                    *self._writes(operation, entity, action.writes),
                    *self._links(entity, action.links),
                ]
                if action.verb is RowVerb.REPLACE
                else []
            ),
            exchanges=tuple(self._exchanges(operation, entity, action)),
            require=self._require(operation, entity),
            raise_version=self._raise_version(entity, action, _variable(operation, entity)),
            note=_note(operation, _variable(operation, entity)),
            view=self._view(action.view),
            loads=self._loads(action.view),
        )

    def _get(self, action: RowAction, entity: Entity, *, lock: bool) -> Code:
        """The code that finds the row."""
        loads = constant("")
        if action.links:
            loads = compose("loads={}", ident(links_name(entity)))
        elif not action.writes and action.view is not None and action.view.loads:
            loads = compose("loads={}", ident(loads_name(action.view, self.service)))
        if action.key is not None:
            conditions = [self._condition(action.key, entity)]
        elif loads:
            key, model = ident(entity.key_column.attribute), ident(entity.class_name)
            conditions = [compose("models.{}.{} == self.caller.account.{}", model, key, key)]
        else:
            return constant("self.caller.account")
        conditions += self._conditions(action.rows, entity)
        if action.rows.owned and not action.rows.visible and entity.owner is not None:
            conditions.append(compose("*{}", self._owned(entity)))
        if lock:
            conditions.append(constant("lock=True"))
        if loads:
            conditions.append(loads)
        method = constant("restore" if action.verb is RowVerb.RESTORE else "get")
        return compose("await self.{}.{}({})", ident(entity.plural), method, joined(conditions))

    def _guard(self, rows: Rows, entity: Entity, variable: Code) -> Code:
        """The call that refuses rows of others, where anybody may see them; else empty."""
        if not (rows.owned and rows.visible) or entity.owner is None:
            return constant("")
        column = entity.column(entity.owner.column)
        unless = self._unless(entity)
        return compose("self.require_owner({}.{}{})", variable, ident(column.attribute), unless)

    def _require(self, operation: Operation, entity: Entity) -> Code:
        """The call that holds the row to what the client asks; empty where that is nothing."""
        known = operation.conditional
        if known is None or not known.holds:
            return constant("")
        version = compose("{}.{}", _variable(operation, entity), ident(known.version))
        if not known.own:
            return compose("self.require_version({})", version)
        key = ident(entity.key_column.attribute)
        return compose("self.require_version({}, account=self.caller.account.{})", version, key)

    def _raise_version(self, entity: Entity, action: RowAction, variable: Code) -> Code:
        """The statement that counts a change which writes other tables than that of the row."""
        if entity.version is None or not action.links:
            return constant("")
        version = entity.version.attribute
        return compose("changes[{}] = {}.{} + 1", literal(version), variable, ident(version))

    def _owned(self, entity: Entity) -> Code:
        assert entity.owner is not None
        column = ident(entity.column(entity.owner.column).attribute)
        model = ident(entity.class_name)
        return compose("self.owned(models.{}.{}{})", model, column, self._unless(entity))

    def _unless(self, entity: Entity) -> Code:
        unless = entity.owner.unless if entity.owner is not None else ""
        return compose(", unless={}", literal(unless)) if unless else constant("")

    def _conditions(self, rows: Rows, entity: Entity) -> list[Code]:
        return [self._condition(parent, entity) for parent in rows.parents]

    def _condition(self, named: PathColumn, entity: Entity) -> Code:
        column = ident(entity.column(named.column).attribute)
        model = ident(entity.class_name)
        return compose("models.{}.{} == {}", model, column, ident(named.attribute))

    def _parents(self, rows: Rows) -> tuple[ParentView, ...]:
        found = []
        for parent in rows.parents:
            if parent.parent:
                entity = self.service.entities[parent.parent]
                named = PathColumn(parent.attribute, entity.key)
                found.append(ParentView(ident(entity.plural), self._condition(named, entity)))
        return tuple(found)

    def _writes(
        self, operation: Operation, entity: Entity, writes: tuple[Write, ...]
    ) -> Iterator[Assignment]:
        keys = self.service.api_keys
        for column, value in _values(operation, entity, writes, self.service):
            scopes = keys is not None and (entity.name, column.name) == (keys.entity, keys.scopes)
            passed = compose("self.passed_on({})", value) if scopes else value
            yield Assignment(ident(column.attribute), passed)

    def _links(self, entity: Entity, links: tuple[LinkWrite, ...]) -> Iterator[Assignment]:
        for link in links:
            relation = self._relation(entity, link)
            yield Assignment(ident(relation.attribute), self._linked(relation, link, "body"))

    def _linked(self, relation: ManyToMany, link: LinkWrite, source: str) -> Code:
        target = self.service.entities[relation.target]
        keys = compose("{}.{}", ident(source), ident(link.attribute))
        return compose(
            "await self.{}.get_all({} or [], {})",
            ident(target.plural),
            keys,
            literal(relation.ids_property),
        )

    def _relation(self, entity: Entity, link: LinkWrite) -> ManyToMany:
        for relation in entity.relations:
            if isinstance(relation, ManyToMany) and relation.attribute == link.relation:
                return relation
        raise KeyError(link.relation)

    def _exchanges(
        self, operation: Operation, entity: Entity, action: RowAction
    ) -> Iterator[Exchange]:
        """What a partial change has to treat apart: hashes, lists of keys, other names."""
        if action.verb is not RowVerb.UPDATE:
            return
        nullable = self._nullable(operation)
        for write in action.writes:
            column = entity.column(write.column)
            sent = literal(write.attribute)
            if column.hashed:
                taken = compose("changes.pop({})", sent)
                if write.attribute in nullable:
                    value = _hashed(constant("given"), compose("(given := {})", taken))
                else:
                    value = _hashed(taken)
                yield Exchange(sent, literal(column.attribute), value)
            elif write.attribute != column.attribute:
                yield Exchange(sent, literal(column.attribute), compose("changes.pop({})", sent))
        for link in action.links:
            relation = self._relation(entity, link)
            target = self.service.entities[relation.target]
            sent = literal(link.attribute)
            value = compose(
                "await self.{}.get_all(changes.pop({}), {})",
                ident(target.plural),
                sent,
                literal(relation.ids_property),
            )
            yield Exchange(sent, literal(relation.attribute), value)

    def _nullable(self, operation: Operation) -> frozenset[str]:
        """The attributes of the body that a client may set to null."""
        content = body_content(operation)
        schema = content.schema if content is not None else None
        if schema is None:
            return frozenset()
        return frozenset(
            prop.attribute
            for prop in properties(schema, self.service.schemas).values()
            if takes_null(prop.schema, self.service.schemas)
        )

    def _sign_in(
        self, operation: Operation, action: TokenAction | RefreshAction | LogoutAction
    ) -> SignInMethod:
        none = constant("")
        login, password, scope = none, none, none
        if isinstance(action, TokenAction):
            login, password = ident(action.login), ident(action.password)
            scope = ident(action.scope) if action.scope else none
        failure = "NotAuthenticated" if refuses_with_401(operation) else "BadRequest"
        success = operation.success
        returns = signature(operation, self.service, self.classes).returns
        return SignInMethod(
            login=login,
            password=password,
            scope=scope,
            token=ident(action.token) if isinstance(action, RefreshAction) else none,
            answer=tuple(self._token_fields(operation)),
            view=returns if success is not None and success.contents else none,
            failure=constant(failure),
        )

    def _password(self, operation: Operation, action: PasswordAction) -> PasswordMethod:
        """Whoever doesn't know the password is signed in all the same: 401 would be misread."""
        success = operation.success
        account = signature(operation, self.service, self.classes).returns
        return PasswordMethod(
            current=ident(action.current),
            new=ident(action.new),
            view=account if success is not None and success.contents else constant(""),
            failure=constant("Forbidden" if refuses_with_403(operation) else "BadRequest"),
        )

    def _reset(self, operation: Operation, action: ResetRequestAction | ResetAction) -> ResetMethod:
        asks, none = isinstance(action, ResetRequestAction), constant("")
        home = next(r for r in self.service.resources if operation.id in r.operations)
        return ResetMethod(
            login=ident(action.login) if isinstance(action, ResetRequestAction) else none,
            token=ident(action.token) if isinstance(action, ResetAction) else none,
            new=ident(action.new) if isinstance(action, ResetAction) else none,
            service=ident(home.service_class) if asks else none,
            failure=constant("BadRequest" if refuses_with_400(operation) else "NotAuthenticated"),
        )

    def _token_fields(self, operation: Operation) -> Iterator[Assignment]:
        answer = answer_schema(operation)
        for name, prop in properties(answer, self.service.schemas).items() if answer else ():
            value = TOKEN_FIELDS.get(names.snake(name))
            if value is not None:
                yield Assignment(ident(prop.attribute), constant(value))

    def _view(self, view: View | None) -> Code:
        return self._class(view.schema) if view is not None else constant("")

    def _loads(self, view: View | None) -> Code:
        if view is None or not view.loads:
            return constant("")
        return compose(", loads={}", ident(loads_name(view, self.service)))

    def _class(self, schema: str) -> Code:
        ref = self.classes.ref(schema, Direction.RESPONSE)
        if ref is None:
            raise KeyError(schema)
        return ident(ref.name)


def stored_values(
    operation: Operation, action: CreateAction | RowAction, service: Service
) -> Iterator[tuple[Column, Code]]:
    """The columns that a body fills, each with the code of its value."""
    return _values(operation, service.entities[action.entity], action.writes, service)


def _values(
    operation: Operation, entity: Entity, writes: tuple[Write, ...], service: Service
) -> Iterator[tuple[Column, Code]]:
    optional = _optional(operation, service)
    for write in writes:
        column = entity.column(write.column)
        value = compose("body.{}", ident(write.attribute))
        yield column, _stored(column, value, write.attribute in optional)


def _optional(operation: Operation, service: Service) -> frozenset[str]:
    """The attributes of the body that may be None because they were left out."""
    content = body_content(operation)
    return _left_out(content.schema if content is not None else None, service)


def _left_out(schema: Schema | None, service: Service) -> frozenset[str]:
    """The attributes of an object that may be None because they were left out."""
    if schema is None:
        return frozenset()
    return frozenset(
        prop.attribute
        for prop in properties(schema, service.schemas).values()
        if not prop.required and not has_default(prop.schema, service.schemas)
    )


def _variable(operation: Operation, entity: Entity) -> Code:
    """What a method calls the row that it works with: not like one of its arguments."""
    name = names.argument(entity.module)
    taken = {parameter.attribute for parameter in operation.located(Location.PATH)}
    return ident(f"{name}_row" if name in taken else name)


def _note(operation: Operation, variable: Code) -> Code:
    """The call that tells which version an answer shows; empty for one that has no tag."""
    known = operation.conditional
    if known is None or not known.mark:
        return constant("")
    return compose("self.note_version({}.{})", variable, ident(known.version))


TOKEN_FIELDS = {
    "access_token": "pair.access_token",
    "token": "pair.access_token",
    "token_type": "BEARER",
    "expires_in": "self.context.settings.access_token_seconds",
    "refresh_token": "pair.refresh_token",
    "scope": "pair.scope",
}
"""What the properties of an answer with tokens say, by their names in snake case."""


def refuses_with_401(operation: Operation) -> bool:
    """Whether an operation of signing in refuses with 401, not 400 (RFC 6749, section 5.2)."""
    declared = {response.status for response in operation.responses}
    return "401" in declared or "400" not in declared


def refuses_with_400(operation: Operation) -> bool:
    """Whether a reset is refused with 400, not 401, where the token is good for nothing."""
    declared = {response.status for response in operation.responses}
    return "400" in declared or "401" not in declared


def refuses_with_403(operation: Operation) -> bool:
    """Whether a change of the password is refused with 403, not 400, where the old one is wrong."""
    return any(response.status == "403" for response in operation.responses)


def _hashed(value: Code, given: Code | None = None) -> Code:
    """The hash of a password; None where `given`, which tells whether there is one, is None."""
    hashed = compose("await self.context.passwords.hash({})", value)
    return hashed if given is None else compose("{} if {} is not None else None", hashed, given)


def _stored(column: Column, value: Code, optional: bool) -> Code:
    """The value of a column from the attribute of a body."""
    if column.hashed:
        return _hashed(value, value if optional else None)
    if optional and column.default and not column.nullable:
        default = literal(column.default[0])
        if column.type is ColumnType.DECIMAL:
            default = compose("Decimal({})", literal(str(column.default[0])))
        return compose("{} if {} is None else {}", default, value, value)
    return value

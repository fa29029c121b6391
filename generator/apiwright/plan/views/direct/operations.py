"""Operations that PostgreSQL answers by itself: one statement, whose result is the body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.operations import (
    Compare,
    CreateAction,
    ListAction,
    Operation,
    PathColumn,
    RowAction,
    Rows,
    RowVerb,
    View,
)
from apiwright.ir.service import Resource, Service
from apiwright.ir.storage import Entity, Fill
from apiwright.plan.schema_classes import SchemaClasses
from apiwright.plan.views.caching import direct_options
from apiwright.plan.views.direct.directness import Directness
from apiwright.plan.views.direct.recording import beside, occasion_of, tells
from apiwright.plan.views.direct.shapes import Shapes, ShapeView
from apiwright.plan.views.repositories import counts, page_values
from apiwright.plan.views.routers import key_scopes, location, needed_scopes, route_path
from apiwright.plan.views.services.values import stored_values
from apiwright.plan.views.signatures import schema_imports, signature
from apiwright.plan.views.tenancy import tenant_column
from apiwright.plan.views.widths import of_any_width


@dataclass(frozen=True, slots=True)
class BinderView:
    """A constant that reads something of a request: a parameter, the query, the body."""

    name: Code
    value: Code


@dataclass(frozen=True, slots=True)
class ConstantView:
    """A constant that is a statement, or a list of statements."""

    name: Code
    value: Code


@dataclass(frozen=True, slots=True)
class DirectView:
    """A function that answers an operation."""

    name: Code
    operation: str
    method: str
    path: str
    needed: Code
    statements: Code
    docstring: Code
    binders: tuple[BinderView, ...]
    constants: tuple[ConstantView, ...]
    forms: tuple[BinderView, ...]
    lines: tuple[Code, ...]
    options: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class DirectResourceView:
    """The operations of a resource that are answered directly.

    `recorded` are the entities of which they record what they write.
    """

    label: Code
    override: Code
    readers: Code
    operations: tuple[DirectView, ...]
    shapes: tuple[ShapeView, ...]
    imports: tuple[Code, ...]
    recorded: tuple[str, ...]


def answers_module(resource: Resource) -> str:
    """The module of `app.direct` that answers the operations of a resource."""
    return f"{resource.module.strip('_')}_answers"


class DirectBuilder:
    """Writes down the operations that can be answered directly."""

    def __init__(self, service: Service, classes: SchemaClasses) -> None:
        self._service = service
        self._classes = classes
        self.shapes = Shapes(service)
        self._rules = Directness(service, self.shapes)

    def resource(self, resource: Resource) -> DirectResourceView | None:
        """The direct operations of a resource; None if it has none."""
        found = [
            operation
            for operation in (self._service.operations[name] for name in resource.operations)
            if not self._rules.why_not(operation)
        ]
        if not found:
            return None
        return DirectResourceView(
            label=constant(resource.module.replace("_", " ")),
            override=constant(f"overrides/{resource.module}.py"),
            readers=joined(
                sorted({reader for operation in found for reader in self._readers(operation)})
            ),
            operations=tuple(self._operation(operation) for operation in found),
            shapes=self._shown(found),
            imports=tuple(sorted({line for o in found for line in self._imports(o)})),
            recorded=tuple(dict.fromkeys(self._recorded(found))),
        )

    def why_not(self, operation: Operation) -> str:
        """Why an operation can't be answered directly; empty if it can."""
        return self._rules.why_not(operation)

    def _recorded(self, operations: list[Operation]) -> Iterator[str]:
        """The entities of which operations record what they write."""
        actions = [operation.action for operation in operations]
        writes = [a for a in actions if isinstance(a, CreateAction | RowAction) and occasion_of(a)]
        yield from (a.entity for a in writes if a.entity in self._service.recorded)

    def _shown(self, operations: list[Operation]) -> tuple[ShapeView, ...]:
        """The shapes of what operations show, each once."""
        found: dict[str, ShapeView] = {}
        for operation in operations:
            action = operation.action
            if isinstance(action, ListAction | CreateAction | RowAction) and action.view:
                shape = self.shapes.of(action.view)
                found[shape.function] = shape
        return tuple(found[name] for name in sorted(found))

    def _operation(self, operation: Operation) -> DirectView:
        action = operation.action
        if isinstance(action, ListAction):
            constants, lines = self._list(operation, action)
        elif isinstance(action, CreateAction):
            constants, lines = self._create(operation, action)
        else:
            assert isinstance(action, RowAction)
            reads = action.verb is RowVerb.READ
            constants, lines = (self._read if reads else self._change)(operation, action)
        scopes = None if operation.public else needed_scopes(operation, self._service)
        keys = None if operation.public else key_scopes(operation, self._service)
        binders = tuple(self._binders(operation))
        names = tuple(binder.name for binder in binders)
        return DirectView(
            name=ident(operation.name),
            operation=operation.id,
            method=operation.method.upper(),
            path=f"{operation.home or self._service.base_path}{route_path(operation)}",
            needed=constant("") if scopes is None else literal(tuple(scopes)),
            statements=compose("({},)", joined([ident(known.name) for known in constants])),
            docstring=docstring(operation.summary or operation.description or operation.id, 4),
            binders=binders,
            options=(
                *direct_options(operation, self._service, names),
                *([compose("keys={}", literal(tuple(keys)))] if keys is not None else []),
                *([constant("keyed=True")] if operation.idempotency is not None else []),
                *([constant("tells=True")] if tells(action, self._service) else []),
            ),
            constants=tuple(constants),
            forms=tuple(self._forms(operation)),
            lines=tuple(lines),
        )

    def _binders(self, operation: Operation) -> Iterator[BinderView]:
        for argument in signature(operation, self._service, self._classes).arguments:
            name = self._binder(operation, argument.place, argument.name)
            if argument.place == "path":
                value = compose("path_of({}, {})", literal(argument.wire), argument.annotation)
            else:
                value = compose("{}_of({})", ident(argument.place), argument.annotation)
            if argument.place == "query" and not self._asks_alone(operation):
                value = compose("Remembered({})", value)
            yield BinderView(name, value)

    def _asks_alone(self, operation: Operation) -> bool:
        """Whether what is asked of a list stands in the query and nowhere else.

        One whose pages repeat parts of the query needs the query itself.
        """
        action = operation.action
        if not isinstance(action, ListAction) or action.rows.parents:
            return False
        page = action.page
        if page.shown_limit or page.shown_offset or page.shown_number or page.shown_pages:
            return False
        if self._classes.parameter_class(operation.id, "query") is None:
            return False
        return not self._guards(action, self._service.entities[action.entity])

    def _forms(self, operation: Operation) -> Iterator[BinderView]:
        """What a list remembers of the queries that it was asked."""
        if self._asks_alone(operation):
            name = ident(operation.name.upper().strip("_"))
            query = self._binder(operation, "query", "")
            form = compose("lambda request: {}.form({}(request))", name, query)
            yield BinderView(self._form(operation), compose("Remembered({})", form))

    def _form(self, operation: Operation) -> Code:
        return ident(f"{operation.name.strip('_')}_form")

    def _readers(self, operation: Operation) -> Iterator[Code]:
        """The functions that make what reads the parts of a request."""
        for argument in signature(operation, self._service, self._classes).arguments:
            yield ident(f"{argument.place}_of")

    def _binder(self, operation: Operation, place: str, name: str) -> Code:
        stem = operation.name.strip("_")
        return ident(f"{stem}_{place}_{name.strip('_')}" if place == "path" else f"{stem}_{place}")

    def _imports(self, operation: Operation) -> Iterator[Code]:
        taken = signature(operation, self._service, self._classes).taken
        yield from schema_imports(tuple(taken))
        action = operation.action
        if isinstance(action, ListAction):
            entity = self._service.entities[action.entity]
            for part in self._parts(operation, action):
                yield compose(
                    "from app.repositories.{}_repository import {}", ident(entity.module), part
                )

    def _parts(self, operation: Operation, action: ListAction) -> Iterator[Code]:
        """The functions of the repository that say what the list means."""
        if action.filters or action.search:
            yield ident(f"{operation.name}_conditions")
        yield ident(f"{operation.name}_order")
        yield ident(f"{operation.name}_paging")

    # Rows -------------------------------------------------------------------------------------

    def _alive(self, entity: Entity) -> list[Code]:
        if not entity.soft_delete:
            return []
        attribute = ident(entity.column(entity.soft_delete).attribute)
        return [compose("models.{}.{}.is_(None)", ident(entity.class_name), attribute)]

    def _named(self, path: PathColumn, entity: Entity) -> Code:
        """The condition that a column has the value of a path parameter."""
        column = entity.column(path.column)
        value = compose("bindparam({})", literal(f"path_{path.attribute}"))
        return compose(
            "models.{}.{} == {}",
            ident(entity.class_name),
            ident(column.attribute),
            of_any_width(value, column),
        )

    def _owner(self, entity: Entity) -> Code:
        assert entity.owner is not None
        attribute = ident(entity.column(entity.owner.column).attribute)
        return compose('models.{}.{} == bindparam("owner")', ident(entity.class_name), attribute)

    def _path_values(self, operation: Operation, named: list[PathColumn]) -> list[Code]:
        return [
            compose(
                "{}: {}(call.request)",
                literal(f"path_{path.attribute}"),
                self._binder(operation, "path", path.attribute),
            )
            for path in named
        ]

    def _parents(self, operation: Operation, rows: Rows) -> tuple[list[ConstantView], list[Code]]:
        """Rows that have to be there: those which parameters in the middle of the path name."""
        constants, lines = [], []
        for place, parent in enumerate((p for p in rows.parents if p.parent), 1):
            entity = self._service.entities[parent.parent]
            key = PathColumn(parent.attribute, entity.key)
            name = ident(f"{operation.name.upper().strip('_')}_PARENT_{place}")
            conditions = joined([self._named(key, entity), *self._alive(entity)])
            statement = compose(
                "statements.Statement(select(literal_column('1')).where({}))", conditions
            )
            constants.append(ConstantView(name, statement))
            lines.append(compose("await call.require({}, values)", name))
        return constants, lines

    def _read(
        self, operation: Operation, action: RowAction
    ) -> tuple[list[ConstantView], list[Code]]:
        entity = self._service.entities[action.entity]
        view = self._view(action.view)
        name = ident(operation.name.upper().strip("_"))
        if action.key is None:
            key = compose(
                'models.{}.{} == bindparam("caller")',
                ident(entity.class_name),
                ident(entity.key_column.attribute),
            )
            rows = compose("{}.rows({})", view, joined([key, *self._alive(entity)]))
            line = self._answered(operation, name, constant('{"caller": call.caller.id}'))
            return [ConstantView(name, rows)], [line]
        named = [action.key, *action.rows.parents]
        conditions = [self._named(path, entity) for path in named] + self._alive(entity)
        constants = [ConstantView(name, compose("{}.rows({})", view, joined(conditions)))]
        values = compose("values = {{{}}}", joined(self._path_values(operation, named)))
        lines = [values]
        if action.rows.owned and entity.owner is not None:
            own = ident(f"{name}_OWN")
            mine = joined([*conditions, self._owner(entity)])
            constants.append(ConstantView(own, compose("{}.rows({})", view, mine)))
            call = self._answered(operation, own, constant('values | {"owner": call.caller.id}'))
            if entity.owner.unless:
                lines.append(compose("if call.caller.may({}):", literal(entity.owner.unless)))
                all_rows = self._answered(operation, name, constant("values"))
                lines.append(compose("    {}", all_rows))
            else:
                del constants[0]
            return constants, [*lines, call]
        return constants, [*lines, self._answered(operation, name, constant("values"))]

    def _answered(self, operation: Operation, statement: Code, values: Code) -> Code:
        """The line that answers with the row of a statement, and with its tag if it has one."""
        known = operation.conditional
        if known is None:
            return compose("return await call.one({}, {})", statement, values)
        account = constant(", account=call.caller.id" if known.own else "")
        mark, control = literal(known.mark), literal(known.cache_control)
        return compose(
            "return await call.shown({}, {}, {}, {}{})", statement, values, mark, control, account
        )

    def _change(
        self, operation: Operation, action: RowAction
    ) -> tuple[list[ConstantView], list[Code]]:
        entity = self._service.entities[action.entity]
        assert action.key is not None
        name = ident(operation.name.upper().strip("_"))
        named = [action.key, *action.rows.parents]
        conditions = [self._named(path, entity) for path in named]
        if action.verb is not RowVerb.RESTORE:
            conditions += self._alive(entity)
        asks = operation.conditional
        lines = [constant("call.conditions.require()")] if asks and asks.required else []
        lines.append(compose("values = {{{}}}", joined(self._path_values(operation, named))))
        if action.verb in {RowVerb.UPDATE, RowVerb.REPLACE}:
            binder = self._binder(operation, "body", "")
            lines.append(compose("body = await {}(call.request)", binder))
        attributes, changes = self._changes(operation, action, entity)
        arguments = [self._change_view(action, entity), *conditions]
        arguments.append(compose("attributes={}", literal(attributes)))
        call = [name, constant("values"), constant("changes")]
        lines.append(changes)
        if action.rows.owned and entity.owner is not None:
            column = ident(entity.column(entity.owner.column).attribute)
            arguments.append(compose("owner=models.{}.{}", ident(entity.class_name), column))
            lines.append(self._owner_of_call(entity.owner.unless))
            call.append(constant("owner=owner"))
            call += [constant("visible=True")] if action.rows.visible else []
        if asks is not None and asks.holds:
            version = ident(asks.version)
            arguments.append(compose("version=models.{}.{}", ident(entity.class_name), version))
            call.append(constant("versions=call.conditions.versions()"))
        if asks is not None and asks.mark:
            call.append(compose("mark={}", literal(asks.mark)))
        success = operation.success
        status = int(success.status) if success is not None and success.status.isdigit() else 200
        if action.view is None:
            lines.append(compose("await call.changed({})", joined(call)))
            lines.append(compose('return calls.Answer(b"", {})', literal(status)))
        else:
            call += [compose("status={}", literal(status))] if status != 200 else []
            lines.append(compose("return await call.changed({})", joined(call)))
        left = list(beside(action, self._service, self.shapes))
        if left:
            arguments.append(compose("beside=({},)", joined(left)))
        return [ConstantView(name, compose("statements.Change({})", joined(arguments)))], lines

    def _owner_of_call(self, unless: str) -> Code:
        """The line that says to whom a row has to belong."""
        if not unless:
            return constant("owner = call.caller.id")
        return compose("owner = None if call.caller.may({}) else call.caller.id", literal(unless))

    def _changes(
        self, operation: Operation, action: RowAction, entity: Entity
    ) -> tuple[tuple[str, ...], Code]:
        """The attributes that a change may write, and the line that collects their values."""
        if action.verb is RowVerb.UPDATE:
            written = tuple(entity.column(write.column).attribute for write in action.writes)
            return written, constant("changes = sent(body)")
        if action.verb is RowVerb.REPLACE:
            values = list(stored_values(operation, entity, action.writes, self._service))
            pairs = [compose("{}: {}", literal(c.attribute), value) for c, value in values]
            written = tuple(column.attribute for column, _ in values)
            return written, compose("changes = {{{}}}", joined(pairs))
        marked = entity.column(entity.soft_delete).attribute
        value = constant("None" if action.verb is RowVerb.RESTORE else "datetime.now(UTC)")
        return (marked,), compose("changes = {{{}: {}}}", literal(marked), value)

    def _change_view(self, action: RowAction, entity: Entity) -> Code:
        """The view of the row after the change; one without properties where nothing is shown."""
        if action.view is not None:
            return self._view(action.view)
        return compose("statements.unseen(models.{})", ident(entity.class_name))

    def _list(
        self, operation: Operation, action: ListAction
    ) -> tuple[list[ConstantView], list[Code]]:
        entity = self._service.entities[action.entity]
        model = compose("models.{}", ident(entity.class_name))
        query = self._classes.parameter_class(operation.id, "query")
        name = ident(operation.name.upper().strip("_"))
        constants, checks = self._parents(operation, action.rows)
        rows = [self._named(parent, entity) for parent in action.rows.parents]
        conditions = [*rows, *self._alive(entity)]
        found = compose("select({})", model)
        if conditions:
            found = compose("{}.where({})", found, joined(conditions))
        kind = ident(query.name) if query else constant("statements.Everything")
        arguments = [self._view(action.view), found, kind, *self._listing(operation, action)]
        constants.append(ConstantView(name, compose("statements.Listing({})", joined(arguments))))
        if self._asks_alone(operation):
            lines = [compose("form = {}(call.request)", self._form(operation))]
            return constants, [*lines, *self._page(operation, action)]
        asked = compose("{}(call.request)", self._binder(operation, "query", ""))
        lines = [
            compose(
                "query = {}", asked if query is not None else constant("statements.Everything()")
            )
        ]
        values = self._path_values(operation, list(action.rows.parents))
        if values:
            lines.append(compose("values: dict[str, Any] = {{{}}}", joined(values)))
            lines += checks
        lines += self._guards(action, entity)
        form = [constant("query")]
        form += [constant("values")] if values else []
        form += [constant("guards=guards")] if self._guards(action, entity) else []
        lines.append(compose("form = {}.form({})", name, joined(form)))
        return constants, [*lines, *self._page(operation, action)]

    def _guards(self, action: ListAction, entity: Entity) -> list[Code]:
        """The lines that keep rows of others out."""
        if not action.rows.owned or entity.owner is None:
            return []
        mine = compose('{{"owner": ({}, call.caller.id)}}', self._owner(entity))
        if not entity.owner.unless:
            return [compose("guards = {}", mine)]
        unless = literal(entity.owner.unless)
        return [compose("guards = {{}} if call.caller.may({}) else {}", unless, mine)]

    def _listing(self, operation: Operation, action: ListAction) -> Iterator[Code]:
        flags = [rule.attribute for rule in action.filters if rule.compare is Compare.IS_NULL]
        filters = [rule.attribute for rule in action.filters if rule.attribute not in flags]
        asked = self._classes.parameter_class(operation.id, "query") is not None
        whole = "{}={}" if asked else "{}=lambda _: {}()"
        for part in ("order", "paging"):
            yield compose(whole, ident(part), ident(f"{operation.name}_{part}"))
        if action.filters or action.search:
            yield compose("conditions={}", ident(f"{operation.name}_conditions"))
        if filters:
            yield compose("filters={}", literal(tuple(filters)))
        fixed = [*flags, *([action.sort.attribute] if action.sort else [])]
        if fixed:
            yield compose("fixed={}", literal(tuple(fixed)))
        if action.search:
            yield compose("search={}", literal(action.search.attribute))
        if action.page.cursor:
            entity = self._service.entities[action.entity]
            columns = [entity.column(name) for name in self._rules.ordered(action, entity)]
            yield compose("ends={}", literal({c.attribute: c.property for c in columns}))

    def _page(self, operation: Operation, action: ListAction) -> list[Code]:
        """The lines that put a page together."""
        page, read = action.page, constant("page = await call.page(form)")
        if not page.envelope:
            return [read, constant("return page.alone()")]
        counted = [constant("total = await call.total(form)")] if counts(page) else []
        told = page_values(
            page, operation, self._service, total=constant("total"), more=constant("page.more")
        )
        pairs = joined([compose("{}: {}", literal(name), code) for name, code in told])
        return [
            read,
            *counted,
            compose("return page.within({}, {{{}}})", literal(page.items), pairs),
        ]

    def _create(
        self, operation: Operation, action: CreateAction
    ) -> tuple[list[ConstantView], list[Code]]:
        entity = self._service.entities[action.entity]
        name = ident(operation.name.upper().strip("_"))
        values = list(stored_values(operation, entity, action.writes, self._service))
        if entity.owner is not None:
            owner = entity.column(entity.owner.column)
            if owner.fill is Fill.OWNER:
                values.append((owner, constant("call.caller.id")))
        tenant = tenant_column(entity)
        if tenant is not None:
            values.append((tenant, constant("call.within.tenant")))
        attributes = tuple(column.attribute for column, _ in values)
        stored = [literal(attributes), *beside(action, self._service, self.shapes)]
        statement = compose("{}.made({})", self._view(action.view), joined(stored))
        pairs = [
            compose("{}: {}", literal(f"new_{column.attribute}"), value) for column, value in values
        ]
        success = operation.success
        status = int(success.status) if success is not None and success.status.isdigit() else 200
        lines = [
            compose("body = await {}(call.request)", self._binder(operation, "body", "")),
            compose("values = {{{}}}", joined(pairs)),
        ]
        tag = operation.conditional
        mark = compose(", {}", literal(tag.mark)) if tag and tag.mark else constant("")
        made = compose("await call.made({}, values, {}{})", name, literal(status), mark)
        at = location(operation, self._service, key=constant("key"))
        if at:
            key = compose("key = made.value({})", literal(entity.key_column.property))
            lines += [compose("made = {}", made), key, compose("return made.located({})", at)]
        else:
            lines.append(compose("return {}", made))
        return [ConstantView(name, statement)], lines

    def _view(self, view: View | None) -> Code:
        assert view is not None
        return compose("shapes.{}", self.shapes.of(view).constant)

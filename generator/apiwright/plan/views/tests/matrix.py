"""The matrix: what everybody meets who calls an operation, for their own rows and for others'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.operations import (
    Action,
    CreateAction,
    CustomAction,
    ExportAction,
    ListAction,
    Operation,
    PasswordAction,
    RefreshAction,
    ResetAction,
    ResetRequestAction,
    RowAction,
    RowVerb,
    TokenAction,
)
from apiwright.ir.storage import ColumnType, Entity, Ownership
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.lists import ListTests
from apiwright.plan.views.tests.people import Guard
from apiwright.plan.views.tests.rows import wire_key
from apiwright.plan.views.tests.scene import Scene
from apiwright.plan.views.tests.writes import (
    callable_in_tests,
    deleted_before,
    example_body,
    parent_rows,
    shown_key,
)

ANY, OWN, ANOTHERS, ELSEWHERE, ASTRAY = "ANY", "OWN", "ANOTHERS", "ELSEWHERE", "ASTRAY"
_SHUT_OUT = frozenset({literal(401), literal(403)})
_ANONYMOUS = "anonymous"
_NOTHING = constant("")


@dataclass(frozen=True, slots=True)
class AskView:
    """A function that makes the rows an operation needs, and calls it."""

    name: Code
    docstring: Code
    arrange: tuple[Code, ...]
    call: Code
    shown: Code


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of the matrix: an operation and a row, and what each caller meets."""

    operation: str
    ask: Code
    row: Code
    meets: Code


_OF_STRANGERS = TokenAction | RefreshAction | ResetRequestAction | ResetAction
"""What is called by whoever is nobody yet."""


@dataclass(frozen=True, slots=True)
class MatrixView:
    """The matrix, and the functions that its lines call."""

    asks: tuple[AskView, ...]
    lines: tuple[LineView, ...]
    rows: tuple[Code, ...]
    lists: bool
    plain: bool


def matrix_view(kit: Kit) -> MatrixView | None:
    """The matrix of a service; None where nobody can sign in."""
    if not kit.people.known:
        return None
    asks: list[AskView] = []
    lines: list[LineView] = []
    for operation in kit.service.operations.values():
        if isinstance(operation.action, _OF_STRANGERS):
            continue
        writer = _Writer(kit, operation)
        ask = writer.ask()
        if ask is not None:
            asks.append(ask)
        elif not kit.requests.has(operation):
            continue
        lines += writer.lines(ask)
        astray = writer.astray()
        if astray is not None:
            asks.append(astray)
            lines.append(writer.line_astray(astray))
    return MatrixView(
        tuple(asks),
        tuple(lines),
        rows=tuple(sorted({line.row for line in lines})),
        lists=any(ask.shown for ask in asks),
        plain=any(line.ask.startswith("asks(") for line in lines),
    )


class _Writer:
    """Writes down the lines of one operation."""

    def __init__(self, kit: Kit, operation: Operation) -> None:
        self._kit = kit
        self._operation = operation
        self._named: tuple[Entity, ...] = ()

    # Calls ------------------------------------------------------------------------------------

    def ask(self) -> AskView | None:
        """The function that calls the operation for a row; None where rows can't be made."""
        action = self._operation.action
        scene = Scene(self._kit, self._operation, beside="owner")
        scene.caller = self._kit.people.guard(self._operation) is not Guard.OPEN
        if scene.status is None or not callable_in_tests(self._kit, self._operation):
            return None
        if isinstance(action, ListAction):
            return self._list(scene, action)
        if isinstance(action, CreateAction):
            return self._create(scene, action)
        if isinstance(action, ExportAction):
            return self._export(scene, action.listing)
        return self._row(scene, action) if isinstance(action, RowAction) else None

    def astray(self) -> AskView | None:
        """The function that names a row under another than it belongs to; None without a path."""
        action = self._operation.action
        if not isinstance(action, RowAction) or action.key is None or self.ask() is None:
            return None
        if not action.rows.parents or not all(parent.parent for parent in action.rows.parents):
            return None
        scene = Scene(self._kit, self._operation, beside="owner")
        scene.caller = self._kit.people.guard(self._operation) is not Guard.OPEN
        ask = self._row(scene, action, astray=True)
        return replace(ask, name=compose("{}_astray", ask.name)) if ask is not None else None

    def _list(self, scene: Scene, action: ListAction) -> AskView | None:
        entity = self._entity(action)
        tests = ListTests(self._kit, self._operation, action)
        required = tests.required()
        if required is None or not self._kit.rows.can_make(entity.name):
            return None
        row = scene.make(entity, *self._owned(scene, entity, action.rows.owned), *required)
        call = scene.call(scene.path_of(row))
        return self._written(scene, call, tests.shows(row))

    def _export(self, scene: Scene, listing: ListAction) -> AskView | None:
        """Any form of an export has the key of a row in it, which no other text is like."""
        entity = self._entity(listing)
        shown = shown_key(self._kit, listing.view, entity)
        if not shown or entity.key_column.type is not ColumnType.UUID or listing.rows.parents:
            return None
        if not self._kit.rows.can_make(entity.name):
            return None
        row = scene.make(entity, *self._owned(scene, entity, listing.rows.owned))
        key = wire_key(row, entity.key_column)
        return self._written(scene, scene.call(scene.path({})), compose("{} in response.text", key))

    def _create(self, scene: Scene, action: CreateAction) -> AskView | None:
        values = parent_rows(scene, action, owner="owner")
        body = example_body(scene) if values is not None else None
        if values is None or body is None:
            return None
        return self._written(scene, scene.call(scene.path(values), body=body))

    def _row(self, scene: Scene, action: RowAction, *, astray: bool = False) -> AskView | None:
        entity = self._entity(action)
        if not self._kit.rows.can_make(entity.name) or (action.key is None and not scene.caller):
            return None
        path = scene.path({}) if action.key is None else None
        if action.key is not None:
            given = (
                *self._owned(scene, entity, action.rows.owned),
                *deleted_before(action, entity),
            )
            row = scene.make(entity, *given)
            path = scene.path_of(row)
            if astray:
                others = parent_rows(scene, action, owner="owner")
                if others is None:
                    return None
                key = ident(entity.column(action.key.column).attribute)
                path = scene.path({**others, action.key.attribute: compose("{}.{}", row, key)})
        sent: Code | None = None
        if self._operation.body is not None and action.verb in {RowVerb.REPLACE, RowVerb.UPDATE}:
            tenanted = [e for e in self._kit.service.entities.values() if e.tenant is not None]
            before = {other.name: scene.made(other) for other in tenanted}
            sent = example_body(scene)
            if sent is None:
                return None
            self._named = tuple(e for e in tenanted if scene.made(e) > before[e.name])
        assert path is not None
        return self._written(scene, scene.call(path, body=sent))

    def _owned(self, scene: Scene, entity: Entity, owned: bool) -> tuple[Code, ...]:
        return scene.owned(entity, "owner") if owned else ()

    def _written(self, scene: Scene, call: Code, shown: Code = _NOTHING) -> AskView:
        title = (self._operation.summary or self._operation.id).rstrip(".")
        return AskView(
            name=ident(self._operation.name.strip("_")),
            docstring=docstring(title),
            arrange=scene.lines(call, shown),
            call=call,
            shown=shown,
        )

    def _entity(self, action: ListAction | RowAction | CreateAction) -> Entity:
        return self._kit.service.entities[action.entity]

    # Lines ------------------------------------------------------------------------------------

    def lines(self, ask: AskView | None) -> Iterator[LineView]:
        """The lines of the operation, one for each kind of row."""
        for row in self._rows(ask):
            meets = {_ANONYMOUS: self._anonymous(ask)}
            for role, granted in self._kit.people.roles.items():
                met = self._met(ask, self._held(granted), row)
                if met is not None:
                    meets[role] = met
            asked = ask.name if ask else compose("asks({})", literal(self._operation.id))
            pairs = [compose("{}: {}", literal(caller), code) for caller, code in meets.items()]
            told = compose("{{{}}}", joined(pairs))
            yield LineView(self._operation.id, asked, constant(row), told)

    def line_astray(self, ask: AskView) -> LineView:
        """The line of a row under another: it isn't there, whoever calls."""
        meets = {_ANONYMOUS: self._anonymous(ask)}
        if self._kit.people.guard(self._operation) is Guard.OPEN:
            meets[_ANONYMOUS] = literal(404)
        for role, granted in self._kit.people.roles.items():
            met = self._met(ask, self._held(granted), ANY)
            meets[role] = met if met is not None and met in _SHUT_OUT else literal(404)
        pairs = [compose("{}: {}", literal(caller), code) for caller, code in meets.items()]
        told = compose("{{{}}}", joined(pairs))
        return LineView(self._operation.id, ask.name, constant(ASTRAY), told)

    def _held(self, granted: frozenset[str]) -> frozenset[str]:
        """What somebody holds to call the operation: a key may have fewer scopes than a role."""
        keys = self._kit.service.api_keys
        if keys is None or self._kit.people.by_token(self._operation):
            return granted
        narrowed = self._kit.service.entities[keys.entity].column(keys.scopes).enum
        return granted.intersection(narrowed) if narrowed else granted

    def _action(self) -> Action:
        """What the operation does; an export does what a list does."""
        action = self._operation.action
        return action.listing if isinstance(action, ExportAction) else action

    def _rows(self, ask: AskView | None) -> tuple[str, ...]:
        """Whose rows there are for the operation."""
        action = self._action()
        if ask is None or not isinstance(action, ListAction | RowAction | CreateAction):
            return (ANY,)
        if isinstance(action, RowAction) and action.key is None:
            return (ANY,)
        entity = self._entity(action)
        if isinstance(action, CreateAction):
            refers = self._refers_to_tenants(action, entity)
            return (ANY, ELSEWHERE) if refers else (ANY,)
        owned = action.rows.owned and entity.owner is not None
        elsewhere = (ELSEWHERE,) if entity.tenant is not None else ()
        return (*((OWN, ANOTHERS) if owned else (ANY,)), *elsewhere)

    def _refers_to_tenants(self, action: CreateAction, entity: Entity) -> bool:
        """Whether what is created needs rows that have a tenant, in its path or in its body."""
        return bool(self._tenanted_parents(action)) or any(
            self._kit.service.entities[column.reference.entity].tenant is not None
            for column in (entity.column(write.column) for write in action.writes)
            if column.reference is not None and not column.nullable
        )

    def _tenanted_parents(self, action: ListAction | RowAction | CreateAction) -> list[Entity]:
        """The rows that the path names on the way, as far as they have a tenant."""
        parents = (p.parent for p in action.rows.parents if p.parent)
        found = (self._kit.service.entities[parent] for parent in parents)
        return [entity for entity in found if entity.tenant is not None]

    def _anonymous(self, ask: AskView | None) -> Code:
        if self._kit.people.guard(self._operation) is Guard.OPEN:
            return self._fine(ask)
        return literal(401)

    def _met(self, ask: AskView | None, scopes: frozenset[str], row: str) -> Code | None:
        """What somebody with these scopes meets; None where that is no matter of who they are."""
        guard = self._kit.people.guard(self._operation)
        if guard is Guard.NOBODY:
            return literal(401)
        if guard is Guard.CALLER and not self._kit.people.scopes(self._operation) <= scopes:
            return literal(403)
        action = self._action()
        if isinstance(action, PasswordAction):
            return None  # a matter of the password
        if not isinstance(action, ListAction | RowAction | CreateAction) or ask is None:
            return self._fine(ask)
        entity = self._entity(action)
        if isinstance(action, CreateAction) and _makes_tenants(entity):
            return self._fine(ask) if self._spans(entity, scopes) else literal(403)
        if row == ELSEWHERE:
            barred = self._barred(action, entity, scopes)
            if barred is not None:
                return barred
        theirs = row in {ANY, OWN} or isinstance(action, CreateAction)
        if not theirs and action.rows.owned:
            owner = entity.owner or Ownership("")
            if not (owner.unless and owner.unless in scopes):
                missing = literal(403 if action.rows.visible else 404)
                return constant("HIDDEN") if isinstance(action, ListAction) else missing
        return self._fine(ask)

    def _barred(
        self, action: ListAction | RowAction | CreateAction, entity: Entity, scopes: frozenset[str]
    ) -> Code | None:
        """What keeps somebody from a row of another tenant; None where they span tenants."""
        for parent in self._tenanted_parents(action):
            if not self._spans(parent, scopes):
                return literal(404)
        if isinstance(action, CreateAction):
            return literal(409)
        if self._spans(entity, scopes):
            # What the body refers to is of the row's tenant: it has to be seen as well.
            seen = all(self._spans(other, scopes) for other in self._named)
            return None if seen else literal(409)
        return constant("HIDDEN") if isinstance(action, ListAction) else literal(404)

    def _spans(self, entity: Entity, scopes: frozenset[str]) -> bool:
        unless = entity.tenant.unless if entity.tenant is not None else ""
        return bool(unless) and unless in scopes

    def _fine(self, ask: AskView | None) -> Code:
        """What those meet who may do it."""
        if ask is None:
            custom = isinstance(self._operation.action, CustomAction)
            return literal(501) if custom else constant("LET_IN")
        if ask.shown:
            return constant("SHOWN")
        success = self._operation.success
        known = success is not None and success.status.isdigit()
        return literal(int(success.status) if success is not None and known else 200)


def _makes_tenants(entity: Entity) -> bool:
    """Whether a new row is a new tenant, which only those make who see them all."""
    return entity.tenant is not None and entity.tenant.column == entity.key

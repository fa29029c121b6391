"""Which operations PostgreSQL can answer by itself, and what keeps it from answering others."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright.ir.operations import (
    Action,
    Compare,
    CreateAction,
    ListAction,
    Location,
    Operation,
    Page,
    RowAction,
    RowVerb,
)
from apiwright.ir.service import Service
from apiwright.ir.shapes import properties, takes_null
from apiwright.ir.storage import Entity
from apiwright.plan.views.direct.recording import beside
from apiwright.plan.views.direct.shapes import NotDirectError, Shapes
from apiwright.plan.views.routers import guarded
from apiwright.plan.views.tenancy import tenant_references

_JSON = "application/json"


class Directness:
    """Tells of each operation whether one statement is all that it takes."""

    def __init__(self, service: Service, shapes: Shapes) -> None:
        self._service = service
        self._shapes = shapes

    def why_not(self, operation: Operation) -> str:
        """Why an operation can't be answered directly; empty if it can."""
        try:
            self._check(operation)
        except NotDirectError as error:
            return str(error)
        return ""

    def _check(self, operation: Operation) -> None:
        action = operation.action
        if not isinstance(action, ListAction | CreateAction | RowAction):
            raise NotDirectError("it is more than a statement")
        if operation.idempotency is not None and operation.idempotency.required:
            raise NotDirectError(
                "the key of a request is stored in one transaction with its effect"
            )
        if action.view is None and not _is_soft_delete(action, self._service):
            raise NotDirectError("it shows nothing")
        self._check_recorded(action)
        if isinstance(action, RowAction) and action.verb is not RowVerb.READ:
            self._check_change(action, self._service.entities[action.entity])
        if not operation.public and not guarded(operation, self._service):
            raise NotDirectError("nobody knows how callers sign in")
        success = operation.success
        kinds = [content.media_type for content in success.contents] if success else []
        if success is None or kinds != ([_JSON] if action.view else []):
            raise NotDirectError(f"it answers with something else than {_JSON}")
        self._check_parameters(operation, action)
        if action.view is not None:
            self._shapes.of(action.view)
        if isinstance(action, ListAction):
            self._check_list(action, self._service.entities[action.entity])
        elif isinstance(action, CreateAction):
            self._check_create(action, self._service.entities[action.entity])
        elif action.verb is RowVerb.READ and action.rows.owned and action.rows.visible:
            raise NotDirectError("who may read the row depends on the row")

    def _check_recorded(self, action: ListAction | CreateAction | RowAction) -> None:
        """Events and entries of the audit trail are further rows of the same statement."""
        if isinstance(action, ListAction) or not list(beside(action, self._service, self._shapes)):
            return
        marked = self._service.entities[action.entity].soft_delete
        if isinstance(action, RowAction) and any(write.column == marked for write in action.writes):
            raise NotDirectError(f"what it writes to {marked} decides what it records")

    def _check_parameters(self, operation: Operation, action: Action) -> None:
        places = {Location.HEADER, Location.COOKIE}
        if not isinstance(action, ListAction):
            places.add(Location.QUERY)
        if any(parameter.location in places for parameter in operation.parameters):
            raise NotDirectError("it takes parameters that the statement has no use for")

    def _check_list(self, action: ListAction, entity: Entity) -> None:
        for rule in action.filters:
            column = entity.column(rule.column) if rule.column else None
            if rule.compare is Compare.STARTS_WITH:
                raise NotDirectError(f"the filter {rule.attribute} looks for patterns")
            if rule.compare is Compare.IN and column is not None and column.array:
                raise NotDirectError(f"the filter {rule.attribute} compares lists")
        self._check_page(action.page)
        if action.page.cursor:
            shown = self._shapes.of(action.view).names
            for name in self.ordered(action, entity):
                if entity.column(name).property not in shown:
                    raise NotDirectError(f"it is ordered by {name}, which it doesn't show")

    def _check_page(self, page: Page) -> None:
        """A last page has no cursor, which some contracts leave out, and others show as null."""
        if not (page.envelope and page.next_cursor):
            return
        named = self._service.schemas
        shown = properties(named[page.envelope].schema, named)[page.next_cursor]
        if not shown.required and not takes_null(shown.schema, named):
            raise NotDirectError(f"its last page leaves {page.next_cursor} out")

    def ordered(self, action: ListAction, entity: Entity) -> Iterator[str]:
        """The columns that a list can be ordered by, the key last."""
        yield from (step.column for step in action.order)
        yield from (key.column for key in (action.sort.keys if action.sort else ()))
        yield entity.key

    def _check_create(self, action: CreateAction, entity: Entity) -> None:
        if action.links:
            raise NotDirectError("it writes more than one table")
        if action.issues:
            raise NotDirectError("it makes a key, of which only the hash is stored")
        if action.rows.parents:
            raise NotDirectError("it depends on another row")
        if any(entity.column(write.column).hashed for write in action.writes):
            raise NotDirectError("it hashes what it stores")
        if entity.tenant is not None and entity.tenant.column == entity.key:
            raise NotDirectError("who may make a tenant depends on who calls")
        self._check_references(action, entity)

    def _check_change(self, action: RowAction, entity: Entity) -> None:
        if action.verb is RowVerb.DELETE and not entity.soft_delete:
            raise NotDirectError("what refers to the row may keep it from being deleted")
        if action.key is None:
            raise NotDirectError("it changes the account that calls")
        if action.links:
            raise NotDirectError("it writes more than one table")
        self._check_references(action, entity)
        columns = [(write, entity.column(write.column)) for write in action.writes]
        if any(column.hashed for _, column in columns):
            raise NotDirectError("it hashes what it stores")
        if action.verb is RowVerb.UPDATE:
            for write, column in columns:
                if write.attribute != column.attribute:
                    raise NotDirectError(f"{write.attribute} is stored under another name")

    def _check_references(self, action: CreateAction | RowAction, entity: Entity) -> None:
        """PostgreSQL's foreign keys look past its policies: another statement has to look first."""
        written = {write.column for write in action.writes}
        for column, _ in tenant_references(entity, self._service):
            if column.name in written:
                raise NotDirectError(f"{column.name} may point at a row of another tenant")


def _is_soft_delete(action: Action, service: Service) -> bool:
    """Whether the action marks a row as deleted."""
    return (
        isinstance(action, RowAction)
        and action.verb is RowVerb.DELETE
        and bool(service.entities[action.entity].soft_delete)
    )

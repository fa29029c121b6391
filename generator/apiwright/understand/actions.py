"""Actions: what each operation does, inferred from REST's shapes or said by `x-action`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.ir.operations import (
    Action,
    CreateAction,
    CustomAction,
    ExportAction,
    LinkWrite,
    ListAction,
    Location,
    LogoutAction,
    Operation,
    Order,
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
from apiwright.ir.policies.api_keys import ApiKeys
from apiwright.ir.policies.bulk import BulkVerb
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.service import SecurityScheme
from apiwright.ir.shapes import flat, properties, target
from apiwright.ir.storage import Column, Entity, Fill
from apiwright.understand.bulk import BulkReader
from apiwright.understand.exchange import Many, answer_schema, body_content, many
from apiwright.understand.export import EXPORT, exported, exported_schema
from apiwright.understand.lists import Listing, read_listing
from apiwright.understand.operations import Written
from apiwright.understand.sites import Site, SiteKind, collection_of, last_parameter
from apiwright.understand.views import NotUnderstoodError, ViewReader

_VERBS = {
    "get": RowVerb.READ,
    "put": RowVerb.REPLACE,
    "patch": RowVerb.UPDATE,
    "delete": RowVerb.DELETE,
}
_LINES = "lines of JSON or comma-separated values"
_BULK = frozenset(verb.value for verb in BulkVerb)
_LOGOUTS = frozenset({"logout", "log_out", "signout", "sign_out", "revoke"})
_PASSWORDS = frozenset({"password", "change_password"})
PRESENT_PASSWORDS = ("current_password", "old_password", "password")
"""What a body may call the password that is to be changed."""

RESETS = frozenset({"request-reset", "reset"})
LOGINS = ("email", "username", "login")
RESET_TOKENS = ("token", "reset_token", "code")
"""What bodies of a reset may call whom it is for, and what was sent."""

_RESTORES = frozenset({"restore", "undelete", "recover"})


@dataclass(frozen=True, slots=True)
class Understood:
    """An action and the evidence for it."""

    action: Action
    evidence: tuple[str, ...]


def shown_to_all(written: Iterable[Written], sites: Mapping[str, Site]) -> frozenset[str]:
    """The entities of which an operation shows rows whose owners are others than the caller."""
    return frozenset(
        site.schema
        for item in written
        if item.operation.method == "get"
        and (item.operation.public or item.node.string("x-rows") == "all")
        and (site := sites.get(item.operation.path)) is not None
    )


@dataclass(frozen=True, slots=True)
class ActionReader:
    """Finds the action of each operation; `visible` are the entities that everybody may read."""

    named: Mapping[str, NamedSchema]
    entities: Mapping[str, Entity]
    sites: Mapping[str, Site]
    schemes: tuple[SecurityScheme, ...]
    base_path: str
    visible: frozenset[str]
    keys: ApiKeys | None = None

    def understand(self, item: Written) -> Understood:
        """What the operation does, and why we think so; a CustomAction where nobody knows."""
        operation = item.operation
        said = item.node.get("x-action")
        kind = (said.text or said.string("kind")) if said is not None else ""
        if kind == "custom":
            return Understood(CustomAction("x-action says so"), ("x-action",))
        try:
            found = self._sign_in(operation, kind) or self._stored(item, kind)
        except NotUnderstoodError as problem:
            return Understood(CustomAction(str(problem)), ())
        if found is None:
            return Understood(CustomAction("no rule explains it"), ())
        evidence = ("x-action", *found.evidence) if kind else found.evidence
        return Understood(found.action, evidence)

    def _sign_in(self, operation: Operation, kind: str) -> Understood | None:
        full = f"{self.base_path}{operation.path}"
        if not any(entity.identity for entity in self.entities.values()):
            return None
        last = names.snake(operation.path.rstrip("/").rpartition("/")[2])
        tokens = any(scheme.token_path == full for scheme in self.schemes)
        refreshes = any(scheme.refresh_path == full for scheme in self.schemes)
        if kind == "token" or (tokens and not kind):
            return Understood(self._token(operation), (f"tokenUrl is {full}",))
        if kind == "refresh" or (refreshes and not kind):
            return Understood(self._refresh(operation), (f"refreshUrl is {full}",))
        posted = operation.method in {"post", "delete"} and not operation.public
        if kind == "logout" or (not kind and last in _LOGOUTS and posted):
            return Understood(LogoutAction(), (f"POST {operation.path}",))
        changes = operation.method in {"post", "put"} and not operation.public
        if kind == "password" or (not kind and last in _PASSWORDS and changes):
            evidence = f"{operation.method.upper()} {operation.path} takes a new password"
            return Understood(self._password(operation), (evidence,))
        return self._reset(operation, kind)

    def _reset(self, operation: Operation, kind: str) -> Understood | None:
        if kind not in RESETS:
            return None
        if not operation.public:
            raise NotUnderstoodError("nobody can sign in who has forgotten the password")
        found = self._body_attributes(operation)
        if kind == "request-reset":
            login = next((found[name] for name in LOGINS if name in found), None)
            if login is None:
                raise NotUnderstoodError("the body has no email and no username")
            return Understood(ResetRequestAction(login), ())
        token = next((found[name] for name in RESET_TOKENS if name in found), None)
        new = found.get("new_password") or found.get("password")
        if token is None or new is None:
            raise NotUnderstoodError("the body has no token and new_password")
        return Understood(ResetAction(token, new), ())

    def _token(self, operation: Operation) -> TokenAction:
        found = self._body_attributes(operation)
        login = found.get("username") or found.get("email") or found.get("login")
        password = found.get("password")
        if login is None or password is None:
            raise NotUnderstoodError("the body has no username and password")
        return TokenAction(login, password, found.get("scope", ""))

    def _refresh(self, operation: Operation) -> RefreshAction:
        token = self._body_attributes(operation).get("refresh_token")
        if token is None:
            raise NotUnderstoodError("the body has no refresh_token")
        return RefreshAction(token)

    def _password(self, operation: Operation) -> PasswordAction:
        found = self._body_attributes(operation)
        current = next((found[name] for name in PRESENT_PASSWORDS if name in found), None)
        new = found.get("new_password")
        if current is None or new is None:
            raise NotUnderstoodError("the body has no current_password and new_password")
        return PasswordAction(current, new)

    def _body_attributes(self, operation: Operation) -> dict[str, str]:
        content = body_content(operation)
        schema = content.schema if content is not None else None
        found = properties(schema, self.named) if schema is not None else {}
        return {names.snake(name): prop.attribute for name, prop in found.items()}

    def _stored(self, item: Written, kind: str) -> Understood | None:
        operation = item.operation
        site = self._site(item)
        if site is None or site.schema not in self.entities:
            return None
        if operation.success is None:
            raise NotUnderstoodError("no answer is declared for when all goes well")
        entity = self.entities[site.schema]
        if kind in _BULK:
            return self._bulk(item, entity, BulkVerb(kind))
        if kind == EXPORT or _exports(operation):
            return self._export(item, entity)
        if site.kind is SiteKind.COLLECTION:
            if operation.method == "get" and kind in {"", "list"}:
                return self._list(item, entity)
            if operation.method == "post" and kind in {"", "create"}:
                return self._create(operation, entity)
            return None
        verb = self._verb(operation, site, kind)
        return self._row(item, entity, site, verb) if verb is not None else None

    def _site(self, item: Written) -> Site | None:
        operation = item.operation
        said = item.node.get("x-action")
        schema = said.string("schema") if said is not None else ""
        if said is not None and schema:
            kind = said.text or said.string("kind")
            if kind in {"list", "create", EXPORT, *_BULK}:
                return Site(operation.path, SiteKind.COLLECTION, schema)
            if said.string("key") == "caller":
                return Site(operation.path, SiteKind.CALLER, schema)
            return Site(operation.path, SiteKind.ITEM, schema, _any_parameter(operation.path))
        site = self.sites.get(operation.path)
        if site is not None:
            return site
        kind = (said.text or said.string("kind")) if said is not None else ""
        if kind in _BULK or kind == EXPORT or _exports(operation):
            return self._collection(operation.path) or self._beside(operation)
        last = names.snake(operation.path.rstrip("/").rpartition("/")[2])
        parent = self.sites.get(collection_of(operation.path))
        return parent if last in _RESTORES and operation.method == "post" else None

    def _collection(self, path: str) -> Site | None:
        """The collection at a path, with or without a slash at its end."""
        found = self.sites.get(path) or self.sites.get(f"{path}/")
        return found if found is not None and found.kind is SiteKind.COLLECTION else None

    def _beside(self, operation: Operation) -> Site | None:
        """The collection that a path lies below, or whose things an export shows."""
        known = self._collection(collection_of(operation.path))
        name = exported_schema(operation) if _exports(operation) else ""
        if known is None and name in self.entities:
            return Site(operation.path, SiteKind.COLLECTION, name)
        return known

    def _verb(self, operation: Operation, site: Site, kind: str) -> RowVerb | None:
        if kind:
            return RowVerb(kind) if kind in {verb.value for verb in RowVerb} else None
        if site.path != operation.path:
            return RowVerb.RESTORE if self.entities[site.schema].soft_delete else None
        return _VERBS.get(operation.method)

    def _bulk(self, item: Written, entity: Entity, verb: BulkVerb) -> Understood:
        operation = item.operation
        if operation.located(Location.QUERY):
            name = operation.located(Location.QUERY)[0].name
            raise NotUnderstoodError(f"parameter '{name}' means nothing for many rows")
        said = item.node.get("x-bulk")
        if self._holds_keys(entity) and verb is not BulkVerb.DELETE:
            raise NotUnderstoodError("API keys are made and changed one by one")
        action = BulkReader(self.named, self._views).read(
            operation,
            entity,
            verb,
            self._rows(item, entity, key=""),
            partial=said is not None and said.string("mode") == "partial",
        )
        if verb is BulkVerb.CREATE:
            written = {write.column for write in action.writes}
            self._check_sources(entity, written, action.rows, operation)
        evidence = f"{operation.method.upper()} {operation.path} takes many {entity.name}"
        return Understood(action, (evidence,))

    def _export(self, item: Written, entity: Entity) -> Understood:
        operation = item.operation
        kinds = exported(operation)
        if operation.method != "get" or not kinds:
            raise NotUnderstoodError(f"it answers with something else than {_LINES}")
        name = exported_schema(operation) or entity.name
        view = self._views.view(name, entity)
        if view.loads:
            raise NotUnderstoodError(f"{name} shows related rows of each row")
        listing = read_listing(item, entity, Many(name, "", ""), self.named)
        if listing.unknown:
            raise NotUnderstoodError(
                f"parameter '{listing.unknown[0].name}' is no filter that we know; "
                "x-filter can say what it compares"
            )
        page = listing.page
        if page.limit or page.offset or page.number or page.cursor:
            raise NotUnderstoodError("an export has no pages")
        action = ListAction(
            entity=entity.name,
            view=view,
            rows=self._rows(item, entity, key=""),
            page=page,
            order=_usual_order(item, listing),
            filters=listing.filters,
            search=listing.search,
            sort=listing.sort,
        )
        evidence = f"GET {operation.path} answers with {' or '.join(kinds)}"
        return Understood(ExportAction(action, kinds), (evidence,))

    def _list(self, item: Written, entity: Entity) -> Understood:
        operation = item.operation
        answer = answer_schema(operation)
        held = many(answer, self.named) if answer is not None else None
        if held is None:
            raise NotUnderstoodError("the answer holds no list of things")
        view = self._views.view(held.item, entity)
        listing = read_listing(item, entity, held, self.named)
        if listing.unknown:
            raise NotUnderstoodError(
                f"parameter '{listing.unknown[0].name}' is no filter that we know; "
                "x-filter can say what it compares"
            )
        self._check_envelope(listing)
        action = ListAction(
            entity=entity.name,
            view=view,
            rows=self._rows(item, entity, key=""),
            page=listing.page,
            order=_order(item, entity, listing),
            filters=listing.filters,
            search=listing.search,
            sort=listing.sort,
        )
        return Understood(action, (f"GET {operation.path} answers with many {entity.name}",))

    def _check_envelope(self, listing: Listing) -> None:
        page = listing.page
        if not page.envelope:
            return
        known = {page.items, page.total, page.next_cursor, page.shown_limit, page.shown_offset,
                 page.shown_number, page.shown_pages, page.has_more}  # fmt: skip
        for name, prop in properties(self.named[page.envelope].schema, self.named).items():
            if prop.required and name not in known:
                raise NotUnderstoodError(f"{page.envelope} needs '{name}', which no page has")

    def _create(self, operation: Operation, entity: Entity) -> Understood:
        schema = self._body(operation)
        writes, links = self._views.writes(schema, entity)
        rows = self._path_rows(operation, entity, key="")
        keys = self.keys if self._holds_keys(entity) else None
        made = {keys.scopes, keys.start} if keys is not None else set()
        given = {write.column for write in writes} | made
        self._check_sources(entity, given, rows, operation)
        shown = keys.shown if keys is not None else ""
        if keys is not None and not self._shows(operation, shown):
            raise NotUnderstoodError(f"the answer doesn't show the key, as '{shown}'")
        action = CreateAction(
            entity=entity.name,
            rows=rows,
            writes=writes,
            links=links,
            view=self._answer_view(operation, entity, shown),
            location=self._location(operation, entity),
            issues=shown,
        )
        return Understood(action, (f"POST {operation.path} takes an object",))

    def _holds_keys(self, entity: Entity) -> bool:
        return self.keys is not None and self.keys.entity == entity.name

    def _shows(self, operation: Operation, attribute: str) -> bool:
        """Whether the answer has a property that becomes this attribute."""
        answer = answer_schema(operation)
        found = properties(answer, self.named) if answer is not None else {}
        return any(prop.attribute == attribute for prop in found.values())

    def _check_sources(
        self, entity: Entity, written: set[str], rows: Rows, operation: Operation
    ) -> None:
        given = written | {parent.column for parent in rows.parents}
        for column in entity.columns:
            needed = not column.nullable and not column.default and column.name not in given
            if needed and column.fill is Fill.CLIENT:
                raise NotUnderstoodError(
                    f"{entity.name} needs '{column.property or column.name}', which the body "
                    "doesn't carry: give it a default, or compute it in an override"
                )
            if column.fill is Fill.OWNER and operation.public:
                raise NotUnderstoodError("rows have an owner, but nobody has to sign in")
            if column.fill is Fill.TENANT and operation.public:
                raise NotUnderstoodError("rows have a tenant, but nobody has to sign in")
            if column.fill is Fill.GENERATED and not _can_generate(column):
                raise NotUnderstoodError(f"nobody gives '{column.property}' a value")

    def _location(self, operation: Operation, entity: Entity) -> str:
        """The path of one thing, where the answer is declared to name it."""
        success = operation.success
        if success is None or "location" not in {name.lower() for name in success.headers}:
            return ""
        for site in self.sites.values():
            here = collection_of(site.path) == operation.path.rstrip("/")
            if site.kind is SiteKind.ITEM and here and site.schema == entity.name:
                return f"{self.base_path}{site.path}"
        return ""

    def _row(self, item: Written, entity: Entity, site: Site, verb: RowVerb) -> Understood:
        operation = item.operation
        writes: tuple[Write, ...] = ()
        links: tuple[LinkWrite, ...] = ()
        if verb in {RowVerb.REPLACE, RowVerb.UPDATE}:
            writes, links = self._views.writes(self._body(operation), entity)
            scopes = self.keys.scopes if self.keys and self.keys.entity == entity.name else ""
            if any(write.column == scopes for write in writes):
                raise NotUnderstoodError("what a key is good for is settled when it is made")
        elif operation.body is not None:
            raise NotUnderstoodError("it takes a body, which nothing stores")
        if operation.located(Location.QUERY):
            name = operation.located(Location.QUERY)[0].name
            raise NotUnderstoodError(f"parameter '{name}' means nothing for one thing")
        view = self._answer_view(operation, entity)
        if verb is RowVerb.READ and view is None:
            raise NotUnderstoodError("the answer shows nothing")
        action = RowAction(
            verb=verb,
            entity=entity.name,
            key=self._key(operation, entity, site),
            rows=self._rows(item, entity, key=site.key),
            writes=writes,
            links=links,
            view=view,
        )
        whose = "the caller's" if site.kind is SiteKind.CALLER else "one"
        evidence = f"{operation.method.upper()} {operation.path} works on {whose} {entity.name}"
        return Understood(action, (evidence,))

    def _key(self, operation: Operation, entity: Entity, site: Site) -> PathColumn | None:
        if site.kind is SiteKind.CALLER:
            return None
        for parameter in operation.located(Location.PATH):
            if parameter.name == site.key:
                return PathColumn(parameter.attribute, entity.key)
        raise NotUnderstoodError(f"path parameter '{site.key}' is not declared")

    def _rows(self, item: Written, entity: Entity, key: str) -> Rows:
        rows = self._path_rows(item.operation, entity, key)
        said = item.node.string("x-rows")
        owned = entity.owner is not None and not item.operation.public and said != "all"
        return Rows(rows.parents, owned, entity.name in self.visible)

    def _path_rows(self, operation: Operation, entity: Entity, key: str) -> Rows:
        parents = []
        for parameter in operation.located(Location.PATH):
            if parameter.name == key:
                continue
            parent = self._parent(operation.path, parameter.name)
            column = _parent_column(entity, parent, parameter.name)
            if column is None:
                raise NotUnderstoodError(
                    f"path parameter '{parameter.name}' is no column of {entity.name}"
                )
            parents.append(PathColumn(parameter.attribute, column, parent))
        return Rows(tuple(parents))

    def _parent(self, path: str, parameter: str) -> str:
        """The entity that a parameter in the middle of a path identifies."""
        prefix = path[: path.index(f"{{{parameter}}}") + len(parameter) + 2]
        site = self.sites.get(prefix) or self.sites.get(f"{prefix}/")
        return site.schema if site is not None and site.schema in self.entities else ""

    def _body(self, operation: Operation) -> Schema:
        content = body_content(operation)
        if content is None or content.schema is None:
            raise NotUnderstoodError("it takes no JSON and no form")
        return content.schema

    def _answer_view(self, operation: Operation, entity: Entity, computed: str = "") -> View | None:
        answer = answer_schema(operation)
        if answer is None:
            success = operation.success
            if success is not None and success.contents:
                raise NotUnderstoodError("the answer is no JSON")
            return None
        name = target(answer)
        if name not in self.named or not flat(answer, self.named).properties:
            raise NotUnderstoodError("the answer is no object with a name")
        return self._views.view(name, entity, computed)

    @property
    def _views(self) -> ViewReader:
        return ViewReader(self.named, self.entities)


def _exports(operation: Operation) -> bool:
    return operation.method == "get" and bool(exported(operation))


def _can_generate(column: Column) -> bool:
    return column.type.value in {"uuid", "int32", "int64"}


def _parent_column(entity: Entity, parent: str, parameter: str) -> str | None:
    for column in entity.columns:
        if column.reference is not None and column.reference.entity == parent:
            return column.name
    wanted = names.snake(parameter)
    return next((c.name for c in entity.columns if c.name == wanted and c.property), None)


def _any_parameter(path: str) -> str:
    return last_parameter(path) or path.rpartition("{")[2].partition("}")[0]


def _order(item: Written, entity: Entity, listing: Listing) -> tuple[Order, ...]:
    """The order when the client doesn't say: the sort parameter's default, else newest first."""
    usual = _usual_order(item, listing)
    if usual:
        return usual
    for column in entity.columns:
        if column.fill is Fill.CREATED:
            return (Order(column.name, descending=True),)
    return (Order(entity.key, descending=False),)


def _usual_order(item: Written, listing: Listing) -> tuple[Order, ...]:
    """The order that the sort parameter has by default; none where it has no default."""
    for _, parameter in item.parameters if listing.sort is not None else ():
        given = parameter.schema.default
        if listing.sort is not None and parameter.attribute == listing.sort.attribute and given:
            wanted = given[0] if isinstance(given[0], list) else [given[0]]
            by_value = {key.value: key for key in listing.sort.keys}
            return tuple(
                Order(by_value[str(value)].column, by_value[str(value)].descending)
                for value in wanted
                if str(value) in by_value
            )
    return ()

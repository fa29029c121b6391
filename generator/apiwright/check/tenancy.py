"""Tenants: `x-tenant`, and what would let one of them see, or guess, what another has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apiwright import names
from apiwright.check.actions import listed_items
from apiwright.check.contract import Operation
from apiwright.check.extensions import home, properties
from apiwright.check.findings import Findings
from apiwright.check.roles import check_scope, declared_scopes
from apiwright.check.storage import Storage, answer_schema, is_off
from apiwright.check.words import quoted
from apiwright.load import Node, Place
from apiwright.load.wording import shown

_WORD = "x-tenant"
_LOGINS = ("email", "username", "user_name", "login")


@dataclass(frozen=True, slots=True)
class _Tenant:
    """The property of a schema that says to which tenant a row belongs, and the word on it."""

    place: Place
    written: Node

    @property
    def name(self) -> str:
        return self.place.keys[-1]


def check_tenants(storage: Storage, found: Findings) -> None:
    """Accounts and rows have one tenant each, of one kind, which nobody can choose or guess."""
    tenants = _tenants(storage, found)
    if not tenants:
        return
    first = next(iter(tenants.values()))
    if not storage.identity:
        found.error(
            "tenant-without-accounts",
            f"{quoted(first.name)} holds a tenant, but nobody can sign in to be of one",
            first.written.key_position,
            hint="say which schema is that of the accounts: 'x-identity'",
        )
        return
    accounts = tenants.get(storage.identity)
    if accounts is None:
        found.error(
            "accounts-without-tenant",
            f"rows have a tenant, but the accounts of {quoted(storage.identity)} have none",
            first.written.key_position,
            hint=f"mark the property of {quoted(storage.identity)} that holds it: 'x-tenant: true'",
        )
        return
    for schema, tenant in tenants.items():
        _check_kind(schema, tenant, accounts, storage, found)
        _check_probes(schema, tenant, storage, found)
    _check_open(tenants, storage, found)
    _check_left_out(tenants, storage, found)


def _tenants(storage: Storage, found: Findings) -> dict[str, _Tenant]:
    """The properties by schema; what is wrong with the word itself is reported."""
    tenants: dict[str, _Tenant] = {}
    for place, written in properties(storage.contract, _WORD):
        if written.value is False:
            continue
        unless = written.get("unless")
        if unless is not None and unless.text:
            check_scope(unless, declared_scopes(storage.contract), found)
        schema = home(place)
        if schema not in storage.contract.section("schemas"):
            continue
        other = tenants.setdefault(schema, _Tenant(place, written))
        if other.written is not written:
            message = f"{quoted(schema)} has two tenants, but a row belongs to one"
            related = [(other.written.key_position, "the other one")]
            found.error("two-tenants", message, written.key_position, related=related)
    return tenants


def _check_kind(
    schema: str, tenant: _Tenant, accounts: _Tenant, storage: Storage, found: Findings
) -> None:
    """A tenant is one value, never null, of the type that it has on accounts."""
    view, wanted = storage.views.of(tenant.place.node), storage.views.of(accounts.place.node)
    if view.is_array or "null" in view.types:
        what = "a list" if view.is_array else "null"
        message = f"{quoted(tenant.name)} can be {what}, but a row belongs to one tenant"
        found.error("tenant-type", message, tenant.written.key_position)
    elif view.kinds and wanted.kinds and (view.kinds, view.format) != (wanted.kinds, wanted.format):
        message = (
            f"{quoted(tenant.name)} can't hold a tenant as {quoted(storage.identity)} has it: "
            "its type is another"
        )
        related = [(accounts.written.key_position, "the tenant of accounts")]
        found.error("tenant-type", message, tenant.written.key_position, related=related)
    stored = storage.stored.get(schema)
    sent = storage.inputs(schema).get(tenant.name) if stored is not None else None
    if sent is not None and not storage.views.of(sent).read_only:
        message = f"what clients send as {quoted(tenant.name)} is not looked at"
        hint = "a new row has the tenant of its creator: 'readOnly: true', or leave it out there"
        found.warning("idle-tenant", message, sent.key_position, hint=hint)


def _check_probes(schema: str, tenant: _Tenant, storage: Storage, found: Findings) -> None:
    """A value that is unique among all tenants tells each of them what the others have."""
    stored = storage.stored.get(schema)
    if stored is None or stored.key == tenant.name:
        return
    logins = _logins(storage) if schema == storage.identity else frozenset()
    for name, node in storage.views.of(stored.node).properties.items():
        word = node.get("x-unique")
        if word is not None and word.value is not False and name not in {*logins, tenant.name}:
            _probe(schema, (name,), tenant, word, found)
    for rule in stored.table.list_of("unique") if stored.table is not None else ():
        columns = tuple(item.text for item in (rule.items or rule.list_of("columns")))
        if columns and tenant.name not in columns and not set(columns) <= logins:
            _probe(schema, columns, tenant, rule, found)


def _probe(
    schema: str, columns: tuple[str, ...], tenant: _Tenant, word: Node, found: Findings
) -> None:
    listed = ", ".join(shown(name) for name in (tenant.name, *columns))
    message = f"a tenant can find out which {', '.join(map(quoted, columns))} others have"
    hint = f"let it be unique within a tenant: x-table: {{unique: [[{listed}]]}}"
    found.warning(
        "tenant-probe",
        f"{message}: {quoted(schema)} keeps it unique among all",
        word.position,
        hint=hint,
    )


def _logins(storage: Storage) -> frozenset[str]:
    """The property that accounts sign in with: it comes before anybody's tenant is known."""
    said = storage.stored[storage.identity].node.get("x-identity")
    if said is not None and said.string("login"):
        return frozenset({said.string("login")})
    known = storage.properties(storage.identity)
    return frozenset(name for name in known if names.snake(name) in _LOGINS)


def _check_open(tenants: Mapping[str, _Tenant], storage: Storage, found: Findings) -> None:
    """What anybody may call is of no tenant."""
    for operation in storage.contract.operations:
        schema = _works_on(operation, storage)
        if schema not in tenants or not _is_open(operation, storage):
            continue
        message = (
            f"{shown(operation.label)} is for anybody, but a {quoted(schema)} is for its tenant: "
            "there is nothing to find"
        )
        related = [(tenants[schema].written.key_position, "the tenant")]
        hint = "let callers sign in, or write an override: 'x-action: custom'"
        found.error(
            "tenant-without-sign-in",
            message,
            operation.node.key_position,
            hint=hint,
            related=related,
        )


def _works_on(operation: Operation, storage: Storage) -> str:
    """The schema whose rows an operation shows, as far as its answer tells."""
    said = operation.node.get("x-action")
    kind = (said.text or said.string("kind")) if said is not None else ""
    if kind in {"custom", "token", "refresh", "logout", "password"}:
        return ""
    if said is not None and said.string("schema"):
        return said.string("schema")
    answer = answer_schema(storage.contract, operation)
    name = storage.views.target(answer)
    if name in storage.stored:
        return name
    items = listed_items(answer, storage)
    return storage.views.target(items) if items is not None else ""


def _is_open(operation: Operation, storage: Storage) -> bool:
    ways = operation.node.get("security") or storage.contract.root.get("security")
    return ways is None or not ways.items or any(not way.mapping for way in ways.items)


def _check_left_out(tenants: Mapping[str, _Tenant], storage: Storage, found: Findings) -> None:
    """Rows that belong to rows of a tenant are of that tenant themselves, or everybody's."""
    for name, stored in storage.stored.items():
        if name in tenants:
            continue
        for prop, target in _references(name, storage):
            if target in tenants and storage.stored[target].key != tenants[target].name:
                message = (
                    f"every tenant sees each {quoted(name)}, though {quoted(prop)} refers to a "
                    f"{quoted(target)} of one of them"
                )
                hint = (
                    f"give {quoted(name)} a property with 'x-tenant: true'; or say "
                    f"'x-tenant: false' on {quoted(prop)}, if that is what you mean"
                )
                found.warning("tenant-left-out", message, stored.node.key_position, hint=hint)
                break


def _references(name: str, storage: Storage) -> Iterator[tuple[str, str]]:
    """The properties of a schema that refer to rows of another, with its name."""
    for prop, node in storage.properties(name).items():
        if is_off(node.get(_WORD)):
            continue
        said = node.get("x-references")
        if said is not None:
            yield prop, said.text or said.string("schema")
            continue
        stem, _, last = names.snake(prop).rpartition("_")
        if last == "id" and stem:
            yield from ((prop, known) for known in storage.stored if names.snake(known) == stem)

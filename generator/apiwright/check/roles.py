"""Roles and the scopes that they grant: `x-roles`, and operations that nobody could call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from apiwright.check.contract import Contract, Operation
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage
from apiwright.check.words import counted, quoted
from apiwright.load import Node
from apiwright.load.wording import shown


def declared_scopes(contract: Contract) -> dict[str, Node]:
    """The scopes of all OAuth2 schemes, in the order of the document."""
    found: dict[str, Node] = {}
    for written in contract.section("securitySchemes").values():
        found.update(scopes_of(contract.resolve(written)))
    return found


def scopes_of(scheme: Node) -> dict[str, Node]:
    """The scopes of an OAuth2 scheme, those of all its flows."""
    found: dict[str, Node] = {}
    for flow in scheme.entries("flows").values():
        found.update(flow.entries("scopes"))
    return found


def check_scope(written: Node, known: Mapping[str, Node], found: Findings) -> None:
    """Report a scope that no scheme declares."""
    if written.text and written.text not in known:
        message = f"there is no scope {quoted(written.text)}"
        hint = found.meant(written.text, known) or "scopes are declared in the flows of the scheme"
        found.error("unknown-scope", message, written.position, hint=hint)


def check_roles(contract: Contract, found: Findings) -> None:
    """Check the roles: they include each other without end nowhere, and grant scopes there are."""
    first: Node | None = None
    for written in contract.section("securitySchemes").values():
        scheme = contract.resolve(written)
        roles = scheme.get("x-roles")
        if roles is None or roles is first:
            continue
        if first is not None:
            message = "roles are said twice, but accounts have the roles of one scheme"
            related = [(first.key_position, "the other roles")]
            found.error("two-roles", message, roles.key_position, related=related)
        first = first or roles
        for role in roles.mapping.values():
            for scope in role.list_of("scopes"):
                check_scope(scope, scopes_of(scheme), found)
        _check_includes(roles.mapping, found)
        _check_defaults(roles.mapping, found)


def _check_includes(roles: Mapping[str, Node], found: Findings) -> None:
    for name, role in roles.items():
        for included in role.list_of("includes"):
            if included.text and included.text not in roles:
                message = f"there is no role {quoted(included.text)}"
                hint = found.meant(included.text, roles)
                found.error("unknown-role", message, included.position, hint=hint)
            elif included.text and name in _reached(included.text, roles):
                message = f"the role {quoted(name)} includes itself"
                if included.text != name:
                    message += f", by way of {quoted(included.text)}"
                found.error("role-cycle", message, included.position)


def _reached(name: str, roles: Mapping[str, Node]) -> set[str]:
    """The roles that a role includes, itself among them."""
    waiting, reached = [name], {name}
    while waiting:
        role = roles.get(waiting.pop())
        for included in role.list_of("includes") if role is not None else ():
            if included.text not in reached:
                reached.add(included.text)
                waiting.append(included.text)
    return reached


def _check_defaults(roles: Mapping[str, Node], found: Findings) -> None:
    marked = [role.mapping["default"] for role in roles.values() if role.flag("default")]
    for second in marked[1:]:
        message = "two roles are that of new accounts"
        related = [(marked[0].key_position, "the other one")]
        found.error("two-default-roles", message, second.key_position, related=related)


def check_role_names(storage: Storage, found: Findings) -> None:
    """The roles are those that the accounts can have: the values of the property for it."""
    roles = _roles(storage.contract)
    values = {value.text: value for value in _role_values(storage) if value.text}
    if roles is None or not values:
        return
    for name, role in roles.mapping.items():
        if name not in values:
            message = f"no account can have the role {quoted(name)}"
            hint = found.meant(name, values)
            related = [(next(iter(values.values())).position, "the roles of accounts")]
            found.error("unknown-role", message, role.key_position, hint=hint, related=related)
    for name, value in values.items():
        if name not in roles.mapping:
            message = f"the role {quoted(name)} grants nothing: 'x-roles' doesn't know it"
            hint = found.meant(name, roles.mapping)
            found.warning("idle-role", message, value.position, hint=hint)


def _roles(contract: Contract) -> Node | None:
    for written in contract.section("securitySchemes").values():
        roles = contract.resolve(written).get("x-roles")
        if roles is not None and roles.mapping:
            return roles
    return None


def _role_values(storage: Storage) -> Iterable[Node]:
    node = storage.role_property()
    if node is None:
        return ()
    view = storage.views.of(node)
    return storage.views.of(view.items).enum if view.is_array else view.enum


@dataclass(frozen=True, slots=True)
class _Need:
    """A scope that an operation needs, where it is written."""

    scope: str
    node: Node
    operation: Operation


def check_granted(storage: Storage, found: Findings) -> None:
    """Warn of scopes that no role grants, for nobody could ever call what needs them."""
    granted, declared = _granted(storage), declared_scopes(storage.contract)
    needs: dict[str, list[_Need]] = {}
    for operation in storage.contract.operations:
        for need in _hopeless(operation, storage.contract, granted):
            if need.scope in declared:
                needs.setdefault(need.scope, []).append(need)
    for scope, needing in needs.items():
        first, others = needing[0], len({id(need.operation.node) for need in needing}) - 1
        also = f" and {counted(others, 'other operation')}" if others else ""
        found.warning(
            "ungranted-scope",
            f"nobody can call {shown(first.operation.label)}{also}: no role grants {quoted(scope)}",
            first.node.position,
            hint=f"say in the scheme who has it: x-roles: {{member: {{scopes: [{shown(scope)}]}}}}",
        )


def _granted(storage: Storage) -> set[str]:
    """Every scope that some account can have."""
    roles = _roles(storage.contract)
    if roles is None:
        return set()
    usable: Iterable[str] = roles.mapping
    if storage.identity and storage.role_property() is None:
        usable = [name for name, role in roles.mapping.items() if role.flag("default")]
    reached = {name for role in usable for name in _reached(role, roles.mapping)}
    return {
        scope.text
        for name in reached & roles.mapping.keys()
        for scope in roles.mapping[name].list_of("scopes")
    }


def _hopeless(operation: Operation, contract: Contract, granted: set[str]) -> Iterator[_Need]:
    """The scopes that shut everybody out of an operation, if every way in needs one."""
    written = operation.node.get("security") or contract.root.get("security")
    ways = written.items if written is not None else []
    missing = [list(_missing(way, operation, contract, granted)) for way in ways]
    if missing and all(missing):
        yield from (need for needs in missing for need in needs)


def _missing(
    way: Node, operation: Operation, contract: Contract, granted: set[str]
) -> Iterator[_Need]:
    for name, scopes in way.mapping.items():
        scheme = contract.section("securitySchemes").get(name)
        flows = contract.resolve(scheme).entries("flows") if scheme is not None else {}
        if "password" not in flows:
            continue
        for scope in scopes.items:
            if scope.text and scope.text not in granted:
                yield _Need(scope.text, scope, operation)

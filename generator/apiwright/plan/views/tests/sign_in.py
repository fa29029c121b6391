"""Tests of signing in: the accounts that do, and the operations for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.operations import (
    LogoutAction,
    Operation,
    PasswordAction,
    RefreshAction,
    TokenAction,
)
from apiwright.ir.shapes import properties
from apiwright.ir.storage import Column, ColumnType, Entity
from apiwright.plan.views.services.accounts import (
    TOKEN_FIELDS,
    refuses_with_401,
    refuses_with_403,
)
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.people import Guard
from apiwright.plan.views.tests.scene import Scene
from apiwright.understand.exchange import answer_schema, body_content


@dataclass(frozen=True, slots=True)
class AccountTestsView:
    """The accounts that tests sign in with.

    `values` are attributes that an account needs to sign in, and what they are given. `fold` makes
    of a login another text that is the same to the service. `someone` is a key that no account has.
    """

    factory: Code
    values: tuple[tuple[Code, Code], ...]
    login: Code
    fold: Code
    someone: Code


@dataclass(frozen=True, slots=True)
class GrantView:
    """An operation that gives tokens: its call with a `body`, and where its answer has them.

    `scope` is the property that asks for less than everything; empty where there is none.
    """

    body: Code
    call: Code
    status: Code
    refused: Code
    access: str
    refresh: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChangeView:
    """A call that changes a password, and the status for whoever doesn't know the present one."""

    body: Code
    call: Code
    refused: Code


@dataclass(frozen=True, slots=True)
class SignInTestsView:
    """The operations that tests of signing in call; `guarded` and `scoped` are ids of some.

    `demoted` is what an account is given so that it has no role for the scoped one any more.
    """

    token: GrantView
    refresh: GrantView | None
    logout: Code
    password: PasswordChangeView | None
    guarded: str
    scoped: str
    demoted: Code


def account_tests_view(kit: Kit) -> AccountTestsView | None:
    """The accounts of a service; None where tests can't make any."""
    entity = kit.service.identity
    if entity is None or entity.identity is None or not kit.people.known:
        return None
    login = entity.column(entity.identity.login)
    folded = any(rule.columns == (login.name,) and rule.ignore_case for rule in entity.uniques)
    return AccountTestsView(
        factory=kit.rows.factory(entity.name),
        values=kit.people.account_values(literal(kit.people.usual_role)),
        login=ident(login.attribute),
        fold=constant(".upper()" if folded else ""),
        someone=absent_key(entity.key_column),
    )


def sign_in_tests_view(kit: Kit) -> SignInTestsView | None:
    """The operations; None where a test can't sign in, and see what it is good for."""
    operations = list(kit.service.operations.values())
    token = next((view for o in operations for view in _token(kit, o)), None)
    guarded = _example(kit, scoped=False)
    if token is None or guarded is None:
        return None
    scoped = _example(kit, scoped=True)
    lost = demoted(kit, scoped) if scoped is not None else None
    return SignInTestsView(
        token=token,
        refresh=next((view for o in operations for view in _refresh(kit, o)), None),
        logout=next((view for o in operations for view in _logout(kit, o)), constant("")),
        password=next((view for o in operations for view in _password(kit, o)), None),
        guarded=guarded.id,
        scoped=scoped.id if scoped is not None else "",
        demoted=lost or constant(""),
    )


def absent_key(column: Column) -> Code:
    """A key that no row of a test has."""
    if column.type is ColumnType.UUID:
        return constant("uuid4()")
    whole = column.type in {ColumnType.INT32, ColumnType.INT64}
    return literal(2**31 - 1 if whole else "no-such-key")


def _token(kit: Kit, operation: Operation) -> Iterator[GrantView]:
    action = operation.action
    if isinstance(action, TokenAction):
        known = {action.login: "login", action.password: "password"}
        yield from _grant(kit, operation, known, wire_name(kit, operation, action.scope))


def _refresh(kit: Kit, operation: Operation) -> Iterator[GrantView]:
    action = operation.action
    if isinstance(action, RefreshAction):
        yield from _grant(kit, operation, {action.token: "token"})


def _grant(
    kit: Kit, operation: Operation, known: dict[str, str], scope: str = ""
) -> Iterator[GrantView]:
    """The view of an operation; `known` maps attributes of its body to variables of the test."""
    scene = Scene(kit, operation)
    path, payload = scene.nowhere(), kit.samples.body(operation)
    example = payload.value if payload is not None else None
    answer = answer_schema(operation)
    if scene.status is None or path is None or not isinstance(example, dict) or answer is None:
        return
    shown = {
        TOKEN_FIELDS[names.snake(name)]: name
        for name in properties(answer, kit.service.schemas)
        if names.snake(name) in TOKEN_FIELDS
    }
    if "pair.access_token" not in shown:
        return
    variables = {wire_name(kit, operation, name): ident(known[name]) for name in known}
    sent = {name: value for name, value in example.items() if name != scope}
    yield GrantView(
        body=scene.body(sent, variables),
        call=scene.call(path, body=constant("body")),
        status=scene.status,
        refused=literal(401 if refuses_with_401(operation) else 400),
        access=shown["pair.access_token"],
        refresh=shown.get("pair.refresh_token", ""),
        scope=scope,
    )


def _logout(kit: Kit, operation: Operation) -> Iterator[Code]:
    """The call that signs a `caller` out, who has the usual role."""
    scene = Scene(kit, operation)
    path = scene.nowhere()
    usual = kit.people.role(operation) == kit.people.usual_role
    if isinstance(operation.action, LogoutAction) and usual and path is not None:
        scene.sign_in()
        yield scene.call(path)


def _password(kit: Kit, operation: Operation) -> Iterator[PasswordChangeView]:
    """The call by which a `caller` changes the password, from `current` to `new`."""
    action = operation.action
    if not isinstance(action, PasswordAction):
        return
    scene = Scene(kit, operation)
    path, payload = scene.nowhere(), kit.samples.body(operation)
    example = payload.value if payload is not None else None
    usual = kit.people.role(operation) == kit.people.usual_role
    if not usual or path is None or not isinstance(example, dict):
        return
    variables = {
        wire_name(kit, operation, action.current): constant("current"),
        wire_name(kit, operation, action.new): constant("new"),
    }
    scene.sign_in()
    yield PasswordChangeView(
        body=scene.body(example, variables),
        call=scene.call(path, body=constant("body")),
        refused=literal(403 if refuses_with_403(operation) else 400),
    )


def wire_name(kit: Kit, operation: Operation, attribute: str) -> str:
    """What an attribute of the body is called on the wire."""
    content = body_content(operation)
    if content is None or content.schema is None:
        return ""
    found = properties(content.schema, kit.service.schemas)
    return next((name for name, prop in found.items() if prop.attribute == attribute), "")


def _example(kit: Kit, *, scoped: bool) -> Operation | None:
    """An operation that shows whether a token is good for something, and changes little."""
    people = kit.people
    fitting = [
        operation
        for operation in kit.service.operations.values()
        if operation.method != "delete"
        and not isinstance(operation.action, LogoutAction)
        and people.guard(operation) is Guard.CALLER
        and people.by_token(operation)
        and people.role(operation) is not None
        and kit.requests.has(operation)
        and (people.scopes(operation) or not scoped)
    ]
    return min(fitting, key=lambda operation: operation.method != "get", default=None)


def demoted(kit: Kit, operation: Operation) -> Code | None:
    """What takes the role for an operation away from an account; None where nothing does."""
    entity: Entity | None = kit.service.identity
    if entity is None or entity.identity is None or not entity.identity.roles:
        return None
    attribute = ident(entity.column(entity.identity.roles).attribute)
    if entity.identity.roles_many:
        return compose("{}=[]", attribute)
    others = [kit.people.role(without=scope) for scope in sorted(kit.people.scopes(operation))]
    return next((compose("{}={}", attribute, literal(o)) for o in others if o is not None), None)

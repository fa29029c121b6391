"""Methods about accounts: tokens, passwords, resets."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright import names
from apiwright.code import constant, ident
from apiwright.ir.operations import (
    LogoutAction,
    Operation,
    PasswordAction,
    RefreshAction,
    ResetAction,
    ResetRequestAction,
    TokenAction,
)
from apiwright.ir.service import Service
from apiwright.ir.shapes import properties
from apiwright.plan.views.services.known import Known
from apiwright.plan.views.services.methods import (
    Assignment,
    PasswordMethod,
    ResetMethod,
    SignInMethod,
)
from apiwright.plan.views.signatures import signature
from apiwright.understand.exchange import answer_schema

TOKEN_FIELDS = {
    "access_token": "pair.access_token",
    "token": "pair.access_token",
    "token_type": "BEARER",
    "expires_in": "self.context.settings.access_token_seconds",
    "refresh_token": "pair.refresh_token",
    "scope": "pair.scope",
}
"""What the properties of an answer with tokens say, by their names in snake case."""


def sign_in_method(
    operation: Operation, action: TokenAction | RefreshAction | LogoutAction, known: Known
) -> SignInMethod:
    """A method that gives tokens, or takes them back."""
    none = constant("")
    login, password, scope = none, none, none
    if isinstance(action, TokenAction):
        login, password = ident(action.login), ident(action.password)
        scope = ident(action.scope) if action.scope else none
    success = operation.success
    returns = signature(operation, known.service, known.classes).returns
    return SignInMethod(
        login=login,
        password=password,
        scope=scope,
        token=ident(action.token) if isinstance(action, RefreshAction) else none,
        answer=tuple(_token_fields(operation, known.service)),
        view=returns if success is not None and success.contents else none,
        failure=constant("NotAuthenticated" if refuses_with_401(operation) else "BadRequest"),
    )


def password_method(operation: Operation, action: PasswordAction, known: Known) -> PasswordMethod:
    """Whoever doesn't know the password is signed in all the same: 401 would be misread."""
    success = operation.success
    account = signature(operation, known.service, known.classes).returns
    return PasswordMethod(
        current=ident(action.current),
        new=ident(action.new),
        view=account if success is not None and success.contents else constant(""),
        failure=constant("Forbidden" if refuses_with_403(operation) else "BadRequest"),
    )


def reset_method(
    operation: Operation, action: ResetRequestAction | ResetAction, known: Known
) -> ResetMethod:
    """A method that sends a token for a new password, or takes it."""
    none = constant("")
    failure = constant("BadRequest" if refuses_with_400(operation) else "NotAuthenticated")
    if isinstance(action, ResetAction):
        return ResetMethod(
            login=none,
            token=ident(action.token),
            new=ident(action.new),
            service=none,
            failure=failure,
        )
    home = next(r for r in known.service.resources if operation.id in r.operations)
    return ResetMethod(
        login=ident(action.login),
        token=none,
        new=none,
        service=ident(home.service_class),
        failure=failure,
    )


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


def _token_fields(operation: Operation, service: Service) -> Iterator[Assignment]:
    answer = answer_schema(operation)
    for name, prop in properties(answer, service.schemas).items() if answer else ():
        value = TOKEN_FIELDS.get(names.snake(name))
        if value is not None:
            yield Assignment(ident(prop.attribute), constant(value))

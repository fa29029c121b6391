"""What handlers depend on: who calls, and the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import SecurityScopes
from sqlalchemy import SQLColumnExpression, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.binding import body_first
from app.database import get_db
from app.errors import Forbidden, NotAuthenticated
from app.models import User
from app.models.session import AuthSession
from app.services import bindings
from app.services.base import Caller, Context
from app.utils.addresses import address_of
from app.utils.conditions import conditions_of
from app.utils.roles import granted
from app.utils.security import AccessToken, InvalidTokenError, Tokens

DbSession = Annotated[AsyncSession, Depends(get_db)]


async def authenticate(request: Request, session: DbSession, needed: SecurityScopes) -> Caller:
    """The caller, who has a good access token and every scope in `needed`.

    Account and session are looked up every time, so that whoever is signed out, shut out or has
    lost a role is so at once.
    """
    token = access_token(request)
    await body_first(request)
    found = (
        await session.execute(
            select(User, AuthSession.scope)
            .join(AuthSession, AuthSession.account_id == User.id)
            .where(*lets_in(token.session, token.subject))
        )
    ).one_or_none()
    if found is None:
        raise NotAuthenticated(challenge='Bearer error="invalid_token"')
    account, session_scope = found
    scopes = permitted(token, session_scope, granted(account.roles), needed.scopes)
    caller = Caller(account, token.session, scopes)
    request.state.caller = caller
    return caller


def nobody() -> None:
    """Lets nobody in: the contract asks for a kind of authentication that nothing here knows."""
    raise NotAuthenticated


def lets_in(session_id: Any, account_id: Any) -> tuple[SQLColumnExpression[bool], ...]:
    """The conditions under which a session lets its account in; both may be parameters."""
    return (
        AuthSession.id == session_id,
        AuthSession.revoked_at.is_(None),
        User.id == account_id,
        User.is_active,
    )


def permitted(
    token: AccessToken, session_scope: str, of_roles: frozenset[str], needed: Sequence[str]
) -> frozenset[str]:
    """The scopes that hold for a request; raises Forbidden if one that is needed is missing."""
    scopes = token.scopes & frozenset(session_scope.split()) & of_roles
    if not scopes.issuperset(needed):
        raise Forbidden(headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'})
    return scopes


def access_token(request: Request) -> AccessToken:
    """What the token of a request says; raises NotAuthenticated without a good one."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise NotAuthenticated
    tokens: Tokens = request.app.state.tokens
    try:
        return tokens.read_access_token(text.strip())
    except InvalidTokenError as error:
        raise NotAuthenticated(challenge='Bearer error="invalid_token"') from error


def context(request: Request, session: DbSession) -> Context:
    """What the services of this request work with."""
    return Context(
        session=session,
        settings=request.app.state.settings,
        passwords=request.app.state.passwords,
        tokens=request.app.state.tokens,
        attempts=request.app.state.attempts,
        address=address_of(request),
        caller=getattr(request.state, "caller", None),
        conditions=conditions_of(request),
    )


RequestContext = Annotated[Context, Depends(context)]


def auth_service(context: RequestContext) -> bindings.AuthService:
    """The service behind the auth operations."""
    return bindings.AuthService(context)


def user_service(context: RequestContext) -> bindings.UserService:
    """The service behind the users operations."""
    return bindings.UserService(context)


def item_service(context: RequestContext) -> bindings.ItemService:
    """The service behind the items operations."""
    return bindings.ItemService(context)


AuthServiceDep = Annotated[bindings.AuthService, Depends(auth_service)]
UserServiceDep = Annotated[bindings.UserService, Depends(user_service)]
ItemServiceDep = Annotated[bindings.ItemService, Depends(item_service)]

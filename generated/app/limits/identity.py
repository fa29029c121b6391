"""Who a request is counted for."""

from __future__ import annotations

from starlette.requests import Request

from app.api.dependencies import access_token
from app.errors import NotAuthenticated
from app.limits.policies import Per
from app.utils.addresses import address_of

AUTHORIZATION = b"authorization"


def counted_for(request: Request, per: Per) -> str:
    """The caller as a limit sees it: the account, or the address where nobody is signed in.

    An account is known by a token that we have signed; nothing is looked up.
    """
    # To look for a token costs strangers less than to miss it.
    if per is Per.USER and any(name == AUTHORIZATION for name, _ in request.scope["headers"]):
        try:
            return f"user {access_token(request).subject}"
        except NotAuthenticated:
            pass
    return f"address {address_of(request)}"

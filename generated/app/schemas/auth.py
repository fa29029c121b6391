"""Shapes on the wire: auth."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.schemas.base import ApiModel


class PasswordGrant(ApiModel):
    """The form of RFC 6749 section 4.3.2."""

    grant_type: Literal["password"] | None = None
    username: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=128)]
    scope: Annotated[str | None, Field(max_length=500)] = None


class RefreshGrant(ApiModel):
    """The refresh token to exchange."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(max_length=200, min_length=1)]


class Token(ApiModel):
    """A pair of tokens (RFC 6749 section 5.1)."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str
    scope: str

"""The limits of the contract, by operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Per(Enum):
    """Who a limit counts the requests of."""

    ADDRESS = "address"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `quota` requests in `window` seconds, `burst` of them at once.

    Operations that have a limit of the same name share it.
    """

    name: str
    quota: int
    window: int
    burst: int
    per: Per


DEFAULT = Limit("default", 60000, 60, 60000, Per.USER)
SIGN_IN = Limit("sign-in", 30, 60, 30, Per.ADDRESS)
REFRESH = Limit("refresh", 60, 60, 60, Per.ADDRESS)
REGISTER = Limit("register", 60, 3600, 60, Per.ADDRESS)

LIMITS: Mapping[str, Sequence[Limit]] = {
    "createToken": (DEFAULT, SIGN_IN),
    "refreshToken": (DEFAULT, REFRESH),
    "logout": (DEFAULT,),
    "listUsers": (DEFAULT,),
    "registerUser": (DEFAULT, REGISTER),
    "readMe": (DEFAULT,),
    "updateMe": (DEFAULT,),
    "deleteMe": (DEFAULT,),
    "changePassword": (DEFAULT,),
    "readUser": (DEFAULT,),
    "updateUser": (DEFAULT,),
    "deleteUser": (DEFAULT,),
    "listItems": (DEFAULT,),
    "createItem": (DEFAULT,),
    "readItem": (DEFAULT,),
    "replaceItem": (DEFAULT,),
    "updateItem": (DEFAULT,),
    "deleteItem": (DEFAULT,),
    "restoreItem": (DEFAULT,),
    "reserveItem": (DEFAULT,),
}

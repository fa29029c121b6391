"""Limits: how many requests a caller may make."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Per(Enum):
    """Who a limit counts the requests of; where there is no such identity, the one before it."""

    ADDRESS = "address"
    USER = "user"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `quota` requests in `window` seconds, `burst` of them at once.

    Operations that have a limit of the same `name` share it; `origin` says in words for people
    where it comes from.
    """

    name: str
    quota: int
    window: int
    burst: int
    per: Per
    origin: str

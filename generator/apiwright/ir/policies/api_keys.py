"""API keys: rows that let programs in, in the name of the account that they belong to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """How a service keeps API keys, and where requests carry them.

    `entity` has a row for each key; `shown` is the attribute by which the answer that makes a key
    shows it, the only time. The others are columns: the `digest` of the key, its `owner`, its
    `scopes`, and, if there are such, when it `expires`, when it was `last_used`, and its `start`,
    by which people recognise it. `header` carries it, as every scheme in `schemes` says.
    """

    entity: str
    shown: str
    digest: str
    owner: str
    scopes: str
    header: str
    schemes: tuple[str, ...]
    expires: str = ""
    last_used: str = ""
    start: str = ""

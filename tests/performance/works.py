"""What is asked of every variant, and that all of them answer the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apiwright.bench.measure import exchange, look
from apiwright.bench.plan import Exchange
from tests.performance.scene import CREATED
from tests.performance.variants import FLOOR, OFFERS, OURS

LIST, APART, ONE, CREATE, EMBEDDED = "list", "apart", "one", "create", "embedded"
TITLES = {
    LIST: "list of 20",
    APART: "lists of 20, all different",
    ONE: "one item",
    CREATE: "create",
    EMBEDDED: "list of 20 with owner embedded",
}
# Times that end in zeros are written shorter by some.
TOLERANCE = 12


@dataclass(frozen=True)
class Works:
    """The requests of each kind of work: the keys of some items, and a token to create with."""

    keys: tuple[str, ...]
    token: str

    def exchanges(self, url: str, work: str) -> tuple[Exchange, ...]:
        """The requests of a kind of work, with the lengths that their answers have now."""
        if work == LIST:
            return (exchange(f"{url}/api/v1/items/"),)
        if work == APART:
            # No two of those that are under way ask for the same, so that none can share an answer.
            return tuple(
                exchange(f"{url}/api/v1/items/?offset={offset}") for offset in range(len(self.keys))
            )
        if work == EMBEDDED:
            return (exchange(f"{url}/api/v1/offers/"),)
        if work == ONE:
            return tuple(exchange(f"{url}/api/v1/items/{key}") for key in self.keys)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        made = exchange(
            f"{url}/api/v1/items/",
            method="POST",
            headers=headers,
            body=json.dumps(NEW).encode(),
            status=201,
            tolerance=TOLERANCE,
        )
        return (made,)


NEW = {
    "title": CREATED,
    "description": "Made in 1931, kept well, with a few marks of use; see the third photograph.",
    "price": "19.99",
    "quantity": 12,
    "tags": ["office", "brass"],
}


def does(variant: str, work: str) -> bool:
    """Whether a variant does a kind of work: two generated services share it, by contract."""
    if work == EMBEDDED:
        return variant != OURS
    return variant != OFFERS


def answers(url: str, work: str, key: str) -> list[Any]:
    """The items that a variant answers with, in a form that can be compared: times as moments."""
    path = {LIST: "items/", EMBEDDED: "offers/", ONE: f"items/{key}"}[work]
    status, content = look(f"{url}/api/v1/{path}")
    assert status == 200, content
    found = json.loads(content)
    return [_plain(item) for item in found.get("items", [found])]


def protects(variant: str, url: str) -> bool:
    """Whether a request without a token creates nothing."""
    if variant == FLOOR:
        return True
    headers = {"Content-Type": "application/json"}
    body = json.dumps(NEW).encode()
    status, _ = look(f"{url}/api/v1/items/", method="POST", headers=headers, body=body)
    return status == 401


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if name.endswith("_at") and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value

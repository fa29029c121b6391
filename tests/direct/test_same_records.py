"""Writes in one statement leave the same events and entries behind as those with a session."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx2
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.direct.conftest import Both
from tests.direct.samples import SAMPLE

CHANGED = (
    "title",
    "note",
    "small",
    "double",
    "amount",
    "price",
    "day",
    "moment",
    "raw",
    "free",
    "words",
    "counts",
    "key",
)
DECIMALS = {"amount", "price"}
"""Of a new row the typed service knows them with the digits that were sent, not those stored."""
OWN = {"id", "made_at"}
WRITERS = 20


@pytest.fixture
def a_sample() -> dict[str, Any]:
    """A sample that is nothing special."""
    return {
        "title": "first", "note": None, "number": 1, "small": None, "double": 0.5,
        "amount": "1.50", "price": None, "flag": True, "day": "2026-01-15", "moment": None,
        "raw": "", "free": {}, "state": "new", "words": [], "counts": [],
        "key": "00000000-0000-0000-0000-000000000000",
    }  # fmt: skip


@pytest.fixture(scope="module")
def database(both: Both) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(both.database_url, autocommit=True) as connection:
        yield connection


def entries(database: psycopg.Connection[Any], key: str) -> list[Any]:
    """The audit entries of a row, without what two rows never share."""
    found = database.execute(
        "SELECT action, operation, resource, account, request_id IS NOT NULL, before, after "
        "FROM audit_entries WHERE key = %s ORDER BY id",
        [key],
    )
    return [(*row[:5], plain(row[5]), plain(row[6])) for row in found]


def events(database: psycopg.Connection[Any], key: str) -> list[Any]:
    """The events of a row, without what two rows never share."""
    found = database.execute(
        "SELECT type, aggregate, request_id IS NOT NULL, payload "
        "FROM outbox_events WHERE aggregate_key = %s ORDER BY position",
        [key],
    )
    return [(*row[:3], plain(row[3])) for row in found]


def plain(values: Any) -> Any:
    """Values of a row that can be compared with those of another."""
    if values is None:
        return None
    numbers = {name: Decimal(str(values[name])) for name in DECIMALS & set(values) if values[name]}
    if "double" in values:
        # Written with as many digits as it takes to tell it from others, or with all.
        numbers["double"] = Decimal(float(values["double"]))
    gone = {"deleted_at": values["deleted_at"] is not None} if "deleted_at" in values else {}
    return {name: value for name, value in (values | numbers | gone).items() if name not in OWN}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sample=SAMPLE, other=SAMPLE, changed=st.sets(st.sampled_from(CHANGED)))
def test_both_ways_leave_the_same_behind(
    both: Both,
    database: psycopg.Connection[Any],
    sample: dict[str, Any],
    other: dict[str, Any],
    changed: set[str],
) -> None:
    """A row is made, changed (or not), and deleted."""
    left = []
    change = {name: other[name] for name in sorted(changed)}
    for client in (both.direct, both.typed):
        key = both.made("/samples", sample, directly=client is both.direct)["id"]
        for body in (change, change, {}):
            answer = client.patch(
                f"/samples/{key}",
                content=json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            assert answer.status_code == 200, answer.text
        assert client.delete(f"/samples/{key}").status_code == 204
        left.append((entries(database, key), events(database, key)))
    for which in (0, 1):
        for first, second in zip(left[0][which], left[1][which], strict=True):
            assert first == second
    names = [event[0] for event in left[0][1]]
    differs = any(sample[name] != value for name, value in change.items())
    assert names[0] == "sample.created"
    assert names[-1] == "sample.deleted"
    assert len(names) == 2 or differs


def test_an_event_shows_what_belongs_to_its_row(
    both: Both, database: psycopg.Connection[Any], a_sample: dict[str, Any]
) -> None:
    """Relations are in it, whichever way the row was made."""
    sample = both.made("/samples", a_sample, directly=True)
    found = []
    for directly in (True, False):
        label = both.made("/labels", {"text": "t", "sample_id": sample["id"]}, directly=directly)
        [told] = events(database, str(label["id"]))
        assert told[3]["sample"]["id"] == sample["id"]
        found.append(told)
    assert found[0] == found[1]


def test_what_was_before_is_what_the_one_before_has_left(
    both: Both, database: psycopg.Connection[Any], a_sample: dict[str, Any]
) -> None:
    """Writers of one row at once, both ways: the trail is a chain, and events are in its order."""
    key = both.made("/samples", a_sample, directly=True)["id"]
    start = threading.Barrier(WRITERS)

    def write(at: int) -> int:
        with httpx2.Client(base_url=(both.direct, both.typed)[at % 2].base_url) as client:
            start.wait(30)
            return client.patch(f"/samples/{key}", json={"title": f"title {at}"}).status_code

    with ThreadPoolExecutor(WRITERS) as pool:
        assert set(pool.map(write, range(WRITERS))) == {200}
    trail = [entry for entry in entries(database, key) if entry[0] == "updated"]
    assert len(trail) == WRITERS
    titles = [a_sample["title"], *(entry[6]["title"] for entry in trail)]
    assert [entry[5]["title"] for entry in trail] == titles[:-1]
    told = [event[3]["title"] for event in events(database, key)]
    assert told == titles

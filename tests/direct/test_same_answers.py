"""PostgreSQL's own answers and those of typed objects are the same JSON, whatever the rows hold."""

from __future__ import annotations

import base64
import json
import string
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.direct.conftest import Both

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
NUMBER = st.integers(-(2**63), 2**63 - 1)
CENTS = st.integers(0, 10_000_000)
MOMENT = st.datetimes(
    datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)  # noqa: DTZ001 - hypothesis wants them naive
)  # fmt: skip
FREE = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)
SAMPLE = st.fixed_dictionaries(
    {
        "title": TEXT.filter(bool),
        "note": st.none() | TEXT,
        "number": NUMBER,
        "small": st.none() | st.integers(-(2**31), 2**31 - 1),
        "double": st.floats(allow_nan=False, allow_infinity=False),
        "amount": CENTS.map(lambda cents: f"{Decimal(cents) / 100:.2f}"),
        "price": st.none() | CENTS.map(lambda cents: cents / 100),
        "flag": st.booleans(),
        "day": st.dates(date(1, 1, 2), date(9999, 12, 30)).map(str),
        "moment": st.none() | MOMENT.map(lambda moment: moment.isoformat()),
        "raw": st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()),
        "free": FREE,
        "state": st.sampled_from(["new", "in use", 'worn "out"']),
        "words": st.lists(TEXT, max_size=5),
        "counts": st.lists(NUMBER, max_size=5),
        "key": st.uuids().map(str),
    }
)


QUERIES: list[dict[str, Any]] = [
    {},
    {"limit": 3, "offset": 2},
    {"limit": 2, "sort": ["-amount", "title"]},
    {"limit": 3, "sort": ["number"]},
    {"flag": "true"},
    {"state": ["new", 'worn "out"']},
    {"min_amount": "500.00", "sort": ["-day"]},
    {"moment_to": "2026-01-01T00:00:00+01:00"},
    {"q": "a", "limit": 50},
    {"q": "?!"},
    {"word": "a"},
]


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sample=SAMPLE, directly=st.booleans(), query=st.sampled_from(QUERIES))
def test_rows_look_the_same(
    both: Both, sample: dict[str, Any], directly: bool, query: dict[str, Any]
) -> None:
    """Made either way, a row comes back the same both ways, alone and in lists, as it was sent."""
    made = both.made("/samples", sample, directly=directly)
    assert both.get(f"/samples/{made['id']}") == made
    told = json.loads(json.dumps(sample), parse_float=Decimal)
    for name in set(sample) - {"double", "moment", "free"}:
        assert made[name] == told[name], name
    assert made["double"] == sample["double"]
    if sample["moment"] is not None:
        assert datetime.fromisoformat(made["moment"]) == datetime.fromisoformat(sample["moment"])
    both.get(f"/samples?{urlencode(query, doseq=True)}")


def test_cursors_lead_to_the_same_pages(both: Both) -> None:
    """A cursor of one is good for the other; every row is there once."""
    for at in range(12):
        letters = string.ascii_letters[at] * 3
        sample: dict[str, Any] = {
            "title": letters, "note": None, "number": at % 3, "small": None, "double": 0.5,
            "amount": f"{at % 4}.50", "price": None, "flag": True, "day": "2026-01-15",
            "moment": None, "raw": "", "free": {}, "state": "new", "words": [], "counts": [],
            "key": "00000000-0000-0000-0000-000000000000",
        }  # fmt: skip
        both.made("/samples", sample, directly=bool(at % 2))
    for order in ("amount", "-amount", "title", "-number"):
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 5, "sort": order}
        while True:
            page = both.get(f"/samples?{urlencode(query)}")
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert len(seen) == len(set(seen)) == page["total"]


def test_relations_look_the_same(both: Both) -> None:
    """A row within another, the keys of many; a null that the contract leaves out is left out."""
    sample = json.loads(
        json.dumps(
            {
                "title": 'A "quoted" \\ title', "note": "n", "number": 2**63 - 1, "small": 1,
                "double": 1e300, "amount": "0.10", "price": 0.1, "flag": False,
                "day": "0001-01-02", "moment": "2026-01-15T12:00:00.5Z", "raw": "AP8=",
                "free": {"a": [None, {"b": 1}]}, "state": 'worn "out"', "words": ["", 'x"y', "ü"],
                "counts": [0, -(2**63)], "key": "00000000-0000-0000-0000-000000000001",
            }
        )
    )  # fmt: skip
    keys = [both.made("/samples", sample, directly=True)["id"] for _ in range(3)]
    label = both.made("/labels", {"text": "t", "sample_id": keys[0]}, directly=True)
    assert label["sample"] == both.get(f"/samples/{keys[0]}")
    assert both.get(f"/labels/{label['id']}") == label
    maker = both.made("/makers", {"name": "M", "sampleIds": keys[:2]}, directly=False)
    bare = both.made("/makers", {"name": "N", "motto": "fast"}, directly=False)
    shown = both.get(f"/makers/{maker['id']}")
    assert "motto" not in shown
    assert shown["sampleIds"] == sorted(keys[:2])
    assert both.get(f"/makers/{bare['id']}") == {**bare, "sampleIds": []}
    assert both.get("/makers")

"""Samples of every kind of column, made up by Hypothesis."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import strategies as st

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

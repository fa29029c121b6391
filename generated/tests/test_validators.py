"""Values that are stored exactly as they were sent, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.utils.validators import (
    Base64,
    CalendarDate,
    DecimalNumber,
    DecimalText,
    JsonValue,
    Timestamp,
)

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "sent", "kept", "shown"),
    [
        (CalendarDate, "2026-01-15", date(2026, 1, 15), "2026-01-15"),
        (CalendarDate, "0001-01-02", date(1, 1, 2), "0001-01-02"),
        (Timestamp, "2026-01-15T12:00:00Z", NOON, "2026-01-15T12:00:00+00:00"),
        (Timestamp, "2026-01-15T13:30:00+01:30", NOON, "2026-01-15T12:00:00+00:00"),
        (
            Timestamp,
            "2026-01-15T12:00:00.000001Z",
            NOON.replace(microsecond=1),
            "2026-01-15T12:00:00.000001+00:00",
        ),
        (DecimalText, "19.90", Decimal("19.90"), "19.90"),
        (DecimalText, Decimal("1e-5"), Decimal("0.00001"), "0.00001"),
        (DecimalNumber, Decimal("19.5"), Decimal("19.5"), 19.5),
        (Base64, "AP8=", b"\x00\xff", "AP8="),
        (Base64, "", b"", ""),
        (JsonValue, {"a": [Decimal("1.5"), 2, None, "x"]}, {"a": [1.5, 2, None, "x"]}, None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_values_are_kept_as_sent(kind: Any, sent: Any, kept: Any, shown: Any) -> None:
    """What the database can hold goes in and comes out as it was."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    found = adapter.validate_python(sent)
    assert found == kept
    if shown is not None:
        assert adapter.dump_python(found, mode="json") == shown


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (CalendarDate, "0001-01-01"),
        (CalendarDate, "9999-12-31"),
        (CalendarDate, "2026-02-30"),
        (Timestamp, "2026-01-15T12:00:00"),
        (Timestamp, "2026-01-15T12:00:00.0000001Z"),
        (Timestamp, "0001-01-01T00:00:00Z"),
        (Timestamp, "0001-01-01T00:00:00+12:00"),
        (Timestamp, "9999-12-31T23:59:59-12:00"),
        (DecimalText, "NaN"),
        (DecimalText, Decimal("Infinity")),
        (DecimalText, Decimal("1e2000")),
        (DecimalNumber, Decimal("1e-2000")),
        (Base64, "AP8"),
        (Base64, "A*8="),
        (Base64, 17),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_would_be_changed_is_refused(kind: Any, sent: Any) -> None:
    """What the database would round, cut short or take for infinity is not stored at all."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(sent)

"""Types for values that Python and PostgreSQL would take, or keep, less exactly than sent."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer

FIRST_DATE = date(1, 1, 2)
LAST_DATE = date(9999, 12, 30)
"""PostgreSQL's driver takes the days before and after these for infinity."""

MOST_DIGITS = 1000
FRACTION = re.compile(r"\.\d{7,}")


def storable_date(value: date) -> date:
    """A date that the database keeps as it is."""
    if not FIRST_DATE <= value <= LAST_DATE:
        raise ValueError("too early or too late to be stored")
    return value


def microseconds_at_most(value: Any) -> Any:
    """A time that is no finer than the database keeps."""
    if isinstance(value, str) and FRACTION.search(value):
        raise ValueError("finer than a microsecond")
    return value


def in_utc(value: datetime) -> datetime:
    """The same time in UTC."""
    try:
        moved = value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("too early or too late to be stored") from error
    storable_date(moved.date())
    return moved


def storable_number(value: Decimal) -> Decimal:
    """A number with no more digits than the database keeps."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) + len(value.as_tuple().digits) > MOST_DIGITS:
        raise ValueError("too many digits to be stored")
    return value


def from_base64(value: Any) -> Any:
    """Bytes from their text (RFC 4648, section 4)."""
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not in base64") from error


def to_base64(value: bytes) -> str:
    """Bytes as text (RFC 4648, section 4)."""
    return base64.b64encode(value).decode()


def plain_numbers(value: Any) -> Any:
    """Free-form JSON with numbers as JSON's readers know them (RFC 8259, section 6)."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_numbers(item) for item in value]
    return value


def to_stored_text(value: datetime) -> str:
    """A time as PostgreSQL writes it in JSON, so that clients always see it the same."""
    whole, point, fraction = value.isoformat(timespec="microseconds")[:-6].partition(".")
    return f"{whole}{(point + fraction).rstrip('0').rstrip('.')}+00:00"


def to_plain_text(value: Decimal) -> str:
    """A number without an exponent, as PostgreSQL writes it."""
    return f"{value:f}"


CalendarDate = Annotated[date, AfterValidator(storable_date)]
Timestamp = Annotated[
    AwareDatetime,
    BeforeValidator(microseconds_at_most),
    AfterValidator(in_utc),
    PlainSerializer(to_stored_text, return_type=str, when_used="json-unless-none"),
]
DecimalText = Annotated[
    Decimal,
    AfterValidator(storable_number),
    PlainSerializer(to_plain_text, return_type=str, when_used="json-unless-none"),
]
DecimalNumber = Annotated[
    Decimal, AfterValidator(storable_number), PlainSerializer(float, return_type=float)
]
Base64 = Annotated[bytes, BeforeValidator(from_base64), PlainSerializer(to_base64, return_type=str)]
JsonValue = Annotated[Any, BeforeValidator(plain_numbers)]

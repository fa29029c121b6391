"""What the formats of a contract ask of a text, as the generated service checks it."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from jsonschema import FormatChecker

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_EMAIL = re.compile(rf"[A-Za-z0-9._%+-]+@{_LABEL}(?:\.{_LABEL})+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_REFERENCE = re.compile(r"[^\s<>\"{}|\\^`]*")
_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DURATION = re.compile(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def format_checker() -> FormatChecker:
    """Checks formats at least as strictly as the service does; others hold for any text."""
    checker = FormatChecker(formats=())
    for name, holds in _FORMATS.items():
        checker.checks(name)(_for_texts(holds))
    return checker


def _for_texts(holds: Callable[[str], object]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, str):
            return True
        try:
            return bool(holds(value))
        except (ValueError, InvalidOperation, binascii.Error):
            return False

    return check


def _is_date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and date.fromisoformat(text).year > 1


def _is_timestamp(text: str) -> bool:
    day, _, time = text.replace("t", "T").partition("T")
    clock = _TIME.fullmatch(time.upper()) is not None
    return clock and _is_date(day) and 1 < datetime.fromisoformat(text).year < 9999


_FORMATS: dict[str, Callable[[str], object]] = {
    "byte": lambda text: base64.b64decode(text, validate=True) or not text,
    "date": _is_date,
    "date-time": _is_timestamp,
    "decimal": lambda text: Decimal(text).is_finite(),
    "duration": _DURATION.fullmatch,
    "email": _EMAIL.fullmatch,
    "hostname": _HOST.fullmatch,
    "idn-email": _EMAIL.fullmatch,
    "idn-hostname": _HOST.fullmatch,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "iri": _URI.fullmatch,
    "iri-reference": _REFERENCE.fullmatch,
    "regex": re.compile,
    "time": lambda text: _TIME.fullmatch(text.upper()),
    "uri": _URI.fullmatch,
    "uri-reference": _REFERENCE.fullmatch,
    "uuid": lambda text: _UUID.fullmatch(text) and UUID(text),
}

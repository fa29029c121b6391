"""JSON as the service reads it: exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.utils.json import DEEPEST, JsonError, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b' {"a": [1, true, "x"]} ', {"a": [1, True, "x"]}),
        (b"12345678901234567890", 12345678901234567890),
        (b"0.10", Decimal("0.10")),
        (b"1e2", Decimal("1e2")),
        (b"-0.1e-300", Decimal("-0.1e-300")),
        ('"\u00fc"'.encode(), "\u00fc"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\u0000"', "\0"),
        (b"[" * DEEPEST + b"]" * DEEPEST, None),
        (b'["[[[' + b"[" * 100 + b'"]', ["[[[" + "[" * 100]),
    ],
)
def test_json_is_read_exactly(text: bytes, value: Any) -> None:
    """Whole numbers stay whole, fractions keep their digits, text keeps its characters."""
    found = parse(text)
    if value is not None:
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nul",
        b"'a'",
        b"[1,]",
        b"{a: 1}",
        b"01",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"9" * 10_000,
        b'{"a": 1, "a": 2}',
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b'[{"a": ["\\udc00"]}]',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b'"a\nb"',
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
        b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
        b"[" * 100_000,
    ],
    ids=lambda text: str(text[:24]),
)
def test_what_readers_differ_about_is_refused(text: bytes) -> None:
    """What is no JSON, or means one thing here and another there, is not guessed at."""
    with pytest.raises(JsonError):
        parse(text)

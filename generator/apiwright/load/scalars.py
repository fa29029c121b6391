"""The types of plain YAML scalars, by the core schema of YAML 1.2 (section 10.3.2).

PyYAML types scalars by YAML 1.1, where `no` is false, `012` is ten and `2024-01-01` is a date; so
its types are not used at all, only its texts.
"""

from __future__ import annotations

import math
import re

from apiwright.load.limits import MAX_DIGITS
from apiwright.load.node import Scalar

_WORDS: dict[str, Scalar] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TOO_LARGE = 10**MAX_DIGITS


class ScalarError(Exception):
    """A number that JSON has no word for: a `code`, a `message` and a `hint` for people."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def typed(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar.

    Raises `ScalarError` for infinities, for what is not a number, and for integers of more than
    4,300 digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if _INTEGER.fullmatch(text):
        return integer(text, 10)
    if _OCTAL.fullmatch(text):
        return integer(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return integer(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return real(text)
    if _NOT_FINITE.fullmatch(text):
        raise _not_finite(text)
    return text


def integer(digits: str, base: int) -> int:
    """The integer that `digits` spell in `base`, never more than 4,300 decimal digits long."""
    try:
        value = int(digits, base) if len(digits) <= MAX_DIGITS + 1 else _TOO_LARGE
    except ValueError:  # CPython's own limit, which a user may have lowered
        value = _TOO_LARGE
    if abs(value) >= _TOO_LARGE:
        raise ScalarError(
            "number-too-long",
            f"this integer has more than {MAX_DIGITS} digits",
            "write it as text, in quotes",
        )
    return value


def real(text: str) -> float:
    """The number that `text` spells, in double precision (RFC 8259 section 6)."""
    value = float(text)
    if math.isinf(value):
        raise ScalarError(
            "number-not-finite",
            "this number is too large for a 64-bit floating point number",
            "the largest one is about 1.79e308; write it as text, in quotes, if it is one",
        )
    return value


def _not_finite(text: str) -> ScalarError:
    return ScalarError(
        "number-not-finite",
        f"{text} is no number in JSON",
        "write it as text, in quotes, if it is one",
    )

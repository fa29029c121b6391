"""JSON as RFC 8259 has it, without the liberties that parsers take."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, NoReturn

DEEPEST = 64
"""How deep arrays and objects may be nested."""


class JsonError(ValueError):
    """A text that is no JSON, or none that the service is willing to take."""


def parse(raw: bytes) -> Any:
    """The value of a JSON text in UTF-8; numbers with a fraction or exponent become Decimals.

    Raises JsonError, beside for whatever is no JSON, for NaN and infinities, numbers that no
    double can hold, repeated keys, lone surrogates, and nesting of over 64 levels.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except JsonError:
        raise
    except UnicodeDecodeError as error:
        raise JsonError("not in UTF-8") from error
    except RecursionError as error:
        raise JsonError("nested too deeply") from error
    except ValueError as error:
        raise JsonError("not valid JSON") from error
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(value)
    if "\\u" in text:
        _check_texts(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise JsonError("nested too deeply")


def _inner(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is no number")


def _number(text: str) -> Decimal:
    if not math.isfinite(float(text)):
        raise JsonError("a number is too large")
    return Decimal(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonError("a key is repeated")
    return found


def _check_texts(value: Any) -> None:
    """Raise JsonError for text that UTF-8 can't write."""
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise JsonError("text holds half a character")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)

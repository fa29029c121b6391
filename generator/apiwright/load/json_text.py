"""The strings of JSON (RFC 8259 section 7)."""

from __future__ import annotations

import re
from collections.abc import Callable

_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u([0-9a-fA-F]{4})"
    r"|(.))"
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REPLACEMENT = "\ufffd"


def unescaped(raw: str, lone: Callable[[int], None]) -> str:
    """The text that the inside of a JSON string spells.

    `raw` holds only escapes that the grammar knows. Two escapes that are halves of one character
    (section 7) become that character; for a half without its other half `lone` is called with the
    half's offset in `raw`, and U+FFFD stands in its place.
    """

    def replacement(found: re.Match[str]) -> str:
        high, low, single, short = found.groups()
        if short is not None:
            return _SHORT.get(short, short)
        if single is None:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00))
        code = int(single, 16)
        if 0xD800 <= code < 0xE000:
            lone(found.start())
            return _REPLACEMENT
        return chr(code)

    return _ESCAPE.sub(replacement, raw)

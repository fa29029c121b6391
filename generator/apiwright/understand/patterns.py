"""Regular expressions that ECMA-262 and PostgreSQL read alike.

JSON Schema's patterns are those of ECMA-262 (JSON Schema Core, section 6.4), PostgreSQL's own are
"advanced regular expressions". Only what both surely mean the same is handed over; the service
itself checks every pattern in full.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<class>\[\^?(?:[A-Za-z0-9 _.,:;@#%&!~<>=/'"(){}+*?$|-]|\\[\\/\[\].^$*+?(){}|-]|\\[dw])+\])
    |(?P<escape>\\[\\/\[\].^$*+?(){}|-])
    |(?P<digit>\\d)
    |(?P<word>\\w)
    |(?P<group>\(\?:|\((?!\?)|\)|\|)
    |(?P<repeat>(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\}))
    |(?P<anchor>[\^$])
    |(?P<plain>[A-Za-z0-9 _,:;@#%&!~<>=/'"-])
    """,
    re.VERBOSE,
)
_CLASSES = {"\\d": "0-9", "\\w": "A-Za-z0-9_"}
_MOST = 255
"""The largest repeat count that PostgreSQL takes."""


def for_postgres(pattern: str) -> str:
    """`pattern` for PostgreSQL's operator `~`, or "" where the two dialects might disagree."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None or not _allowed(token):
            return ""
        parts.append(_translated(token))
        at = token.end()
    return "".join(parts)


def _allowed(token: re.Match[str]) -> bool:
    if token.lastgroup != "repeat":
        return True
    return all(int(count) <= _MOST for count in re.findall(r"\d+", token[0]))


def _translated(token: re.Match[str]) -> str:
    if token.lastgroup in {"digit", "word"}:
        return f"[{_CLASSES[token[0]]}]"
    if token.lastgroup == "class":
        return re.sub(r"\\[dw]", lambda inner: _CLASSES[inner[0]], token[0])
    if token.lastgroup == "escape" and token[0] in {"\\/", "\\-"}:
        return token[0][1]
    return token[0]

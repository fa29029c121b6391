"""Regular expressions: whether the engine that the service uses can read them.

The service holds values to patterns with jsonschema-rs, which reads them as ECMA-262 has them
(JSON Schema 2020-12 core, section 6.4). What it cannot read would stop the service when it starts.
Patterns without look-around and back-references take linear time; the others get a bounded number
of steps, and a value that needs more does not fit.
"""

from __future__ import annotations

import re
from functools import lru_cache

from jsonschema_rs import Draft202012Validator, ValidationError

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.problems import Position

_LARGEST = 1000
# What other dialects know, and how it is said in ECMA-262.
_ADVICE = (
    (re.compile(r"\\[zZ]"), "the end of the text is '$'"),
    (re.compile(r"\\[hH]"), "write '[ \\t]'"),
    (re.compile(r"\\[QE]"), "quote each character by itself, with a backslash"),
    (re.compile(r"\(\?>"), "atomic groups are not known"),
    (re.compile(r"\(\?#"), "comments are not known"),
    (re.compile(r"\[\^?\]"), "a class is not empty: write '[\\s\\S]' for any character"),
    (re.compile(r"\\k<|\\g<"), "refer to a group by its number"),
    (re.compile(r"\\u[dD][89abAB]"), "write the character itself, or its code as '\\u{...}'"),
    (re.compile(r"\{,\d"), "write '{0,' for 'up to'"),
    (re.compile(r"\\[wdsWDS]-|-\\[wdsWDS]"), "put '-' at the end of the class"),
    (re.compile(r"(?<!\\)\{(?!\d)"), "a '{' for itself is written '\\{'"),
)


def check_patterns(contract: Contract, found: Findings) -> None:
    """Every pattern can be read."""
    for place in contract.of("schema"):
        pattern = place.node.get("pattern")
        if pattern is not None and isinstance(pattern.value, str):
            _check(pattern.value, pattern.position, found)
        for text, node in place.node.entries("patternProperties").items():
            _check(text, node.key_position, found)


def _check(text: str, position: Position, found: Findings) -> None:
    if is_readable(text):
        return
    message = f"{quoted(text)} is no regular expression of ECMA-262 that can be used here"
    found.error("bad-pattern", message, position, hint=_advice(text))


@lru_cache(maxsize=10_000)
def is_readable(pattern: str) -> bool:
    """Whether the engine can read a pattern."""
    try:
        Draft202012Validator({"pattern": pattern}, offline=True)
    except ValidationError:
        return False
    return True


def _advice(pattern: str) -> str:
    for wrong, hint in _ADVICE:
        if wrong.search(pattern):
            return hint
    counts = [int(count) for count in re.findall(r"\{(\d{1,9})", pattern)]
    if any(count > _LARGEST for count in counts):
        return "say how long a text is with 'minLength' and 'maxLength'"
    return ""

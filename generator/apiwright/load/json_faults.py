"""What is wrong with text that is nearly JSON, in words for somebody who writes a contract."""

from __future__ import annotations

import re

from apiwright.load.node import Source
from apiwright.load.read_error import ReadError
from apiwright.load.wording import shown
from apiwright.problems import Position

_CODE = "json-syntax"
_WORD = re.compile(r"[-+]?[A-Za-z_$][\w$]*")
_STRING_PART = re.compile(r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_NUMBER = re.compile(r"[-+.]?[0-9][0-9a-zA-Z_.+-]*")
_LAST_COMMA = re.compile(r",[ \t\r\n]*\Z")
_WORDS = {
    "nan": "not-a-number has no word in JSON; leave it out, or write it as text",
    "infinity": "infinity has no word in JSON; leave it out, or write it as text",
    "true": "write true, in lower case",
    "false": "write false, in lower case",
    "none": "write null",
    "null": "write null, in lower case",
    "undefined": "write null",
}
_EXPECTED = {
    "value": "a value is expected here",
    "key": "a key in double quotes is expected here",
    "separator": "a comma or a closing bracket is expected here",
    "end": "nothing may follow the end of the document",
}


def fault(source: Source, offset: int, wanted: str, opening: int | None = None) -> ReadError:
    """Why the text at `offset` is not what JSON wants there.

    `wanted` is "value", "key", "separator" or "end"; `opening` is the offset of the bracket of the
    list or mapping that the text is in.
    """
    text = source.text
    at = source.position(offset)
    character = text[offset : offset + 1]
    if not character:
        return _ended(source, at, opening)
    if text.startswith(("//", "/*", "#"), offset):
        return ReadError(
            _CODE,
            "JSON has no comments",
            at,
            hint="remove it, or write the contract as YAML, which has",
        )
    if character in "]}":
        return _closing(source, offset, wanted, opening)
    if wanted == "end":
        return ReadError(_CODE, _EXPECTED[wanted], at)
    if wanted == "separator":
        return _separator(character, at)
    if character == '"':
        return _string(source, offset) or ReadError(_CODE, "':' is missing after this key", at)
    if character == "'":
        return ReadError(_CODE, "text stands in double quotes in JSON", at, hint="write \" for '")
    return _word(text, offset, at, wanted) or ReadError(_CODE, _EXPECTED[wanted], at)


def _ended(source: Source, at: Position, opening: int | None) -> ReadError:
    related = () if opening is None else ((source.position(opening), "this is never closed"),)
    return ReadError(_CODE, "the file ends in the middle of the document", at, related=related)


def _closing(source: Source, offset: int, wanted: str, opening: int | None) -> ReadError:
    comma = _LAST_COMMA.search(source.text, max(0, offset - 1000), offset)
    if comma and wanted in ("value", "key"):
        place = source.position(comma.start())
        return ReadError(
            _CODE, "a comma must not stand after the last entry", place, hint="remove the comma"
        )
    at = source.position(offset)
    if wanted == "value":
        return ReadError(_CODE, _EXPECTED[wanted], at)
    if opening is None:
        return ReadError(_CODE, f"this '{source.text[offset]}' closes nothing", at)
    return ReadError(
        _CODE,
        f"'{source.text[offset]}' cannot close '{source.text[opening]}'",
        at,
        related=((source.position(opening), "this is what is open"),),
    )


def _string(source: Source, offset: int) -> ReadError | None:
    """What is wrong inside the string that begins at `offset`; None when it is well-formed."""
    found = _STRING_PART.match(source.text, offset + 1)
    end = found.end() if found else offset
    character = source.text[end : end + 1]
    if character == '"':
        return None
    if character in ("", "\n", "\r"):
        return ReadError(
            _CODE,
            "this quote is not closed on its line",
            source.position(offset),
            hint='write \\n for a line break and \\" for a quote that belong to the text',
        )
    if character == "\\":
        return ReadError(
            _CODE,
            "no escape of JSON begins with this backslash",
            source.position(end),
            hint="double a backslash that belongs to the text",
        )
    return ReadError(
        _CODE,
        "a control character must not stand in text as it is",
        source.position(end),
        hint=f"write it as \\u{ord(character):04x}",
    )


def _separator(character: str, at: Position) -> ReadError:
    if character.isalnum() or character in "\"'[{-":
        return ReadError(_CODE, "a comma is missing before this", at)
    return ReadError(_CODE, _EXPECTED["separator"], at)


def _word(text: str, offset: int, at: Position, wanted: str) -> ReadError | None:
    number = _NUMBER.match(text, offset)
    if number and wanted == "value":
        return _number(number[0], at)
    found = _WORD.match(text, offset)
    if found is None:
        return None
    word = found[0]
    if wanted == "key":
        return ReadError(
            _CODE, "a key stands in double quotes in JSON", at, hint=f'write "{shown(word)}"'
        )
    name = word.lstrip("+-").lower()
    code = "number-not-finite" if name in ("nan", "infinity") else _CODE
    hint = _WORDS.get(name, "put text in double quotes")
    return ReadError(code, f"JSON has no word '{shown(word)}'", at, hint=hint)


def _number(text: str, at: Position) -> ReadError:
    hints = (
        (r"\+", "remove the '+'"),
        (r"[-+]?\.", "write a 0 before the point"),
        (r"-?0[0-9]", "remove the leading zeros, or write it as text"),
        (r"-?0[xXoObB]", "write it as a decimal number"),
        (r"-?[0-9]+\.(?![0-9])", "write a digit after the point, or leave the point out"),
    )
    for pattern, hint in hints:
        if re.match(pattern, text):
            return ReadError(_CODE, "this is no number in JSON", at, hint=hint)
    return ReadError(_CODE, "this is no number in JSON", at, hint="put text in double quotes")

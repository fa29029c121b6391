"""Values and lists of the contract in words for people."""

from __future__ import annotations

from collections.abc import Iterable

from apiwright.load import Plain
from apiwright.load.wording import shown

_MOST_LISTED = 12
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def type_in_words(name: str) -> str:
    """A JSON type: "string" is "text"."""
    return _TYPES.get(name, name)


def json_type(value: object) -> str:
    """The JSON type of a plain value, or of the value of a node."""
    if isinstance(value, bool):
        return "boolean"
    for name, python in (("string", str), ("array", list), ("object", dict), ("integer", int)):
        if isinstance(value, python):
            return name
    return "number" if isinstance(value, float) else "null"


def what_is(value: object) -> str:
    """What kind of value this is: "text", "a list"."""
    kind = json_type(value)
    return "a number" if kind == "integer" else type_in_words(kind)


def quoted(value: Plain) -> str:
    """A value as it may stand in a message: short, and never a whole list or mapping."""
    if isinstance(value, str):
        return f"'{shown(value)}'"
    if isinstance(value, list | dict):
        return what_is(value)
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else number(value)


def number(value: float) -> str:
    """A number without more digits than it needs."""
    whole = int(value) if abs(value) < 1e15 else 0
    return shown(str(whole if whole == value else value))


def listed(words: Iterable[str], last: str = "or") -> str:
    """Words one after the other: "a, b or c", and no more than a few of them."""
    found = list(words)
    if len(found) > _MOST_LISTED:
        return f"{', '.join(found[:_MOST_LISTED])} {last} {len(found) - _MOST_LISTED} more"
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def counted(count: int, noun: str) -> str:
    """A noun and how many of it: "1 item", "3 items"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def steps(path: Iterable[str | int]) -> str:
    """The way to a value inside another one: `tags[0].name`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return shown(text)


def slips(first: str, second: str) -> int:
    """How many slips make one word of another (the distance of optimal string alignment).

    A slip is a letter too many, too few, another one, or two that changed places.
    """
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        above, before, row = before, row, [i]
        for j, other in enumerate(second, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                least = min(least, above[j - 2] + 1)
            row.append(least)
    return row[-1]


def surely_meant(word: str, candidates: Iterable[str]) -> str:
    """The candidate that `word` is but a slip away from, or two if it is long; or ""."""
    allowed = 1 if len(word) < 6 else 2
    for name in candidates:
        if abs(len(name) - len(word)) <= allowed and slips(word.lower(), name.lower()) <= allowed:
            return name
    return ""

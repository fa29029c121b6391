"""JSON text to nodes (RFC 8259).

Not read as YAML, though nearly all JSON is YAML: paired escapes and long keys break there.
One regular expression a token and a stack of open lists and mappings; no recursion.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from apiwright.load.json_faults import fault
from apiwright.load.json_text import unescaped
from apiwright.load.limits import MAX_DEPTH, MAX_VALUES
from apiwright.load.node import Node, Scalar, Source, line_starts
from apiwright.load.read_error import EMPTY, ReadError, check_problems
from apiwright.load.scalars import ScalarError, integer, real
from apiwright.load.wording import shown
from apiwright.problems import Report

_SPACE = re.compile(r"[ \t\n\r]*+")
_STRING = r'"([^"\\\x00-\x1f]*+)(?:"|((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)")'
_KEY = re.compile(rf"[ \t\n\r]*+{_STRING}[ \t\n\r]*+:")
_VALUE = re.compile(
    rf"[ \t\n\r]*+(?:{_STRING}"
    r"|([\[{])"
    r"|(-?(?:0|[1-9][0-9]*+))((?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)(?![\w.+-])"
    r"|(true|false|null)(?!\w))"
)
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_CLOSING = {"[": "]", "{": "}"}


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun at `offset` and not ended."""

    node: Node
    closing: str
    offset: int
    filled: bool = False


def read_json(source: Source, report: Report, limit: int = MAX_VALUES) -> Node | None:
    """The value of a JSON file, of at most `limit` values, with the place of each and of its key.

    Whatever is wrong goes to `report`. Returns None where the text cannot be understood at all;
    after a lesser error, such as a key given twice, the rest is still returned.
    """
    try:
        return _Reader(source, report, limit).read()
    except ReadError as error:
        report.add(error.problem)
        return None


class _Reader:
    def __init__(self, source: Source, report: Report, limit: int) -> None:
        self._source = source
        self._text = source.text
        self._starts = line_starts(source.text)
        self._report = report
        self._offset = 0
        self._limit = limit
        self._count = 0
        self._stack: list[_Open] = []

    def read(self) -> Node:
        if self._skip_space() == len(self._text):
            place = self._source.position(0)
            raise ReadError("empty-file", "there is nothing in this file", place, hint=EMPTY)
        root = self._value()
        while self._stack:
            self._step(self._stack[-1])
        if self._skip_space() < len(self._text):
            raise fault(self._source, self._offset, "end")
        return root

    def _step(self, top: _Open) -> None:
        """Read the next entry of the innermost list or mapping, or its end."""
        self._skip_space()
        following = self._text[self._offset : self._offset + 1]
        if following == top.closing:
            self._offset += 1
            self._stack.pop()
            return
        if top.filled:
            if following != ",":
                raise self._fault("separator", top)
            self._offset += 1
        top.filled = True
        if isinstance(top.node.value, list):
            top.node.value.append(self._value(top))
        elif isinstance(top.node.value, dict):
            self._entry(top, top.node.value)

    def _entry(self, top: _Open, entries: dict[str, Node]) -> None:
        found = _KEY.match(self._text, self._offset)
        if found is None:
            raise self._fault("key", top)
        quote = found.start(1) - 1
        key = found[1] if found[2] is None else self._unescaped(found)
        self._offset = found.end()
        node = self._value(top, quote)
        first = entries.setdefault(key, node)
        if first is not node:
            self._report.error(
                "duplicate-key",
                f"the key '{shown(key)}' stands twice in this mapping",
                self._source.position(quote),
                hint="rename or remove one of them",
                related=[(first.key_position, "it stands here first")],
            )
            check_problems(self._report, self._source.position(quote))

    def _value(self, top: _Open | None = None, key: int | None = None) -> Node:
        """The value that begins here; a list or mapping is opened, and filled by later steps."""
        found = _VALUE.match(self._text, self._offset)
        if found is None:
            raise self._fault("value", top)
        self._offset = found.end()
        plain, escaped, bracket, whole, fraction, word = found.groups()
        if plain is not None:
            text = plain if escaped is None else self._unescaped(found)
            return self._node(text, found.start(1) - 1, key)
        if bracket is not None:
            return self._open(bracket, found.start(3), key)
        if word is not None:
            return self._node(_WORDS[word], found.start(6), key)
        return self._node(self._number(whole, fraction, found.start(4)), found.start(4), key)

    def _open(self, bracket: str, offset: int, key: int | None) -> Node:
        if len(self._stack) >= MAX_DEPTH:
            raise ReadError(
                "too-deep",
                f"more than {MAX_DEPTH} lists and mappings stand inside each other here",
                self._source.position(offset),
                hint="name the inner part in components and refer to it",
            )
        node = self._node([] if bracket == "[" else {}, offset, key)
        self._stack.append(_Open(node, _CLOSING[bracket], offset))
        return node

    def _number(self, whole: str, fraction: str, offset: int) -> Scalar:
        try:
            return real(whole + fraction) if fraction else integer(whole, 10)
        except ScalarError as error:
            position = self._source.position(offset)
            self._report.error(error.code, error.message, position, hint=error.hint)
            check_problems(self._report, position)
            return whole + fraction

    def _unescaped(self, found: re.Match[str]) -> str:
        start = found.start(1)
        raw = self._text[start : found.end(2)]

        def lone(offset: int) -> None:
            self._report.error(
                "lone-surrogate",
                "this escape is half of a character, and the other half is missing",
                self._source.position(start + offset),
                hint="write the character itself",
            )
            check_problems(self._report, self._source.position(start + offset))

        return unescaped(raw, lone)

    def _node(
        self, value: Scalar | list[Node] | dict[str, Node], offset: int, key: int | None
    ) -> Node:
        self._count += 1
        if self._count > self._limit:
            message = f"the contract has more than {MAX_VALUES:,} values"
            raise ReadError("too-large", message, self._source.position(offset))
        line = key_line = bisect_right(self._starts, offset)
        column = key_column = offset - self._starts[line - 1] + 1
        if key is not None:
            key_line = bisect_right(self._starts, key)
            key_column = key - self._starts[key_line - 1] + 1
        return Node(value, self._source.file, line, column, key_line, key_column)

    def _skip_space(self) -> int:
        found = _SPACE.match(self._text, self._offset)
        self._offset = found.end() if found else self._offset
        return self._offset

    def _fault(self, wanted: str, top: _Open | None) -> ReadError:
        self._skip_space()
        return fault(self._source, self._offset, wanted, None if top is None else top.offset)

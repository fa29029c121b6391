"""The expressions of `x-backfill`: a small part of SQL, read into a tree and written back.

A text of a contract reaches SQL only this way: names and literals are quoted when the tree is
written, functions and types are from the lists below, and there is nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

GRAMMAR = (
    "an expression is made of columns of the same table, 'text', numbers, true and false, "
    "|| + - * /, parentheses, value::type, and coalesce, concat, length, lower, now, nullif, "
    "trim, upper"
)
"""What an expression may be, in words for people."""

_FUNCTIONS = {
    "coalesce": (1, 20),
    "concat": (1, 20),
    "length": (1, 1),
    "lower": (1, 1),
    "now": (0, 0),
    "nullif": (2, 2),
    "trim": (1, 1),
    "upper": (1, 1),
}
_TYPES = (
    "bigint",
    "boolean",
    "date",
    "double precision",
    "integer",
    "jsonb",
    "numeric",
    "text",
    "timestamp with time zone",
    "uuid",
)
_SHORT = {"timestamptz": "timestamp with time zone", "int": "integer"}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\0]|'')*')
      | (?P<quoted>"(?:[^"\0]|"")+")
      | (?P<number>[0-9]{1,30}(?:\.[0-9]{1,30})?(?![0-9A-Za-z_.]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>::|\|\||-(?!-)|[+*/(),])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)
_LONGEST = 1000
_DEEPEST = 40


class ExpressionError(ValueError):
    """A text that is no expression; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    value: str


@dataclass(frozen=True, slots=True)
class Plain:
    """A number, true, false or null, as it is written."""

    sql: str


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the table, or the property that it stores."""

    name: str


@dataclass(frozen=True, slots=True)
class Negated:
    """A number with its sign changed."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """Two values and the sign between them."""

    left: Expression
    sign: str
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the list."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """A value as one of another type."""

    value: Expression
    type: str


Expression: TypeAlias = Text | Plain | Name | Negated | Operation | Call | Cast


def parse(text: str) -> Expression:
    """The tree of an expression; ExpressionError for anything that is none."""
    if len(text) > _LONGEST:
        raise ExpressionError(f"it is longer than {_LONGEST} characters")
    return _Parser(tuple(_tokens(text))).whole()


def names_in(tree: Expression) -> Iterator[str]:
    """The names that an expression uses, in their order."""
    if isinstance(tree, Name):
        yield tree.name
    elif isinstance(tree, Negated | Cast):
        yield from names_in(tree.value)
    elif isinstance(tree, Operation):
        yield from names_in(tree.left)
        yield from names_in(tree.right)
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from names_in(argument)


def written(tree: Expression, column: Callable[[str], str], text: Callable[[str], str]) -> str:
    """An expression as SQL; `column` and `text` quote a name and a text."""
    if isinstance(tree, Text):
        return text(tree.value)
    if isinstance(tree, Plain):
        return tree.sql
    if isinstance(tree, Name):
        return column(tree.name)
    if isinstance(tree, Negated):
        return f"(- {written(tree.value, column, text)})"
    if isinstance(tree, Cast):
        return f"({written(tree.value, column, text)})::{tree.type}"
    if isinstance(tree, Operation):
        left, right = (written(side, column, text) for side in (tree.left, tree.right))
        return f"({left} {tree.sign} {right})"
    return f"{tree.function}({', '.join(written(a, column, text) for a in tree.arguments)})"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while True:
        found = _TOKEN.match(text, place)
        if found is None:
            at = len(text) - len(text[place:].lstrip())
            raise ExpressionError(f"character {at + 1} can't be read")
        kind = found.lastgroup or "end"
        yield _Token(kind, found[kind], found.start(kind) + 1)
        if kind == "end":
            return
        place = found.end()


class _Parser:
    """Reads an expression by recursive descent; `||` binds loosest, as in PostgreSQL 4.1.6."""

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._joined()
        if self._now.kind != "end":
            raise self._unexpected()
        return found

    @property
    def _now(self) -> _Token:
        return self._tokens[self._next]

    def _unexpected(self) -> ExpressionError:
        token = self._now
        if token.kind == "end":
            return ExpressionError("it ends too soon")
        return ExpressionError(f"'{token.text}' at character {token.place} is not expected")

    def _take(self, *signs: str) -> str:
        """The sign that comes next, if it is one of these; or ""."""
        token = self._now
        if token.kind == "sign" and token.text in signs:
            self._next += 1
            return token.text
        return ""

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._unexpected()

    def _joined(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(f"it is nested more than {_DEEPEST} deep")
        found = self._row(self._sum, "||")
        self._depth -= 1
        return found

    def _sum(self) -> Expression:
        return self._row(self._product, "+", "-")

    def _product(self) -> Expression:
        return self._row(self._signed, "*", "/")

    def _row(self, part: Callable[[], Expression], *signs: str) -> Expression:
        found = part()
        while sign := self._take(*signs):
            found = Operation(found, sign, part())
        return found

    def _signed(self) -> Expression:
        if not self._take("-"):
            return self._cast()
        return Negated(self._signed())

    def _cast(self) -> Expression:
        found = self._single()
        while self._take("::"):
            found = Cast(found, self._type())
        return found

    def _type(self) -> str:
        words: list[str] = []
        while self._now.kind == "word" and " ".join([*words, self._now.text.lower()]) in _STARTS:
            words.append(self._now.text.lower())
            self._next += 1
        name = " ".join(words)
        name = _SHORT.get(name, name)
        if name not in _TYPES:
            raise self._unexpected()
        if name != "numeric" or not self._take("("):
            return name
        sizes = [self._size()]
        if self._take(","):
            sizes.append(self._size())
        self._need(")")
        return f"numeric({','.join(sizes)})"

    def _size(self) -> str:
        token = self._now
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 3:
            raise self._unexpected()
        self._next += 1
        return str(int(token.text))

    def _single(self) -> Expression:
        token = self._now
        if self._take("("):
            found = self._joined()
            self._need(")")
            return found
        if token.kind in {"end", "sign"}:
            raise self._unexpected()
        self._next += 1
        if token.kind == "text":
            return Text(token.text[1:-1].replace("''", "'"))
        if token.kind == "number":
            return Plain(token.text)
        if token.kind == "quoted":
            return Name(token.text[1:-1].replace('""', '"'))
        if token.text.lower() in {"true", "false", "null"}:
            return Plain(token.text.lower())
        return self._call(token) if self._take("(") else Name(token.text)

    def _call(self, token: _Token) -> Expression:
        name = token.text.lower()
        if name not in _FUNCTIONS:
            raise ExpressionError(f"there is no function '{token.text}' to use here")
        arguments: list[Expression] = []
        if not self._take(")"):
            arguments.append(self._joined())
            while self._take(","):
                arguments.append(self._joined())
            self._need(")")
        least, most = _FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(f"'{name}' takes {wanted} values, and is given {len(arguments)}")
        return Call(name, tuple(arguments))


_STARTS = frozenset(
    " ".join(name.split()[:count])
    for name in (*_TYPES, *_SHORT)
    for count in range(1, len(name.split()) + 1)
)

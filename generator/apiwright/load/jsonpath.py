"""JSONPath queries (RFC 9535), within limits of work and time."""

from __future__ import annotations

import re
import time
from importlib import import_module
from typing import Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction

from apiwright.load.jsonpath_data import Meter, TooMuchWorkError, view
from apiwright.load.limits import MAX_DEPTH, MAX_QUERY
from apiwright.load.node import Location, Node

# Neither has type stubs; both are what jsonpath-rfc9535 itself builds on.
_regex: Any = import_module("regex")
_iregexp: Any = import_module("iregexp_check")

_PATTERN_PART = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\.", re.DOTALL)


class QueryError(Exception):
    """A query that cannot be understood, or that asks for too much; its text is for people."""


class Queries:
    """Runs queries, with limits that hold for all of them together."""

    def __init__(self) -> None:
        self._meter = Meter()
        self._environment = JSONPathEnvironment()
        self._environment.max_recursion_depth = 2 * MAX_DEPTH
        functions = self._environment.function_extensions
        functions["match"] = _Pattern(self._meter, whole=True)
        functions["search"] = _Pattern(self._meter, whole=False)

    def select(self, query: str, root: Node) -> list[Location]:
        """The places of what a query selects in a document, each once, in the query's order.

        Raises `QueryError`.
        """
        if len(query) > MAX_QUERY:
            raise QueryError(f"it has more than {MAX_QUERY:,} characters")
        try:
            self._meter.spend(100 + 10 * len(query))  # about what it costs to understand it
            found = self._environment.compile(query).finditer(view(root, self._meter))
            return list(dict.fromkeys(node.location for node in found))
        except JSONPathError as error:
            raise QueryError(str(error)) from None
        except TooMuchWorkError:
            raise QueryError("it looks at too many values, or searches too long") from None
        except (ArithmeticError, RecursionError, ValueError):  # from the depths of the library
            raise QueryError("it is not well-formed") from None


class _Pattern(FilterFunction):
    """`match()` and `search()` (RFC 9535 sections 2.4.6 and 2.4.7) that give up in time."""

    def __init__(self, meter: Meter, *, whole: bool) -> None:
        self._meter = meter
        self._run = _regex.fullmatch if whole else _regex.search

    @property
    def arg_types(self) -> list[ExpressionType]:
        """A text and a pattern."""
        return [ExpressionType.VALUE, ExpressionType.VALUE]

    @property
    def return_type(self) -> ExpressionType:
        """Whether they match."""
        return ExpressionType.LOGICAL

    def __call__(self, text: object, pattern: object) -> bool:
        if not (isinstance(text, str) and isinstance(pattern, str) and _iregexp.check(pattern)):
            return False
        began = time.monotonic()
        try:
            return bool(self._run(_translated(pattern), text, timeout=self._meter.seconds))
        except TimeoutError:
            raise TooMuchWorkError from None
        except _regex.error:
            return False
        finally:
            self._meter.seconds = max(0.001, self._meter.seconds - (time.monotonic() - began))


def _translated(pattern: str) -> str:
    """An I-Regexp for the regex module: its `.` matches no line break (RFC 9485 section 5.3)."""
    return _PATTERN_PART.sub(lambda part: r"[^\n\r]" if part[0] == "." else part[0], pattern)

"""PyYAML's complaints, in words for somebody who writes a contract.

The parser in C and the one in Python word the same fault differently; the patterns here fit both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from apiwright.load.node import Source
from apiwright.problems import Position, Problem

_CODE = "yaml-syntax"
_MAX_KEY = 1024
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What to say when `pattern` is found in PyYAML's "context: problem"."""

    pattern: str
    message: str
    hint: str = ""
    code: str = _CODE
    at_context: bool = False
    context_note: str = ""


_RULES = (
    _Rule(
        "mapping values are not allowed",
        "': ' is not allowed here",
        "put text that contains ': ' in quotes, or correct the indentation",
    ),
    _Rule(
        "could not find expected ':'",
        "this line is no 'key: value'",
        "is ':' missing, or should the line stand further to the right, as part of what precedes?",
        at_context=True,
    ),
    _Rule(
        "unexpected end of stream",
        "this quote is never closed",
        "close it, or double a quote that belongs to the text",
        at_context=True,
    ),
    _Rule(
        "unexpected document (?:indicator|separator)",
        "this quote is not closed before the next '---' or '...'",
        at_context=True,
    ),
    _Rule(
        "unknown escape character",
        "no escape of YAML begins with this backslash",
        "double the backslash, or use single quotes, where it has no meaning",
    ),
    _Rule(
        "invalid Unicode character escape code",
        "this escape names no character",
        r"write the character itself, or an escape such as \U0001F600; pairs of \u are for JSON",
    ),
    _Rule(
        "hexa?decimal number",
        "this escape has too few hexadecimal digits",
        r"\x takes two of them, \u four and \U eight",
    ),
    _Rule(
        "(?:block collection|block sequence): (?:did not find expected '-'|expected <block end>)",
        "this does not continue the list above it",
        "begin it with '- ', or correct its indentation",
        context_note="the list begins here",
    ),
    _Rule(
        "sequence entries are not allowed",
        "a list cannot begin on the line of its key",
        "put '- ' on a line of its own, or the text in quotes",
    ),
    _Rule(
        "mapping keys are not allowed",
        "'? ' is not allowed here",
        "put text that begins with '? ' in quotes",
    ),
    _Rule(
        r"expected ',' or '\]'",
        "a comma or the closing ']' is missing",
        context_note="the list opens here",
    ),
    _Rule(
        r"expected ',' or '\}'",
        "a comma or the closing '}' is missing",
        context_note="the mapping opens here",
    ),
    _Rule("node content", "a value is missing here", "put text such as ',' or ']' in quotes"),
    _Rule(
        "an (?:anchor|alias): .*alphabetic or numeric",
        "'&' begins an anchor and '*' an alias, and no name follows",
        "put text that begins with '&' or '*' in quotes",
        at_context=True,
    ),
    _Rule(
        "undefined tag handle|a tag: ",
        "text that begins with '!' is a YAML tag, and this one is not known",
        "put the text in quotes",
        code="unsupported-tag",
        at_context=True,
    ),
    _Rule(
        "a block scalar: ",
        "nothing but an indentation digit, '+' or '-' may follow '|' or '>' on its line",
        "begin the text on the next line",
    ),
    _Rule(
        "<document start>",
        "this stands outside of the document",
        "only '---' begins a document, and nothing may follow '...'",
    ),
    _Rule(
        "incompatible YAML document", "this version of YAML is not known", "remove the %YAML line"
    ),
    _Rule("duplicate %?YAML directive", "the %YAML line may stand once", "remove one of them"),
)


def translated(error: yaml.YAMLError, source: Source) -> Problem:
    """A problem that says where the fault is, what it is and what to do about it."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(_CODE, "this is not well-formed YAML", source.position(0))
    position = _position(error.problem_mark, source)
    if _CONFLICT.search(source.text):
        return _conflict(source)
    return _by_character(error, position, source) or _by_words(error, position, source)


def _by_character(
    error: yaml.MarkedYAMLError, position: Position, source: Source
) -> Problem | None:
    line = source.line(position.line)
    character = line[position.column - 1 : position.column]
    problem = str(error.problem)
    if "tab character" in problem or character == "\t":
        return Problem(
            "yaml-tab", "a tab stands where YAML takes spaces only", position, "indent with spaces"
        )
    if "cannot start any token" in problem:
        message = f"a value without quotes cannot begin with '{character}'"
        return Problem(_CODE, message, position, "put it in quotes")
    if "mapping values" in problem and position.column > _MAX_KEY:
        message = f"a key without '? ' cannot be longer than {_MAX_KEY} characters"
        return Problem(_CODE, message, position, "shorten the key, or write the contract as JSON")
    if "block mapping" in str(error.context):
        return _in_mapping(error, position, line[: position.column - 1].rstrip(), character, source)
    return None


def _in_mapping(
    error: yaml.MarkedYAMLError, position: Position, before: str, character: str, source: Source
) -> Problem:
    if character and character in "]}":
        return Problem(_CODE, f"this '{character}' closes nothing", position, "remove it")
    if before[-1:] in ("'", '"'):
        hint = f"double a {before[-1]} that belongs to the text, or use the other kind of quotes"
        if before[-1] == '"':
            hint = 'write \\" for a quote that belongs to the text'
        return Problem(_CODE, "text follows the closing quote", position, hint)
    return Problem(
        _CODE,
        "this does not continue the mapping above it",
        position,
        "its keys must all begin in the same column: correct the indentation",
        related=_related(error, "the mapping begins here", source),
    )


def _by_words(error: yaml.MarkedYAMLError, position: Position, source: Source) -> Problem:
    words = f"{error.context}: {error.problem}"
    for rule in _RULES:
        if re.search(rule.pattern, words):
            if rule.at_context and error.context_mark is not None:
                position = _position(error.context_mark, source)
            related = _related(error, rule.context_note, source) if rule.context_note else ()
            return Problem(rule.code, rule.message, position, rule.hint, related=related)
    return Problem(_CODE, f"this is not well-formed YAML: {error.problem}", position)


def _conflict(source: Source) -> Problem:
    found = _CONFLICT.search(source.text)
    return Problem(
        _CODE,
        "a merge conflict was left in this file",
        source.position(found.start() if found else 0),
        "resolve it and remove the lines of '<', '=' and '>'",
    )


def _related(
    error: yaml.MarkedYAMLError, note: str, source: Source
) -> tuple[tuple[Position, str], ...]:
    if error.context_mark is None:
        return ()
    return ((_position(error.context_mark, source), note),)


def _position(mark: yaml.Mark, source: Source) -> Position:
    return Position(source.file, mark.line + 1, mark.column + 1)

"""Text that is safe to stand in generated code, and the only ways to make it.

Every string of a contract is hostile until one of these functions has turned it into a literal, a
docstring, a comment or an identifier. The result is `Code`; templates print nothing else. So this
is the one module that constructs `Code`, and that a reviewer has to read to know what a contract
can do to generated files.
"""

from __future__ import annotations

import json
import keyword
import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)
_ANNOTATION = re.compile(r"[A-Za-z0-9_., |\[\]]*", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
_WIDTH = 94


class Code(str):
    """A piece of code, made by this module."""

    __slots__ = ()


def ident(name: str) -> Code:
    """An identifier of Python, as it is; ValueError for anything else."""
    if not _IDENTIFIER.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError(f"not an identifier: {name!r}")
    return Code(name)


def dotted(name: str) -> Code:
    """Identifiers with dots between them, such as the name of a module."""
    if not _PATH.fullmatch(name):
        raise ValueError(f"not a dotted name: {name!r}")
    return Code(name)


def dotless(name: str) -> Code:
    """A name in lower-case letters, digits and hyphens, as packages and containers have it."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"not a plain name: {name!r}")
    return Code(name)


def literal(value: object) -> Code:
    """The Python literal of plain data, in ASCII; ValueError for anything that is none.

    Strings come out as `ascii()` writes them, so that what can't be seen can't hide.
    """
    if value is None or isinstance(value, bool):
        return Code(repr(value))
    if isinstance(value, int):
        return Code(int.__repr__(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"no literal for {value!r}")
        return Code(float.__repr__(value))
    if isinstance(value, str):
        return Code(_double_quoted(str.__str__(value)))
    if isinstance(value, tuple):
        inner = ", ".join(literal(item) for item in value)
        return Code(f"({inner},)" if len(value) == 1 else f"({inner})")
    if isinstance(value, list):
        return Code(f"[{', '.join(literal(item) for item in value)}]")
    if isinstance(value, Mapping):
        inner = ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items())
        return Code(f"{{{inner}}}")
    raise ValueError(f"no literal for {type(value).__name__}")


def _double_quoted(text: str) -> str:
    written = ascii(text)
    if written[0] == '"':
        return written
    return '"' + written[1:-1].replace('"', '\\"').replace("\\'", "'") + '"'


def quoted(text: str) -> Code:
    """A text in double quotes, as TOML, YAML and Python read it alike."""
    inner = "".join(
        f"\\{character}"
        if character in '"\\'
        else character
        if " " <= character <= "~"
        else f"\\U{ord(character):08x}"
        for character in text
    )
    return Code(f'"{inner}"')


def docstring(text: str, indent: int = 4) -> Code:
    """A docstring that says `text`, wrapped; its first line ends as a sentence does.

    Control characters, quotes and backslashes can't leave it: what is not plain ASCII prose is
    written with escapes, and a text that needs any becomes a literal on one line.
    """
    paragraphs = [
        " ".join(part.split()) for part in re.split(r"\n\s*\n", _tamed(text)) if part.strip()
    ]
    if not paragraphs:
        return Code('""""""')
    if paragraphs[0][-1] not in ".!?:":
        paragraphs[0] += "."
    if any('"""' in part or "\\" in part for part in paragraphs) or paragraphs[-1].endswith('"'):
        return Code(_double_quoted("\n\n".join(paragraphs)))
    margin = " " * indent
    lines: list[str] = []
    for number, part in enumerate(paragraphs):
        first = '"""' if number == 0 else ""
        width = _WIDTH - indent
        wrapped = textwrap.wrap(first + part, width, break_long_words=False) or [first]
        lines += [*([""] if number else []), *wrapped]
    if len(lines) == 1:
        return Code(f'{lines[0]}"""')
    body = "\n".join(f"{margin}{line}".rstrip() for line in lines)
    return Code(f'{body.lstrip()}\n{margin}"""')


def comment(text: str) -> Code:
    """A text on one line, for a comment; whatever might end the line becomes a space."""
    return Code(" ".join(_tamed(text).split()))


def label(text: str) -> Code:
    """A text on one line for the middle of a docstring: without quotes and backslashes."""
    return Code(comment(text).replace("\\", "/").replace('"', "'"))


def _tamed(text: str) -> str:
    """`text` in printable ASCII and line feeds, other characters as their escapes."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    plain = unicodedata.normalize("NFC", unified)
    return "".join(_tamed_character(character) for character in plain)


def _tamed_character(character: str) -> str:
    if character == "\n" or " " <= character <= "~":
        return character
    if unicodedata.category(character)[0] in "LMNPS":
        return character
    return " "


def annotation(expression: str, texts: Mapping[str, str] | None = None) -> Code:
    """A type as an annotation, made of names and brackets; ValueError otherwise.

    The names in `texts` stand for literals of these texts.
    """
    if not _ANNOTATION.fullmatch(expression):
        raise ValueError(f"not an annotation: {expression!r}")
    known = texts or {}
    return Code(_WORD.sub(lambda m: literal(known[m[0]]) if m[0] in known else m[0], expression))


def joined(parts: Iterable[Code], between: str = ", ") -> Code:
    """Pieces of code, one after the other."""
    return Code(between.join(parts))


def compose(template: str, /, *parts: Code, **named: Code) -> Code:
    """A piece of code out of a constant with holes, `{}` or `{name}`, and code to fill them.

    TypeError where a part is not Code: a plain string has to be made safe first.
    """
    for part in (*parts, *named.values()):
        if not isinstance(part, Code):
            raise TypeError(f"not code: {part!r}")
    return Code(template.format(*parts, **named))


def constant(text: str) -> Code:
    """Code that stands in the generator itself, never in a contract."""
    return Code(text)


def json_text(value: object) -> Code:
    """A JSON document, indented, in ASCII."""
    return Code(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n")

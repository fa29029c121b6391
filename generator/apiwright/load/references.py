"""References (`$ref`): what their text means, and which of them are ever followed.

OpenAPI 3.1 section 4.8.23, RFC 3986. Only the same document and files beside it can be meant;
nothing is fetched from anywhere, and no module that could is imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apiwright.load import pointer
from apiwright.load.limits import MAX_POINTER
from apiwright.load.node import Node
from apiwright.load.read_error import ReadError
from apiwright.load.wording import shown

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# An escape for one of these has no purpose but to get a path past a check.
_DISGUISED = re.compile(r"%(?:2e|2f|5c|25|3a|7e|[01][0-9a-f]|7f)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that may be followed.

    `path` is a file, relative to the one that the reference stands in; empty for that one itself.
    `keys` are those of the JSON Pointer; None when the fragment is the name of an `anchor` (JSON
    Schema 2020-12 core, section 8.2.2).
    """

    path: str
    keys: tuple[str, ...] | None
    anchor: str = ""


def parse_reference(node: Node) -> Reference:
    """What the text of a `$ref` means; raises `ReadError` where it is not to be followed."""
    text = node.text
    if len(text) > MAX_POINTER or _CONTROL.search(text):
        raise ReadError(
            "bad-reference",
            "a reference is one line of at most 4,096 characters",
            node.position,
        )
    path, _, fragment = text.partition("#")
    if path:
        path = _file(node, path)
    if fragment and not fragment.startswith(("/", "%2F", "%2f")):
        return Reference(path, None, fragment)
    keys = pointer.parse_fragment(fragment)
    if keys is None:
        raise ReadError(
            "bad-reference",
            f"'#{shown(fragment)}' is not a JSON Pointer",
            node.position,
            hint="'~' is written as ~0, '/' inside a key as ~1 and '%' as %25",
        )
    return Reference(path, keys)


def _file(node: Node, path: str) -> str:
    """The path of a file reference, percent-decoded."""
    scheme = _SCHEME.match(path)
    if (scheme and len(scheme[1]) > 1) or path.startswith(("//", "\\\\")):
        raise ReadError(
            "remote-reference",
            f"'{shown(path)}' is not fetched: references reach the contract's own files only",
            node.position,
            hint="save that document beside the contract and refer to the file",
        )
    if scheme or path.startswith(("/", "\\")):
        raise _outside(node, path, "an absolute path")
    if "\\" in path:
        raise ReadError(
            "bad-reference",
            f"'{shown(path)}' holds a backslash",
            node.position,
            hint="the parts of a reference are divided by '/', on every system",
        )
    if _DISGUISED.search(path):
        raise _outside(node, path, "a path that hides some of itself behind escapes")
    decoded = pointer.decode(path)
    if decoded is None or "?" in path:
        raise ReadError(
            "bad-reference",
            f"'{shown(path)}' is not the name of a file",
            node.position,
            hint="a '?' or '%' that belongs to the name is written as %3F or %25",
        )
    return decoded


def _outside(node: Node, path: str, what: str) -> ReadError:
    return ReadError(
        "reference-outside",
        f"'{shown(path)}' is {what}; references reach the contract's own folder only",
        node.position,
        hint="write the path relative to this file",
    )

"""JSON Pointers (RFC 6901), as text and as the keys that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_to_bytes

from apiwright.load.limits import MAX_POINTER
from apiwright.load.node import Node

# Section 4: digits without a leading zero. No list here is longer than seven digits can count.
_INDEX = re.compile(r"0|[1-9][0-9]{0,6}")
_BAD_ESCAPE = re.compile(r"~(?![01])")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def parse(pointer: str) -> tuple[str, ...] | None:
    """The keys of a pointer: `/a~1b/0` gives ("a/b", "0"), the empty pointer none at all.

    None when it is no pointer: when it does not begin with `/`, has a `~` that escapes nothing
    (section 3), or is longer than 4,096 characters.
    """
    if not pointer:
        return ()
    if pointer[0] != "/" or len(pointer) > MAX_POINTER:
        return None
    keys = pointer[1:].split("/")
    if "~" not in pointer:
        return tuple(keys)
    if _BAD_ESCAPE.search(pointer):
        return None
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in keys)


def parse_fragment(fragment: str) -> tuple[str, ...] | None:
    """The keys of a pointer in a URI fragment, without its `#` (section 6): percent-decoded first.

    None when it is no pointer, or when its escapes are not UTF-8.
    """
    text = decode(fragment)
    return None if text is None else parse(text)


def decode(text: str) -> str | None:
    """Percent-decoded text (RFC 3986 section 2.1); None when an escape is broken or not UTF-8."""
    if "%" not in text:
        return text
    if _BAD_PERCENT.search(text):
        return None
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        return None


def build(keys: Iterable[str]) -> str:
    """The pointer that names `keys`; what `parse` gives back."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def fragment(keys: Iterable[str]) -> str:
    """The pointer as it stands behind the `#` of a reference; what `parse_fragment` gives back.

    Only `%` is escaped: the braces of path templates stay readable, and all tools read them.
    """
    return build(keys).replace("%", "%25")


def step(node: Node, key: str) -> Node | None:
    """The entry of a mapping, or the item of a list, that one key of a pointer names."""
    if isinstance(node.value, dict):
        return node.value.get(key)
    if isinstance(node.value, list) and _INDEX.fullmatch(key):
        index = int(key)
        return node.value[index] if index < len(node.value) else None
    return None


def find(root: Node, keys: Sequence[str]) -> Node | None:
    """The node that a pointer names, or None."""
    node: Node | None = root
    for key in keys:
        if node is None:
            return None
        node = step(node, key)
    return node

"""Which paths below the output folder are fit to be written; names may come from a contract.

Case 40 and 41 of the hostile contracts: nothing leads out of the folder, and nothing means one
thing on one file system and something else on another.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from apiwright.write.errors import WriteError

MANIFEST = ".apiwright.json"
"""The record of what was generated."""

_MAX_PATH = 1_024
_MAX_NAME = 200  # of the 255 bytes that file systems have, so that there is room for a suffix
_FORBIDDEN = '\\:*?"<>|'
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SHOWN = 80
_HINT = "choose another name for what it is made from"


def fault(path: str) -> str:
    """What is wrong with a path as a sentence without its subject; empty if nothing is."""
    if any(unicodedata.category(character) in _INVISIBLE for character in path):
        return "has an invisible character"
    if any(character in _FORBIDDEN for character in path):
        return f"has one of the characters {_FORBIDDEN}"
    if path.startswith("/"):
        return "is absolute"
    if len(path.encode()) > _MAX_PATH:
        return f"is longer than {_MAX_PATH:,} bytes"
    names = path.split("/")
    if _folded(names[0]) == MANIFEST:
        return "is kept for apiwright itself"
    return next(filter(None, map(_name_fault, names)), "")


def _name_fault(name: str) -> str:
    if not name:
        return "has an empty part"
    if name in {".", ".."}:
        return f"has '{name}' in it"
    if name[-1] in ". ":
        return "has a part that ends with a dot or a space"
    if len(name.encode()) > _MAX_NAME:
        return f"has a part that is longer than {_MAX_NAME} bytes"
    return ""


def check(paths: Iterable[str]) -> None:
    """Raise WriteError if a path is unfit, or if two of them cannot be in the same folder."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in sorted(paths):
        reason = fault(path)
        if reason:
            raise WriteError(f"the path {shown(path)} {reason}", _HINT)
        _claim(path, files)
        for folder in ancestors(path):
            if _folded(folder) not in folders or folders[_folded(folder)] != folder:
                _claim(folder, folders)
    for key in files.keys() & folders.keys():
        message = f"{shown(files[key])} would be a file and a folder"
        raise WriteError(message, _HINT)


def _claim(path: str, taken: dict[str, str]) -> None:
    key = _folded(path)
    if key in taken:
        message = f"{shown(taken[key])} and {shown(path)} differ in case only"
        raise WriteError(message, _HINT)
    taken[key] = path


def ancestors(path: str) -> Iterator[str]:
    """The folders that a path is in, the nearest first, without the output folder."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def shown(path: str) -> str:
    """A path for a message: cut to size, and without characters that a terminal would act on."""
    text = ascii(path)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _folded(path: str) -> str:
    """The same text for all paths that are one on some file system."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())

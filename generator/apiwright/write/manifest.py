"""The record of the last run: which files it left, and what was in them.

It lies in the output folder and is read back as untrusted input: a person, a merge or a stranger's
branch may have changed it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from apiwright.write.errors import WriteError
from apiwright.write.folder import Folder
from apiwright.write.paths import MANIFEST, fault, shown

_FORMAT = 1
_MAX_BYTES = 16 * 1024 * 1024
_MAX_FILES = 100_000
_MAX_INPUTS = 1_024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MERGING = b"\n<<<<<<< "
_HINT = (
    "restore it from version control, or delete it: then files that differ from what is generated "
    "count as changed by hand"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The SHA-256 of every file that is apiwright's own, and the digest of what it came from.

    `kept` are files that were once written and now belong to people: they are expected to be there,
    with whatever content.
    """

    files: Mapping[str, str]
    kept: tuple[str, ...]
    inputs: str

    def dump(self) -> bytes:
        """The text of the record: the same for the same facts, one path on a line."""
        data = {
            "format": _FORMAT,
            "inputs": self.inputs,
            "files": dict(sorted(self.files.items())),
            "kept": sorted(self.kept),
        }
        return (json.dumps(data, indent=2) + "\n").encode()


def read_manifest(folder: Folder) -> Manifest | None:
    """The record in an output folder, None if there is none; raises WriteError if it is broken.

    One in which git left the two sides of a merge says nothing either: nobody knows by now which
    files were changed by hand.
    """
    data = folder.read(MANIFEST, _MAX_BYTES + 1)
    if data is None or _MERGING in data:
        return None
    try:
        return _parse(data)
    except (ValueError, RecursionError) as error:
        reason = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        message = f"{folder.shown}/{MANIFEST} is not what apiwright wrote: {reason}"
        raise WriteError(message, _HINT) from error


def inputs_fault(inputs: object) -> str:
    """What is wrong with a digest of inputs; empty if nothing is."""
    if not isinstance(inputs, str) or not inputs.isascii() or len(inputs) > _MAX_INPUTS:
        return f"the digest of the inputs is no ASCII text of up to {_MAX_INPUTS:,} characters"
    return ""


def _parse(data: bytes) -> Manifest:
    """Read the record; raises ValueError with a reason."""
    if len(data) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES:,} bytes")
    try:
        value = json.loads(data.decode("ascii"), object_pairs_hook=_distinct)
    except UnicodeDecodeError as error:
        raise ValueError("it is not ASCII") from error
    if not isinstance(value, dict) or set(value) != {"format", "inputs", "files", "kept"}:
        raise ValueError("it has not the keys that it should have")
    if value["format"] != _FORMAT:
        raise ValueError("another version of apiwright wrote it")
    reason = inputs_fault(value["inputs"])
    if reason:
        raise ValueError(reason)
    return Manifest(_files(value["files"]), _kept(value["kept"]), value["inputs"])


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a key is there twice")
    return result


def _files(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _MAX_FILES:
        raise ValueError(f"'files' is no mapping of up to {_MAX_FILES:,} paths")
    for path, digest in value.items():
        _check_path(path)
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ValueError(f"{shown(path)} has no SHA-256")
    return value


def _kept(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_FILES:
        raise ValueError(f"'kept' is no list of up to {_MAX_FILES:,} paths")
    for path in value:
        _check_path(path)
    return tuple(value)


def _check_path(path: object) -> None:
    reason = fault(path) if isinstance(path, str) else "is no text"
    if reason:
        raise ValueError(f"the path {shown(str(path))} {reason}")

"""A file of the contract to nodes: which format it has, and everything that can go wrong before."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from apiwright.load.json_reader import read_json
from apiwright.load.limits import MAX_BYTES, MAX_LINES, MAX_VALUES
from apiwright.load.node import Node, Source
from apiwright.load.read_error import ReadError
from apiwright.load.wording import did_you_mean, worth_it
from apiwright.load.yaml_reader import read_yaml
from apiwright.problems import Position, Report

_OTHER_ENCODINGS = (
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\x1f\x8b", "gzip"),
    (b"PK", "zip"),
)


def read_source(
    path: Path, name: str, report: Report, asked: Position | None = None
) -> Source | None:
    """The text of a file, without a byte order mark.

    `name` is what positions call the file. Where it cannot be read, `report` says why, at `asked`
    (the reference that asked for the file) or at the file itself, and None is returned.
    """
    place = asked or Position(name)
    try:
        data = _bytes(path, name, place, hints=worth_it(report))
        source = Source(name, _text(data, name))
        _check_lines(source, place)
    except ReadError as error:
        report.add(error.problem)
        return None
    return source


def read_nodes(source: Source, report: Report, limit: int = MAX_VALUES) -> Node | None:
    """The values of a text, at most `limit` of them, read as JSON or as YAML.

    `.json` is JSON, `.yaml` and `.yml` are YAML; under any other name, what begins with a bracket
    is JSON. None, and an error in `report`, where the text cannot be understood.
    """
    suffix = Path(source.file).suffix.lower()
    if suffix == ".json":
        return read_json(source, report, limit)
    if suffix not in (".yaml", ".yml") and source.text.lstrip()[:1] in ("{", "["):
        return read_json(source, report, limit)
    return read_yaml(source, report, limit)


def _bytes(path: Path, name: str, place: Position, *, hints: bool) -> bytes:
    try:
        with open(path, "rb", opener=_open_unless_special) as file:
            status = os.fstat(file.fileno())
            if stat.S_ISDIR(status.st_mode) or not stat.S_ISREG(status.st_mode):
                raise _no_file(status.st_mode, name, place)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = did_you_mean(path.name, _siblings(path)) if hints else ""
        raise ReadError("missing-file", f"there is no file '{name}'", place, hint=hint) from None
    except PermissionError:
        message = f"the file '{name}' must not be read by this user"
        raise ReadError("unreadable-file", message, place) from None
    except IsADirectoryError:
        raise _no_file(stat.S_IFDIR, name, place) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not possible here"
        raise ReadError("unreadable-file", f"'{name}' cannot be read: {reason}", place) from None
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise ReadError("too-large", f"the file '{name}' is larger than {limit} MiB", place)
    return data


def _open_unless_special(path: str, flags: int) -> int:
    """Open without waiting: a pipe without a writer would block for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _no_file(mode: int, name: str, place: Position) -> ReadError:
    what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
    return ReadError("not-a-file", f"'{name}' is {what}, not a file", place)


def _siblings(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return []


def _text(data: bytes, name: str) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(data, error.start, name)
    for magic, encoding in _OTHER_ENCODINGS:
        if data.startswith(magic):
            raise ReadError(
                "not-utf-8",
                f"the file '{name}' is {encoding}, not UTF-8 text",
                place,
                hint="save it as UTF-8",
            )
    raise ReadError(
        "not-utf-8", f"the file '{name}' is not UTF-8 text", place, hint="save it as UTF-8"
    )


def _check_lines(source: Source, place: Position) -> None:
    if source.text.count("\n") + source.text.count("\r") > MAX_LINES:
        message = f"the file '{source.file}' has more than {MAX_LINES:,} lines"
        raise ReadError("too-large", message, place)


def _place(data: bytes, offset: int, name: str) -> Position:
    """Where the byte at `offset` stands; the bytes before it are known to be UTF-8."""
    before = data[:offset].decode("utf-8")
    return Source(name, before).position(len(before))

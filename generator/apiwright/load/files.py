"""The files that a contract consists of: found, confined to its folder, and each read once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from apiwright.load.limits import MAX_BYTES, MAX_FILES, MAX_VALUES
from apiwright.load.measure import extent
from apiwright.load.node import Node, Source
from apiwright.load.reader import read_nodes, read_source
from apiwright.load.wording import shown
from apiwright.problems import Position, Report


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One file of the contract, its overlay applied.

    `path` is the way to it as it was given or built from what was given; `name` is what positions
    call it.
    """

    name: str
    path: Path
    root: Node
    source: Source = field(repr=False)


class Files:
    """Opens the files of one contract.

    `read` collects every path that was read, `sources` every text by its name in positions; both
    are filled also where nothing came of it.
    """

    def __init__(
        self, root: Path, base: Path | None, report: Report, sources: dict[str, Source]
    ) -> None:
        self.read: list[Path] = []
        self.sources = sources
        self._base = base
        self._report = report
        self._folder = Path(_real(root.parent))
        self._root = root
        self._opened: dict[str, File | None] = {}
        self._characters = 0
        self._values = MAX_VALUES
        self._unmeasured: list[Node] = []  # so that a contract of one file need not be

    def open_root(self) -> File | None:
        """The file that the contract begins with; None, with an error, if it cannot be read."""
        return self._open(self._root, _real(self._root), None)

    def open(self, path: str, referrer: File, asked: Position) -> File | None:
        """The file that a reference at `asked`, in the file `referrer`, names.

        Links are followed before it is decided whether the file is inside of the contract's folder;
        nothing outside of it is touched. None, with an error, if there is no such file to be read.
        """
        joined = referrer.path.parent / path
        real = _real(joined)
        if not Path(real).is_relative_to(self._folder):
            self._report.error(
                "reference-outside",
                f"'{shown(path)}' leads out of the folder that the contract is in",
                asked,
                hint="move the file into that folder, or the contract's first file further up",
            )
            return None
        return self._open(Path(os.path.normpath(joined)), real, asked)

    def _open(self, path: Path, real: str, asked: Position | None) -> File | None:
        if real not in self._opened:
            if len(self._opened) >= MAX_FILES:
                message = f"the contract has more than {MAX_FILES:,} files"
                self._report.error("too-large", message, asked)
                return None
            opened = self._read(path, real, asked)
            if opened is None and not Path(real).is_file():
                return None  # said again for every reference to it
            self._opened[real] = opened
        return self._opened[real]

    def _read(self, path: Path, real: str, asked: Position | None) -> File | None:
        name = self._name(path)
        source = self._source(Path(real), path, name, asked)
        node = self._nodes(source) if source is not None else None
        if node is None or source is None:
            return None
        file = File(name, path, node, source)
        overlay = self._overlay(file)
        if overlay is None:
            return file
        # Queries take longer to import than most contracts to read.
        from apiwright.load.overlay import apply_overlay  # noqa: PLC0415

        return replace(file, root=apply_overlay(file.root, overlay, path, self._report))

    def _source(self, real: Path, path: Path, name: str, asked: Position | None) -> Source | None:
        source = read_source(real, name, self._report, asked)
        if source is None:
            return None
        self.read.append(path)
        self.sources[name] = source
        self._characters += len(source.text)
        if self._characters > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            message = f"the contract's files are larger than {limit} MiB together"
            self._report.error("too-large", message, asked or Position(name))
            return None
        return source

    def _overlay(self, file: File) -> Node | None:
        """The overlay that stands beside a file, or None."""
        found = [path for path in _overlay_paths(file.path) if os.path.lexists(path)]
        if not found:
            return None
        path, *others = found
        place = Position(self._name(path))
        for other in others:
            self._report.error(
                "several-overlays",
                f"both '{path.name}' and '{other.name}' are overlays of '{file.path.name}'",
                Position(self._name(other)),
                hint="keep one of them",
            )
        real = Path(_real(path))
        if not real.is_relative_to(self._folder):
            message = f"the overlay '{path.name}' is a link out of the contract's folder"
            self._report.error("reference-outside", message, place)
            return None
        source = self._source(real, path, self._name(path), place)
        return self._nodes(source) if source is not None else None

    def _nodes(self, source: Source) -> Node | None:
        """The values of a file, as many as the files before it have left."""
        while self._unmeasured:
            self._values -= extent(self._unmeasured.pop()).size
        node = read_nodes(source, self._report, self._values)
        if node is not None:
            self._unmeasured.append(node)
        return node

    def _name(self, path: Path) -> str:
        """The path as positions show it: relative to the base where it is below that."""
        base = _absolute(self._base or Path())
        absolute = _absolute(path)
        if absolute.is_relative_to(base):
            return absolute.relative_to(base).as_posix()
        return path.as_posix()


def _absolute(path: Path) -> Path:
    """The path from the root of the file system, links in it not followed."""
    return Path(os.path.normpath(Path.cwd() / path))


def _real(path: Path) -> str:
    """The path with all links followed, as far as it exists."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # no file can have that name; opening it says so
        return str(_absolute(path))


def _overlay_paths(contract: Path) -> list[Path]:
    """Where the overlay of a file may stand."""
    return [
        contract.with_name(f"{contract.stem}.overlay{suffix}")
        for suffix in (".yaml", ".yml", ".json")
    ]

"""A contract, ready to be understood: one document, whatever files it was written in."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from apiwright.load import pointer
from apiwright.load.bundle import bundle
from apiwright.load.files import Files
from apiwright.load.measure import extent
from apiwright.load.node import Node, Source
from apiwright.load.read_error import ReadError
from apiwright.problems import Report


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One OpenAPI document, in which every reference is a local one (`#/...`).

    `sources` are the texts of its files, by the name that positions use; `files` the paths of all
    files that were read, the first one first.
    """

    root: Node
    sources: Mapping[str, Source] = field(repr=False)
    files: tuple[Path, ...]

    def at(self, pointer_text: str) -> Node | None:
        """What a JSON Pointer names, or None: `/a/b` as it is, `#/a/b` percent-decoded first.

        RFC 6901, to the letter: `-1`, `01` and `-` are no indices of a list.
        """
        if pointer_text.startswith("#"):
            keys = pointer.parse_fragment(pointer_text[1:])
        else:
            keys = pointer.parse(pointer_text)
        return None if keys is None else pointer.find(self.root, keys)

    def resolve(self, node: Node) -> Node:
        """The object that a reference stands for, at the end of a chain of references.

        `node` itself when it is no reference; where the chain leads nowhere, or in a circle, the
        last reference of it.
        """
        seen = {id(node)}
        while True:
            text = node.get("$ref")
            if text is None or not text.text.startswith("#"):
                return node
            target = self.at(text.text)
            if target is None or id(target) in seen:
                return node
            seen.add(id(target))
            node = target


def load(
    path: Path,
    report: Report,
    *,
    base: Path | None = None,
    sources: dict[str, Source] | None = None,
) -> Document | None:
    """Read the contract whose first, or only, file is `path`.

    Positions name files relative to `base` (by default the current folder) where they are below it,
    and else as they were given. `sources` is filled with the text of every file that was read, so
    that problems can be shown even when there is no document.

    Problems go to `report`. None means that nothing usable could be read, and that there is an
    error; a document may come with errors as well.
    """
    texts = {} if sources is None else sources
    with _collector_paused():
        return _load(path, report, base, texts)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spare Python looking again and again at a million nodes, all of which are in use."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _load(
    path: Path, report: Report, base: Path | None, texts: dict[str, Source]
) -> Document | None:
    files = Files(path, base, report, texts)
    root = files.open_root()
    if root is None:
        return None
    if not isinstance(root.root.value, dict):
        message = "an OpenAPI document must be a mapping, with the key 'openapi'"
        hint = "it begins with `openapi: 3.1.0`; `apiwright init DIR` lays out one"
        report.error("not-a-contract", message, root.root.position, hint=hint)
        return None
    bundle(root, files, report)
    try:
        if len(files.read) > 1:
            extent(root.root)
    except ReadError as error:
        report.add(error.problem)
        return None
    return Document(root.root, texts, tuple(files.read))

"""Reading a contract: from files to one document whose every value knows where it stands.

`load` is the stage. `KINDS`, `SECTIONS` and `walk` are the grammar of OpenAPI documents, for any
stage that goes through one.
"""

from __future__ import annotations

from apiwright.load.document import Document, load
from apiwright.load.grammar import KINDS, SECTIONS, Field, Kind, Shape
from apiwright.load.node import Node, Plain, Scalar, Source, copied, plain
from apiwright.load.walk import Place, kind_at, walk, walk_from

__all__ = [
    "KINDS",
    "SECTIONS",
    "Document",
    "Field",
    "Kind",
    "Node",
    "Place",
    "Plain",
    "Scalar",
    "Shape",
    "Source",
    "copied",
    "kind_at",
    "load",
    "plain",
    "walk",
    "walk_from",
]

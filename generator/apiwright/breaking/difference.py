"""A difference between two schemas, before it is known which operations they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from apiwright.breaking.change import Level
from apiwright.breaking.effective import Parts
from apiwright.load import Node

Pair: TypeAlias = "tuple[Parts, Parts]"


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: an aspect of the value itself, or the `kind` of difference of a property.

    `detail` ends a sentence about the value. `node` is where it stands: in the newer document, or
    in the older one where it is `gone`; None for the schema as a whole. `path` leads to the value
    that is meant from the one that is compared. `level` is given where it depends on more than the
    kind of difference.
    """

    kind: str
    detail: str
    node: Node | None = None
    path: tuple[str, ...] = ()
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The way from two schemas to those of a part of the value; `name` is that of the part."""

    name: str
    pair: Pair
    node: Node | None = None

"""Older versions of the API: what their requests and answers are in terms of the newest one.

Values are changed in steps. Those of a request lead from the older version to the newest, those of
an answer back. Whatever the direction, parts are changed first, under the names with which they
come, then texts are split or joined, names are dropped and changed, and what is missing is filled
in under the names with which the value goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from apiwright.ir.operations import Operation
from apiwright.ir.schemas import Direction, Json
from apiwright.ir.service import Service
from apiwright.problems import Position


@dataclass(frozen=True, slots=True)
class Use:
    """A shape, or (`many`) a list of it, or (`each`) an object whose values have it."""

    shape: str
    many: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True)
class Nested:
    """The property `name` has a shape of its own."""

    name: str
    use: Use


@dataclass(frozen=True, slots=True)
class Values:
    """The property `name` is a value of an enum, or a list of them, some of which change."""

    name: str
    values: Mapping[str, str]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """The text `name` becomes several; those that get nothing become `empty`."""

    name: str
    into: tuple[str, ...]
    separator: str
    empty: Json


@dataclass(frozen=True, slots=True)
class Joined:
    """Several texts become one."""

    names: tuple[str, ...]
    into: str
    separator: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """What the other version has no place for."""

    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """The same under another name."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands for a property that is missing."""

    name: str
    value: Json


Step: TypeAlias = Nested | Values | Split | Joined | Dropped | Renamed | Filled


@dataclass(frozen=True, slots=True)
class Shape:
    """How the values of a schema are changed: the method that does it, and its steps.

    `schema` is the name in the older version, `newer` that in the newest one.
    """

    method: str
    schema: str
    newer: str
    direction: Direction
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that can't be derived; an override of `method` fills it, if that is named.

    One that is `harmless` is worth a warning only.
    """

    code: str
    message: str
    position: Position
    hint: str
    method: str = ""
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class AdaptedParameter:
    """A parameter of the query that differs: its new name, its values, and the default of old."""

    name: str
    newer: str
    values: Mapping[str, str]
    default: tuple[str, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class AdaptedOperation:
    """An operation of an older version, and that of the newest which answers it.

    `held` tells that requests have to be held to the older contract first, since the newest one
    says something else; `fields` are its names of fields by those of the newest, for errors.
    """

    older: Operation
    newer: Operation
    body: Use | None
    answer: Use | None
    query: tuple[AdaptedParameter, ...]
    status: int | None
    held: bool
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """An older version: its name (as `v1`), its contract by itself, and how it is answered.

    `methods` are all that its adapter can have, those in which nothing changes among them;
    `overridden` tells whether people have written an adapter of their own.
    """

    name: str
    service: Service
    operations: tuple[AdaptedOperation, ...]
    shapes: tuple[Shape, ...]
    gaps: tuple[Gap, ...] = ()
    methods: tuple[str, ...] = ()
    overridden: bool = False
    newest: str = ""
    newest_path: str = ""

    def operation_id(self, name: str) -> str:
        """The id of one of its operations among those of all versions."""
        return f"{self.name}:{name}"

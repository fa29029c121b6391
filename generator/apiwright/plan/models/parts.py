"""What a module of models is made of, as the templates print it."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code


@dataclass(frozen=True, slots=True)
class ModelField:
    """A field of a model: its name, annotation and default ("" where it is required)."""

    name: Code
    annotation: Code
    default: Code


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enum."""

    name: Code
    value: Code


@dataclass(frozen=True, slots=True)
class Model:
    """A class: an object, an enum (with `members`) or a root model (whose field is `root`).

    `config` are the arguments of its ConfigDict, `rebuild` whether it refers to itself.
    """

    name: Code
    bases: Code
    docstring: Code
    config: Code
    fields: tuple[ModelField, ...] = ()
    members: tuple[Member, ...] = ()
    extra: Code | None = None


@dataclass(frozen=True, slots=True)
class ModelModule:
    """A module of models, its import lines and the classes that must be rebuilt at its end."""

    name: str
    imports: tuple[Code, ...]
    models: tuple[Model, ...]
    rebuild: tuple[Code, ...]

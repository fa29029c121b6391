"""What the templates of a service print: a method for each operation, as ready-made code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from apiwright.code import Code
from apiwright.plan.views.signatures import Signature


@dataclass(frozen=True, slots=True)
class Assignment:
    """An attribute of a row and the value that it gets."""

    attribute: Code
    value: Code


@dataclass(frozen=True, slots=True)
class Exchange:
    """A value of the body that is stored under another name, or not as it came."""

    sent: Code
    stored: Code
    value: Code


@dataclass(frozen=True, slots=True)
class ParentView:
    """A row that has to be there: the one that a path parameter in the middle names."""

    repository: Code
    condition: Code


@dataclass(frozen=True, slots=True)
class RowsView:
    """Which rows a method touches."""

    conditions: tuple[Code, ...]
    owner: Code
    owner_guard: Code


@dataclass(frozen=True, slots=True)
class ListMethod:
    """A method that shows a page."""

    parents: tuple[ParentView, ...]
    call: Code
    items: Code
    envelope: Code
    fields: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class ExportMethod:
    """A method that says which rows an export has."""

    parents: tuple[ParentView, ...]
    arguments: Code


@dataclass(frozen=True, slots=True)
class CreateMethod:
    """A method that makes a row."""

    parents: tuple[ParentView, ...]
    repository: Code
    model: Code
    assignments: tuple[Assignment, ...]
    note: Code
    view: Code
    loads: Code


@dataclass(frozen=True, slots=True)
class RowMethod:
    """A method that works with one row.

    `require` and `note` are statements about its version, `raise_version` one that raises it where
    only pairs of rows are written; any of them may be empty.
    """

    repository: Code
    variable: Code
    get: Code
    guard: Code
    assignments: tuple[Assignment, ...]
    exchanges: tuple[Exchange, ...]
    require: Code
    raise_version: Code
    note: Code
    view: Code
    loads: Code


@dataclass(frozen=True, slots=True)
class BulkMethod:
    """A method that works on many rows: the lines that prepare, the call, and the answer."""

    parents: tuple[ParentView, ...]
    repository: Code
    model: Code
    entries: Code
    assignments: tuple[tuple[Code, Code], ...]
    mark: Code
    work: Code
    answer: Code


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """A method that deals in tokens: the attributes of the body that it needs."""

    login: Code
    password: Code
    scope: Code
    token: Code
    answer: tuple[Assignment, ...]
    view: Code
    failure: Code


@dataclass(frozen=True, slots=True)
class PasswordMethod:
    """A method that changes a password: the attributes of the body that it needs."""

    current: Code
    new: Code
    view: Code
    failure: Code


@dataclass(frozen=True, slots=True)
class ResetMethod:
    """A method of a reset: the attributes of the body that it needs, and what it answers.

    `service` is the class that it belongs to.
    """

    login: Code
    token: Code
    new: Code
    service: Code
    failure: Code


@dataclass(frozen=True, slots=True)
class CustomMethod:
    """A method that only an override can give a body."""

    message: str


Body: TypeAlias = (
    ListMethod
    | ExportMethod
    | CreateMethod
    | RowMethod
    | BulkMethod
    | SignInMethod
    | PasswordMethod
    | ResetMethod
    | CustomMethod
)


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method of a service; `template` prints its body."""

    name: Code
    signature: Signature
    docstring: Code
    template: str
    body: Body

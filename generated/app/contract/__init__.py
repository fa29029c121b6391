"""The contract, as the service serves it and as it holds requests to it.

`openapi.json` is the document itself; `requests.json` holds, for each operation, the JSON Schemas
of its parameters and bodies. The validators made from them know the contract to the letter, where
the models in `app.schemas` only know what Python's types can say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs

from app.errors import Invalid, Violation

FOLDER = Path(__file__).parent
SCHEMAS = "urn:contract:schemas"


@dataclass(frozen=True)
class Validator:
    """Holds values to one schema of the contract; compiled when it is first needed."""

    schema: Any
    registry: jsonschema_rs.Registry = field(repr=False)

    @cached_property
    def _compiled(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(
            self.schema,
            registry=self.registry,
            validate_formats=True,
            email_options=jsonschema_rs.EmailOptions(
                allow_domain_literal=False, allow_display_text=False
            ),
            mask="value",
            offline=True,
        )

    def check(self, place: tuple[str, ...], value: Any) -> None:
        """Raise Invalid with everything that is wrong with `value`, which stands at `place`.

        Where the contract allows anything, that includes bytes, which are no JSON.
        """
        if self.schema is not True and not self._compiled.is_valid(value):
            raise Invalid(self._violations(place, value))

    def _violations(self, place: tuple[str, ...], value: Any) -> Iterator[Violation]:
        for error in self._compiled.iter_errors(value):
            here = (*place, *error.instance_path)
            kind = error.kind
            if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
                yield Violation((*here, kind.property), "Field required", "missing")
            elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
                for name in kind.unexpected:
                    yield Violation((*here, name), "Unknown field", "extra_forbidden")
            else:
                yield Violation(here, error.message, kind.name)


@dataclass(frozen=True, slots=True)
class Wire:
    """The JSON types that the text of a parameter may turn into."""

    kinds: tuple[str, ...]
    items: Wire | None
    properties: Mapping[str, Wire]


@dataclass(frozen=True, slots=True)
class Parameter:
    """How a parameter is written, under which name too (OpenAPI 3.1, section 4.8.12)."""

    name: str
    style: str
    explode: bool
    wire: Wire
    is_json: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The parameters of an operation that travel in the same place."""

    place: str
    parameters: Mapping[str, Parameter]
    validator: Validator


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation takes: a validator for each media type."""

    required: bool
    contents: Mapping[str, Validator]
    wires: Mapping[str, Wire]


@dataclass(frozen=True, slots=True)
class Operation:
    """The requests that one operation takes."""

    groups: Mapping[str, Group]
    body: Body | None


@cache
def document(folder: Path = FOLDER) -> bytes:
    """The contract as JSON text."""
    return (folder / "openapi.json").read_bytes()


@cache
def operations(folder: Path = FOLDER) -> Mapping[str, Operation]:
    """The operations of the contract by their ids."""
    found = json.loads((folder / "requests.json").read_bytes())
    registry = jsonschema_rs.Registry([(SCHEMAS, found["schemas"])])
    return {name: _operation(written, registry) for name, written in found["operations"].items()}


def _operation(written: Mapping[str, Any], registry: jsonschema_rs.Registry) -> Operation:
    groups = {
        place: Group(
            place,
            {name: _parameter(name, known) for name, known in group["parameters"].items()},
            Validator(group["schema"], registry),
        )
        for place, group in written["groups"].items()
    }
    return Operation(groups, _body(written.get("body"), registry))


def _parameter(name: str, written: Mapping[str, Any]) -> Parameter:
    return Parameter(
        written.get("name", name),
        written["style"],
        written["explode"],
        _wire(written["wire"]),
        written["json"],
    )


def _wire(written: Mapping[str, Any]) -> Wire:
    items = written.get("items")
    properties = written.get("properties", {})
    return Wire(
        tuple(written["kinds"]),
        None if items is None else _wire(items),
        {name: _wire(inner) for name, inner in properties.items()},
    )


def _body(written: Mapping[str, Any] | None, registry: jsonschema_rs.Registry) -> Body | None:
    if written is None:
        return None
    contents = written["contents"]
    return Body(
        written["required"],
        {kind: Validator(known["schema"], registry) for kind, known in contents.items()},
        {kind: _wire(known["wire"]) for kind, known in contents.items()},
    )

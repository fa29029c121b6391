"""Requests that the service takes: the contract's own examples, or made up, but all checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from apiwright.code import Code, compose, literal
from apiwright.ir.media import essence, is_json, is_readable
from apiwright.ir.operations import Content, Location, Operation, Parameter
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import flat
from apiwright.plan.requests import requests_document
from apiwright.plan.views.tests.formats import format_checker
from apiwright.understand.exchange import body_content

Pairs: TypeAlias = tuple[tuple[str, str], ...]

SCHEMAS = "urn:contract:schemas"
"""What references to named schemas begin with."""

UNDECIDABLE = (re.error, SchemaError, Unresolvable, RecursionError, TypeError, ValueError)
"""What a validator raises for schemas that it can't work with."""

_RAW = b"example"
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_LARGEST = (2**31 - 1, 999_999_999, 9_999, 99, 9)


@dataclass(frozen=True, slots=True)
class Payload:
    """A body: its media type, what it says, and how that is written."""

    media_type: str
    value: Json
    written: bytes


class Samples:
    """Example values for the requests of a service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        document = requests_document(service)
        written = document["operations"]
        self._operations: dict[str, Json] = written if isinstance(written, dict) else {}
        self._registry = registry_of(document["schemas"])
        self._formats = format_checker()

    def body(self, operation: Operation) -> Payload | None:
        """A body that the operation takes; None if it takes none, or none could be made up."""
        content = _handled(operation)
        if content is None:
            return None
        kind = essence(content.media_type)
        if content.schema is None or not is_readable(kind):
            return Payload(_concrete(kind), None, _RAW)
        schema = self._body_schema(operation, kind)
        for value in self._values(content.schema, content.example):
            if self._fits(schema, value):
                written = _written(kind, value)
                return Payload(kind, value, written) if written is not None else None
        return None

    def media_type(self, operation: Operation) -> str:
        """The media type that bodies of the operation are sent as; empty for none."""
        content = _handled(operation)
        return _concrete(essence(content.media_type)) if content is not None else ""

    def refused(self, operation: Operation) -> Iterator[bytes]:
        """Bodies in JSON that the contract doesn't allow."""
        content = _handled(operation)
        if content is None or content.schema is None or not is_json(essence(content.media_type)):
            return
        schema = self._body_schema(operation, essence(content.media_type))
        fitting = self.body(operation)
        known = fitting.value if fitting is not None else None
        extended: Json = {**known, "no such field": 1} if isinstance(known, dict) else []
        values: list[Json] = [{}, [], "example", 17, None, extended]
        for value in values:
            if self._verdict(schema, value) is False:
                yield json.dumps(value).encode()

    def allows(self, operation: Operation, name: str, value: Json) -> bool:
        """Whether the body may have `value` in its property `name`, all else as in the example."""
        payload = self.body(operation)
        if payload is None or not isinstance(payload.value, dict):
            return False
        schema = self._body_schema(operation, payload.media_type)
        return self._fits(schema, {**payload.value, name: value})

    def minimal(self, operation: Operation) -> dict[str, Json] | None:
        """A body with nothing but what the contract requires."""
        payload = self.body(operation)
        content = body_content(operation)
        if payload is None or not isinstance(payload.value, dict) or content is None:
            return None
        if content.schema is None:
            return None
        kept = {
            name: value
            for name, value in payload.value.items()
            if name in flat(content.schema, self._service.schemas).required
        }
        schema = self._body_schema(operation, payload.media_type)
        return kept if self._fits(schema, kept) else None

    def value(self, operation: Operation, parameter: Parameter) -> tuple[Json, ...]:
        """A value that the parameter takes, in a tuple; an empty one where there is none."""
        candidates = [*parameter.example, *self._values(parameter.schema, ())]
        return next(((v,) for v in candidates if self.takes(operation, parameter, v)), ())

    def absent(self, operation: Operation, parameter: Parameter) -> tuple[Json, ...]:
        """A value for a parameter of the path that no row of a test has."""
        kinds = parameter.wire.kinds
        large = _LARGEST if "integer" in kinds and "string" not in kinds else ()
        found = next(((v,) for v in large if self.takes(operation, parameter, v)), ())
        return found or self.value(operation, parameter)

    def takes(self, operation: Operation, parameter: Parameter, value: Json) -> bool:
        """Whether a value is one that the parameter may have."""
        return self._fits(self._parameter_schema(operation, parameter), value)

    def breaks(self, operation: Operation, parameter: Parameter, value: Json) -> bool:
        """Whether a value is one that the parameter must not have."""
        return self._verdict(self._parameter_schema(operation, parameter), value) is False

    def _fits(self, schema: Json, value: Json) -> bool:
        return self._verdict(schema, value) is True

    def _verdict(self, schema: Json, value: Json) -> bool | None:
        """Whether a schema of the requests allows a value; None where we can't tell."""
        if not isinstance(schema, dict):
            return bool(schema)
        validator = Draft202012Validator(
            schema, registry=self._registry, format_checker=self._formats
        )
        try:
            return validator.is_valid(value)
        except UNDECIDABLE:
            return None

    def _values(self, schema: Schema, given: tuple[Json, ...]) -> Iterator[Json]:
        yield from given
        try:
            made = sample(schema, self._service.schemas, Direction.REQUEST)
        except NoSampleError:
            return
        yield made
        if isinstance(made, dict):
            required = flat(schema, self._service.schemas).required
            yield {name: value for name, value in made.items() if name in required}

    def _body_schema(self, operation: Operation, kind: str) -> Json:
        return _inside(self._operations, operation.id, "body", "contents", kind, "schema")

    def _parameter_schema(self, operation: Operation, parameter: Parameter) -> Json:
        place = parameter.location.value
        key = parameter.attribute if place == Location.PATH.value else parameter.name
        return _inside(self._operations, operation.id, "groups", place, "schema", "properties", key)


def registry_of(schemas: Json) -> Registry[Any]:
    """The named schemas, as validators look them up."""
    empty: Registry[Any] = Registry()
    found: Registry[Any] = empty.with_resource(SCHEMAS, DRAFT202012.create_resource(schemas))
    return found


def pairs(parameter: Parameter, value: Json) -> Pairs | None:
    """A parameter as names and texts (OpenAPI 3.1, section 4.8.12.2); None where it can't be."""
    name = parameter.name
    if parameter.content:
        return ((name, json.dumps(value)),) if is_json(parameter.content) else None
    if isinstance(value, dict):
        return _object_pairs(parameter, value)
    if isinstance(value, list):
        texts = [text_of(item) for item in value]
        if parameter.style == "form" and parameter.explode:
            return tuple((name, text) for text in texts)
        return ((name, _DELIMITERS.get(parameter.style, ",").join(texts)),)
    return ((name, text_of(value)),)


def in_path(parameter: Parameter, value: Json) -> str | None:
    """A value as it stands in a path; None where that is not known."""
    if isinstance(value, dict | list) or parameter.content:
        return None
    prefix = {"label": ".", "matrix": f";{parameter.name}="}.get(parameter.style, "")
    text = text_of(value)
    return f"{prefix}{quote(text, safe='')}" if text and "/" not in text else None


def bytes_literal(written: bytes) -> Code:
    """A body, all of which is ASCII, as Python's code."""
    return compose("b{}", literal(written.decode("ascii")))


def text_of(value: Json) -> str:
    """A plain value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _object_pairs(parameter: Parameter, value: Mapping[str, Json]) -> Pairs | None:
    if any(isinstance(inner, dict | list) for inner in value.values()):
        return None
    texts = {key: text_of(inner) for key, inner in value.items()}
    if parameter.style == "deepObject":
        return tuple((f"{parameter.name}[{key}]", text) for key, text in texts.items())
    if parameter.explode:
        return tuple(texts.items())
    return ((parameter.name, ",".join(part for pair in texts.items() for part in pair)),)


def _handled(operation: Operation) -> Content | None:
    """The content of the body that a handler reads."""
    found = body_content(operation)
    contents = operation.body.contents if operation.body is not None else ()
    return found or next(iter(contents), None)


def _concrete(media_type: str) -> str:
    """A media type that a range such as `image/*` covers."""
    kind, _, rest = media_type.partition("/")
    if kind == "*":
        return "application/octet-stream"
    return f"{kind}/example" if rest == "*" else media_type


def _written(media_type: str, value: Json) -> bytes | None:
    if is_json(media_type):
        return json.dumps(value).encode()
    if not isinstance(value, dict) or any(isinstance(v, dict) for v in value.values()):
        return None
    fields = [
        (name, text_of(item))
        for name, inner in value.items()
        for item in (inner if isinstance(inner, list) else [inner])
    ]
    return urlencode(fields).encode()


def _inside(found: Json, *keys: str) -> Json:
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return found

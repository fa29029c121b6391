"""What the answers of a service have to be like: JSON Schemas, in one document for its tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from apiwright.ir.emit import json_schema
from apiwright.ir.media import essence
from apiwright.ir.operations import Operation, Response
from apiwright.ir.schemas import Direction, Json, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import references
from apiwright.plan.views.service import openness
from apiwright.plan.views.tests.errors import ErrorShapes
from apiwright.plan.views.tests.samples import SCHEMAS


def answers_document(service: Service) -> dict[str, Json]:
    """The document that `tests/contract.py` reads; concrete paths stand before open ones.

    It leaves out errors whose declared shape is beyond what the service knows how to write.
    """
    ordered = sorted(service.operations.values(), key=lambda operation: openness(operation.path))
    needed = _needed(service)
    schemas: dict[str, Json] = {
        name: _schema(known.schema, service)
        for name, known in service.schemas.items()
        if name in needed
    }
    shapes = ErrorShapes(service.errors, schemas)
    operations: list[Json] = []
    for operation in ordered:
        answers: dict[str, Json] = {}
        for response in operation.responses:
            contents = _contents(response, service)
            if shapes.can_write(operation.id, response.status, contents):
                answers[response.status] = contents
        operations.append(
            {
                "id": operation.id,
                "method": operation.method.upper(),
                "path": path_pattern(f"{service.base_path}{operation.path}"),
                "answers": answers,
            }
        )
    return {"schemas": schemas, "operations": operations}


def path_pattern(path: str) -> str:
    """A path as a regular expression; whatever stands for a parameter fits."""
    parts = re.split(r"(\{[^}]*\})", path)
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)


def _contents(response: Response, service: Service) -> dict[str, Json]:
    return {
        essence(content.media_type): True
        if content.schema is None
        else _schema(content.schema, service)
        for content in response.contents
    }


def _needed(service: Service) -> set[str]:
    waiting = [name for operation in service.operations.values() for name in _roots(operation)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in service.schemas:
            found.add(name)
            waiting.extend(references(service.schemas[name].schema))
    return found


def _roots(operation: Operation) -> Iterator[str]:
    for response in operation.responses:
        for content in response.contents:
            if content.schema is not None:
                yield from references(content.schema)


def _schema(schema: Schema, service: Service) -> Json:
    return json_schema(schema, service.schemas, Direction.RESPONSE, _refer)


def _refer(name: str) -> str:
    escaped = name.replace("~", "~0").replace("/", "~1")
    return f"{SCHEMAS}#/{quote(escaped, safe='~')}"

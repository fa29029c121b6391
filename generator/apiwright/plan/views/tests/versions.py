"""What tests of an older version change: bodies and answers, by example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, literal
from apiwright.ir.media import is_json
from apiwright.ir.operations import Operation
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json
from apiwright.ir.service import Service
from apiwright.ir.versions import AdaptedOperation, Version
from apiwright.plan.views.tests.kit import Kit


@dataclass(frozen=True, slots=True)
class ExampleView:
    """A body of the older version, or an answer of the newest one, as JSON text.

    `newer` is the operation of the newest version; `status` that of the answer.
    """

    operation: str
    newer: str
    text: Code
    media_type: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class VersionTestsView:
    """The examples of an older version."""

    name: str
    import_line: Code
    bodies: tuple[ExampleView, ...]
    answers: tuple[ExampleView, ...]


def version_tests_view(version: Version, kit: Kit, newest: Service) -> VersionTestsView:
    """The examples for whatever changes between `version` and the newest one."""
    return VersionTestsView(
        name=version.name,
        import_line=compose(
            "from {}.versions.{} import Adapter",
            constant("overrides" if version.overridden else "app"),
            ident(version.name),
        ),
        bodies=tuple(view for o in version.operations for view in _bodies(o, version, kit)),
        answers=tuple(view for o in version.operations for view in _answers(o, version, newest)),
    )


def _bodies(known: AdaptedOperation, version: Version, kit: Kit) -> Iterator[ExampleView]:
    payload = kit.samples.body(known.older) if known.body is not None else None
    if payload is not None:
        name = version.operation_id(known.older.id)
        text = literal(json.dumps(payload.value))
        yield ExampleView(name, known.newer.id, text, payload.media_type)


def _answers(known: AdaptedOperation, version: Version, newest: Service) -> Iterator[ExampleView]:
    if known.answer is None:
        return
    value = _answer(known.newer, newest)
    success = known.older.success
    if value is not None and success is not None and success.status.isdigit():
        name = version.operation_id(known.older.id)
        text = literal(json.dumps(value))
        yield ExampleView(name, known.newer.id, text, status=int(success.status))


def _answer(operation: Operation, service: Service) -> Json:
    """The contract's own example of an answer, or one that is made up."""
    success = operation.success
    for content in success.contents if success is not None else ():
        if content.schema is not None and is_json(content.media_type):
            if content.example:
                return content.example[0]
            try:
                return sample(content.schema, service.schemas, Direction.RESPONSE)
            except NoSampleError:
                return None
    return None

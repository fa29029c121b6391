"""The tests that a service comes with: which files there are, and what their templates see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from apiwright.ir.schemas import Json
from apiwright.ir.service import Service
from apiwright.plan.files import DataFile, PlannedFile
from apiwright.plan.views.service import resource_name
from apiwright.plan.views.tests import Kit
from apiwright.plan.views.tests_answers import answers_document


def test_files(
    service: Service, bound: Mapping[str, str], context: Mapping[str, object]
) -> Iterator[PlannedFile]:
    """The tests of `service`; `context` is what all templates see."""
    kit = Kit(service)
    view = kit.view()
    shared = {
        **context,
        "kit": view,
        "overridden": tuple(resource_name(r) for r in service.resources if r.module in bound),
    }

    def file(path: str, template: str = "", **more: object) -> PlannedFile:
        return PlannedFile(path, template or f"{path}.j2", {**shared, **more})

    for path in _ALWAYS:
        yield file(path)
    if view.entities:
        yield file("tests/factories.py", factories=kit.rows.view())
    yield file("tests/contract.py", operations=kit.requests.views())
    yield file("tests/test_contract.py", checks=kit.requests.checks())


def test_data(service: Service) -> Iterator[DataFile]:
    """The data that the tests of `service` read."""
    document: Json = answers_document(service)
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)
    yield DataFile("tests/answers.json", f"{text}\n")


_ALWAYS = (
    "tests/__init__.py",
    "tests/conftest.py",
    "tests/postgres.py",
    "tests/scratch.py",
)

"""The tests that a service comes with: which files there are, and what their templates see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from apiwright.ir.schemas import Json
from apiwright.ir.service import Resource, Service
from apiwright.plan.files import DataFile, PlannedFile
from apiwright.plan.views.service import resource_name
from apiwright.plan.views.tests import Kit
from apiwright.plan.views.tests_answers import answers_document
from apiwright.plan.views.tests_resources import resource_tests_view


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
    for name, resource in _resources(service):
        found = resource_tests_view(kit, resource)
        if found is not None:
            yield file(f"tests/{name}.py", "tests/test_resource.py.j2", resource=found)
    yield file("tests/contract.py", operations=kit.requests.views())
    yield file("tests/test_contract.py", checks=kit.requests.checks())


def test_data(service: Service) -> Iterator[DataFile]:
    """The data that the tests of `service` read."""
    document: Json = answers_document(service)
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)
    yield DataFile("tests/answers.json", f"{text}\n")


def _resources(service: Service) -> Iterator[tuple[str, Resource]]:
    """The resources, each with a name for its file that no other test has."""
    for resource in service.resources:
        name = f"test_{resource.module.strip('_')}"
        yield (f"{name}_api" if name in _TAKEN else name), resource


_TAKEN = frozenset(
    {
        "test_cache", "test_config", "test_contract", "test_database", "test_docs", "test_errors",
        "test_health", "test_json", "test_models", "test_monitoring", "test_overriding",
        "test_pagination", "test_parameters", "test_routing", "test_search", "test_security",
        "test_seed", "test_services", "test_validators",
    }
)  # fmt: skip
_ALWAYS = (
    "tests/__init__.py",
    "tests/conftest.py",
    "tests/postgres.py",
    "tests/scratch.py",
    "tests/wire.py",
)

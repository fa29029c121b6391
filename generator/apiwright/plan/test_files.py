"""The tests that a service comes with: which files there are, and what their templates see."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from apiwright.code import dotted
from apiwright.ir.operations import BulkAction, ExportAction
from apiwright.ir.schemas import Json
from apiwright.ir.service import Resource, Service
from apiwright.ir.versions import Version
from apiwright.plan.files import DataFile, PlannedFile
from apiwright.plan.schema_classes import SchemaClasses
from apiwright.plan.views.binding import binding_view
from apiwright.plan.views.seeds import account_view
from apiwright.plan.views.service import is_versioned, keeps_answers, resource_name
from apiwright.plan.views.tests.answers import answers_document
from apiwright.plan.views.tests.api_keys import key_tests_view
from apiwright.plan.views.tests.kit import Kit
from apiwright.plan.views.tests.load import load_view
from apiwright.plan.views.tests.matrix import matrix_view
from apiwright.plan.views.tests.models import model_tests_view
from apiwright.plan.views.tests.owasp import owasp_view
from apiwright.plan.views.tests.recording import audit_tests, told_tests
from apiwright.plan.views.tests.resets import reset_tests_view
from apiwright.plan.views.tests.resources import resource_tests_view
from apiwright.plan.views.tests.services import service_tests_views
from apiwright.plan.views.tests.sign_in import account_tests_view, sign_in_tests_view
from apiwright.plan.views.tests.tenancy import pairs_walls_view, walls_view
from apiwright.plan.views.tests.versions import VersionTestsView, version_tests_view


def test_files(
    service: Service,
    bound: Mapping[str, str],
    classes: SchemaClasses,
    context: Mapping[str, object],
    *,
    direct: bool,
    called: Mapping[str, str],
    closed: Collection[str],
    versions: tuple[Version, ...],
) -> Iterator[PlannedFile]:
    """The tests of `service`; `context` is what all templates see.

    `direct` tells whether any operation can be answered without a session, `called` the names that
    constraints have in the database where those are others ("" for one that isn't there),
    `closed` the entities of which the service can make no row. Older `versions` are tested for what
    their own contracts say; what only they offer has no other tests.
    """
    whole, service = service, service.offered
    kit = Kit(service, closed)
    view = kit.view()
    shared = {
        **context,
        "kit": view,
        "package": dotted("tests"),
        "account": account_tests_view(kit),
        "seeded": account_view(service.identity, service) if service.identity else None,
        "overridden": tuple(resource_name(r) for r in service.resources if r.module in bound),
    }

    for path in _paths(kit, overridden=bool(bound), direct=direct):
        yield PlannedFile(path, f"{path}.j2", shared)
    for path, more in _with_views(kit, classes, called):
        yield PlannedFile(path, f"{path}.j2", {**shared, **more})
    for name, resource in _resources(service):
        found = resource_tests_view(kit, resource)
        if found is not None:
            more = {"resource": found}
            yield PlannedFile(f"tests/{name}.py", "tests/test_resource.py.j2", {**shared, **more})

    services = (service, *(version.service for version in versions))
    if any(o.deprecated for known in services for o in known.operations.values()):
        yield PlannedFile(_DEPRECATION, f"{_DEPRECATION}.j2", shared)
    if versions:
        yield PlannedFile(_VERSIONS, f"{_VERSIONS}.j2", shared)
    for version in versions:
        yield from _version_files(version, whole, shared)


def _version_files(
    version: Version, newest: Service, shared: Mapping[str, object]
) -> Iterator[PlannedFile]:
    """The tests of an older version: its whole contract, by way of the newest one."""
    kit = Kit(version.service)
    seen = {
        **shared,
        "kit": kit.view(),
        "package": dotted(f"tests.{version.name}"),
        "version": version_tests_view(version, kit, newest),
        "operations": kit.requests.views(),
        "checks": kit.requests.checks(),
    }
    names = ["conftest", "contract", "test_contract"]
    view = seen["version"]
    if isinstance(view, VersionTestsView) and (view.bodies or view.answers):
        names.append("test_adapter")
    for name in names:
        template = f"tests/{name}.py.j2" if "contract" in name else f"tests/v1/{name}.py.j2"
        yield PlannedFile(f"tests/{version.name}/{name}.py", template, seen)
    yield PlannedFile(f"tests/{version.name}/__init__.py", "tests/v1/__init__.py.j2", seen)


def test_data(service: Service, versions: tuple[Version, ...]) -> Iterator[DataFile]:
    """The data that the tests of `service` and of older versions read."""
    yield DataFile("tests/answers.json", _json(answers_document(service.offered)))
    for version in versions:
        document = answers_document(version.service)
        yield DataFile(f"tests/{version.name}/answers.json", _json(document))


def _json(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _paths(kit: Kit, *, overridden: bool, direct: bool) -> Iterator[str]:
    """The tests whose templates need no view of their own."""
    yield from _ALWAYS
    if is_versioned(kit.service):
        yield _CONDITIONS
    if keeps_answers(kit.service):
        yield _CACHING
    if kit.service.limits:
        yield _LIMITS
    actions = [operation.action for operation in kit.service.operations.values()]
    if kit.service.idempotent:
        yield _IDEMPOTENCY
    if any(isinstance(action, BulkAction) for action in actions):
        yield _BULK
    if any(isinstance(action, ExportAction) for action in actions):
        yield from _EXPORTS
    if direct:
        yield "tests/integration/test_driver.py"
        yield "tests/test_sharing.py"
        yield "tests/test_statements.py"
    if kit.people.known:
        yield from _WITH_SIGN_IN
    if overridden:
        yield "tests/test_overriding.py"
    if binding_view(kit.service).names:
        yield "tests/test_binding.py"


def _with_views(
    kit: Kit, classes: SchemaClasses, called: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, object]]]:
    """The tests that are made of what the contract says, each with its view."""
    yield "tests/contract.py", {"operations": kit.requests.views()}
    matrix = matrix_view(kit)
    checks = kit.requests.checks(matrix=matrix is not None)
    yield "tests/test_contract.py", {"checks": checks}
    yield "tests/test_services.py", {"reads": service_tests_views(kit, classes)}
    factories = kit.rows.view()
    if factories.functions:
        yield "tests/factories.py", {"factories": factories}
    sign_in, load = sign_in_tests_view(kit), load_view(kit)
    if kit.people.known:
        for path in _CREDENTIALS:
            yield path, {"sign_in": sign_in}
    models, keys = model_tests_view(kit, called), key_tests_view(kit)
    if sign_in is not None:
        yield "tests/test_auth.py", {"sign_in": sign_in}
    resets = reset_tests_view(kit)
    if resets is not None and sign_in is not None:
        yield _RESETS, {"resets": resets, "sign_in": sign_in}
    if keys is not None:
        yield _API_KEYS, {"keys": keys}
    if models is not None:
        yield "tests/test_models.py", {"models": models}
    if matrix is not None:
        yield "tests/test_matrix.py", {"matrix": matrix}
    walls = walls_view(kit)
    if walls:
        yield "tests/test_tenancy.py", {"walls": walls, "pairs": pairs_walls_view(kit)}
    yield _OWASP, {"owasp": owasp_view(kit)}
    yield from _recording(kit)
    if load is not None:
        for path in _LOAD:
            yield path, {"load": load}


def _recording(kit: Kit) -> Iterator[tuple[str, dict[str, object]]]:
    """The tests of events and of the audit trail, where there are rows to make them with."""
    told, kept = told_tests(kit), audit_tests(kit)
    if told:
        marks = any(resource.soft_delete for resource in told)
        yield "tests/test_events.py", {"told": told, "marks_deleted": marks}
        yield "tests/test_relay.py", {"told": told}
    if kit.service.webhooks:
        yield "tests/test_webhooks.py", {}
    if kept:
        yield "tests/test_audit.py", {"kept": kept}


def _resources(service: Service) -> Iterator[tuple[str, Resource]]:
    """The resources, each with a name for its file that no other test has."""
    for resource in service.resources:
        name = f"test_{resource.module.strip('_')}"
        yield (f"{name}_api" if name in _TAKEN else name), resource


_ALWAYS = (
    "tests/__init__.py",
    "tests/conftest.py",
    "tests/integration/__init__.py",
    "tests/integration/test_migrations.py",
    "tests/integration/test_shutdown.py",
    "tests/integration/test_slow_clients.py",
    "tests/integration/test_unit_of_work.py",
    "tests/integration/test_workers.py",
    "tests/postgres.py",
    "tests/sample.py",
    "tests/scratch.py",
    "tests/test_canaries.py",
    "tests/test_config.py",
    "tests/test_dashboard.py",
    "tests/test_docs.py",
    "tests/test_errors.py",
    "tests/test_health.py",
    "tests/test_json.py",
    "tests/test_metrics.py",
    "tests/test_monitoring.py",
    "tests/test_pagination.py",
    "tests/test_parameters.py",
    "tests/test_proxies.py",
    "tests/test_redis.py",
    "tests/test_repositories.py",
    "tests/test_seed.py",
    "tests/test_serving.py",
    "tests/test_slow.py",
    "tests/test_tracing.py",
    "tests/test_validators.py",
    "tests/wire.py",
)
_RESETS = "tests/test_resets.py"
_API_KEYS = "tests/test_api_keys.py"
_DEPRECATION = "tests/test_deprecation.py"
_BULK = "tests/test_bulk.py"
_EXPORTS = ("tests/test_csv.py", "tests/test_export.py")
_OWASP = "tests/test_owasp.py"
_IDEMPOTENCY = "tests/test_idempotency.py"
_VERSIONS = "tests/test_versions.py"
_LIMITS = "tests/test_limits.py"
_CONDITIONS = "tests/test_conditions.py"
_CACHING = "tests/test_caching.py"
_WITH_SIGN_IN = ("tests/test_attempts.py", "tests/test_sessions.py")
_CREDENTIALS = ("tests/test_passwords.py", "tests/test_tokens.py")
_LOAD = (
    "tests/performance/__init__.py",
    "tests/performance/conftest.py",
    "tests/performance/test_load.py",
)
_TAKEN = frozenset(
    path.removeprefix("tests/").removesuffix(".py")
    for path in (
        *_ALWAYS,
        *_WITH_SIGN_IN,
        *_CREDENTIALS,
        _API_KEYS,
        _RESETS,
        _BULK,
        *_EXPORTS,
        _IDEMPOTENCY,
        _OWASP,
        _CACHING,
        _CONDITIONS,
        _DEPRECATION,
        _VERSIONS,
        "tests/test_audit.py",
        _LIMITS,
        "tests/test_auth.py",
        "tests/test_binding.py",
        "tests/test_contract.py",
        "tests/test_events.py",
        "tests/test_matrix.py",
        "tests/test_tenancy.py",
        "tests/test_models.py",
        "tests/test_overriding.py",
        "tests/test_relay.py",
        "tests/test_services.py",
        "tests/test_statements.py",
        "tests/test_webhooks.py",
    )
)
"""Names of files that tests of a resource can't have."""

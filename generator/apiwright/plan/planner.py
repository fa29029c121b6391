"""Which files a service is made of, and what their templates see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from apiwright import names
from apiwright.code import Code, constant, dotted, ident, joined
from apiwright.ir.operations import BulkAction, ExportAction
from apiwright.ir.service import Service
from apiwright.ir.versions import Version
from apiwright.plan.files import DataFile, Plan, PlannedFile, Policy
from apiwright.plan.models import generate_models
from apiwright.plan.requests import requests_document
from apiwright.plan.schema_classes import SchemaClasses, plan_schema_classes
from apiwright.plan.storage.revisions import History
from apiwright.plan.storage.snapshot import write_snapshot, write_unmanaged
from apiwright.plan.storage.storage_plan import StoragePlan
from apiwright.plan.storage.tables import needs_more
from apiwright.plan.test_files import test_data, test_files
from apiwright.plan.views.alerts import alerts
from apiwright.plan.views.api_keys import api_keys_view
from apiwright.plan.views.audit import audited_views
from apiwright.plan.views.binding import binding_view
from apiwright.plan.views.caching import caching_view
from apiwright.plan.views.constraints import constraints_view
from apiwright.plan.views.dashboard import dashboard
from apiwright.plan.views.deprecation import deprecations
from apiwright.plan.views.direct.operations import DirectBuilder, answers_module
from apiwright.plan.views.direct.recording import recording_view, told_shapes
from apiwright.plan.views.events import events_view
from apiwright.plan.views.exports import exported_shapes, with_possible_exports
from apiwright.plan.views.limits import limits_view
from apiwright.plan.views.models import model_view, needs_own_type
from apiwright.plan.views.repositories import repository_view
from apiwright.plan.views.routers import homes, router_names, router_view
from apiwright.plan.views.seeds import account_view, seed_views
from apiwright.plan.views.service import (
    ResourceName,
    api_package,
    has_tenants,
    identity_view,
    is_versioned,
    keeps_answers,
    resource_name,
    service_view,
)
from apiwright.plan.views.services.classes import service_class_view
from apiwright.plan.views.tenancy import tenancy_view
from apiwright.plan.views.versions import version_view
from apiwright.understand.versions.names import version_name


class Planner:
    """Puts the files of one service together; see `plan`."""

    def __init__(
        self,
        service: Service,
        history: History,
        bound: Mapping[str, str],
        storage: StoragePlan,
        versions: tuple[Version, ...],
        *,
        handled: bool,
    ) -> None:
        self._service = service = with_possible_exports(service)
        self._history = history
        self._bound = bound
        self._storage = storage
        self._versions = versions
        self._classes: SchemaClasses = plan_schema_classes(service)
        self._tables = {table.name: table for table in storage.tables}
        identity = service.identity
        self._direct = DirectBuilder(service, self._classes)
        views = {resource.module: self._direct.resource(resource) for resource in service.resources}
        self._answered = {module: view for module, view in views.items() if view is not None}
        self._context: dict[str, object] = {
            "service": service_view(
                service,
                overridden=bool(bound),
                direct=bool(self._answered),
                versions=versions,
            ),
            "binding": binding_view(service),
            "adopted": bool(history.unmanaged) or any(table.found for table in storage.tables),
            "events": events_view(service, self._classes, handled=handled),
            "audited": audited_views(service),
            "tenancy": tenancy_view(service, self._tables),
            "api_keys": api_keys_view(service),
            "identity": identity_view(identity, service.default_role) if identity else None,
        }

    def plan(self) -> Plan:
        """All files, in the order of their paths."""
        files = [*self._application(), *self._migrations(), *self._project(), *self._tests()]
        return Plan(tuple(sorted(files, key=lambda file: file.path)), tuple(self._data()))

    def _file(self, path: str, template: str = "", **context: object) -> PlannedFile:
        name = template or f"{path}.j2"
        return PlannedFile(path, name, {**self._context, **context})

    def _application(self) -> Iterator[PlannedFile]:
        service = self._service
        for path in (*_ALWAYS, *self._where_used()):
            yield self._file(path)
        if keeps_answers(service):
            caching = caching_view(service)
            for path in _WITH_CACHES:
                yield self._file(path, caching=caching)
        deprecated = deprecations(
            (service.offered, *(version.service for version in self._versions))
        )
        if deprecated:
            yield self._file("app/api/deprecation.py", deprecations=deprecated)
        if service.limited:
            for path in _WITH_LIMITS:
                yield self._file(path)
            yield self._file("app/limits/policies.py", limits=limits_view(service))
        yield from self._models()
        yield from self._schemas()
        if self._answered:
            yield from self._direct_answers()
        yield from self._resources()
        yield from self._older()

    def _older(self) -> Iterator[PlannedFile]:
        """Older versions of the API, in terms of the newest."""
        if not self._versions:
            return
        for name in ("exchange", "operations", "route", "shapes"):
            yield self._file(f"app/versions/{name}.py")
        views = tuple(version_view(version) for version in self._versions)
        yield self._file("app/versions/__init__.py", versions=views)
        for version, view in zip(self._versions, views, strict=True):
            path = f"app/versions/{version.name}.py"
            yield self._file(path, "app/versions/version.py.j2", version=view)

    def _where_used(self) -> Iterator[str]:
        """The files that depend on nothing but whether the contract asks for what they do."""
        service = self._service
        actions = [operation.action for operation in service.operations.values()]
        for used, paths in (
            (service.identity is not None, _WITH_SIGN_IN),
            (service.recorded, _WITH_RECORDING),
            (has_tenants(service), ("app/tenancy.py",)),
            (service.events, _WITH_EVENTS),
            (service.webhooks, ("app/relay/webhooks.py",)),
            (service.audited, ("app/audit.py", "app/models/audit.py")),
            (is_versioned(service), _WITH_VERSIONS),
            (service.idempotent, _WITH_KEYS),
            (service.api_keys is not None, _WITH_API_KEYS),
            (service.resets_passwords, _WITH_RESETS),
            (any(isinstance(action, ExportAction) for action in actions), _WITH_EXPORTS),
            (
                any(isinstance(action, BulkAction) for action in actions),
                ("app/repositories/bulk.py",),
            ),
        ):
            if used:
                yield from paths

    def _models(self) -> Iterator[PlannedFile]:
        entities = list(self._service.entities.values())
        columns = [column for entity in entities for column in entity.columns]
        if any(needs_own_type(column) for column in columns):
            yield self._file(
                "app/models/types.py",
                naive=any(column.stored_as == "timestamp" for column in columns),
                named=any(column.enum_type for column in columns),
            )
        views = {e.module: model_view(e, self._service, self._tables) for e in entities}
        yield self._file(
            "app/models/__init__.py",
            models=tuple(
                (ident(module), view.class_name) for module, view in sorted(views.items())
            ),
        )
        constraints = constraints_view(self._service, self._tables)
        yield self._file("app/models/constraints.py", constraints=constraints)
        for entity in entities:
            yield self._file(
                f"app/models/{entity.module}.py",
                "app/models/entity.py.j2",
                entity=views[entity.module],
            )
            yield self._file(
                f"app/repositories/{entity.module}_repository.py",
                "app/repositories/repository.py.j2",
                repository=repository_view(entity, self._service, self._classes),
            )

    def _schemas(self) -> Iterator[PlannedFile]:
        for module in generate_models(self._service, self._classes):
            about = constant(f"Shapes on the wire: {module.name.replace('_', ' ')}")
            yield self._file(
                f"app/schemas/{module.name}.py",
                "app/schemas/module.py.j2",
                module=module,
                about=about,
            )

    def _direct_answers(self) -> Iterator[PlannedFile]:
        """What answers operations without a session."""
        yield self._file("app/driver.py")
        yield self._file("app/sharing.py")
        resources = [r for r in self._service.resources if r.module in self._answered]
        modules = {r.module: ident(answers_module(r)) for r in resources}
        yield self._file(
            "app/direct/__init__.py",
            modules=joined(list(modules.values())),
            resources=tuple((modules[r.module], resource_name(r)) for r in resources),
        )
        views = self._answered.values()
        entities = list(dict.fromkeys(name for view in views for name in view.recorded))
        recording = recording_view(entities, self._service)
        recorded, told = recording is not None, recording is not None and recording.told
        for name in ("__main__", "calls", "remembered", "route", "statements"):
            yield self._file(f"app/direct/{name}.py", recorded=recorded, told=told)
        if recording is not None:
            yield self._file("app/direct/recording.py", recording=recording)
        columns = [c for entity in self._service.entities.values() for c in entity.columns]
        shown = {s.function: s for view in self._answered.values() for s in view.shapes}
        shown |= {s.function: s for s in exported_shapes(self._service, self._direct.shapes)}
        of_events = told_shapes(entities, self._service, self._direct.shapes)
        shown |= {s.function: s for s in of_events}
        yield self._file(
            "app/direct/shapes.py",
            shapes=self._direct.shapes.needed(shown.values()),
            shown=tuple(shown[name] for name in sorted(shown)),
            naive=any(column.stored_as == "timestamp" for column in columns),
        )
        for module, view in self._answered.items():
            path = f"app/direct/{modules[module]}.py"
            yield self._file(path, "app/direct/resource.py.j2", direct=view)

    def _routers(self) -> Iterator[PlannedFile]:
        """A router for each resource, and for what only an older version offers of it."""
        views = router_names(self._service)
        yield self._file("app/api/router.py", routers=views)
        for package in sorted({view.package for view in views}):
            yield self._file(f"app/api/{package}/__init__.py", "app/api/v1/__init__.py.j2")
        for resource in self._service.resources:
            for home in homes(resource, self._service):
                folder = version_name(home) if home else api_package(self._service)
                yield self._file(
                    f"app/api/{folder}/{resource.module}.py",
                    "app/api/v1/tag.py.j2",
                    router=router_view(resource, self._service, self._classes, home),
                )

    def _resources(self) -> Iterator[PlannedFile]:
        yield from self._routers()
        bindings: list[tuple[Code, Code]] = []
        overridden: list[ResourceName] = []
        for resource in self._service.resources:
            module = self._bound.get(resource.module, f"app.services.{resource.service_module}")
            bindings.append((dotted(module), ident(resource.service_class)))
            if resource.module in self._bound:
                overridden.append(resource_name(resource))
            yield self._file(
                f"app/services/{resource.service_module}.py",
                "app/services/service.py.j2",
                resource=service_class_view(resource, self._service, self._classes),
            )
        yield self._file(
            "app/services/bindings.py", bindings=tuple(bindings), overridden=tuple(overridden)
        )
        if overridden:
            yield self._file("app/utils/overriding.py")

    def _migrations(self) -> Iterator[PlannedFile]:
        for path in ("alembic.ini", "alembic/script.py.mako"):
            yield self._file(path)
        storage = self._storage
        yield self._file("alembic/env.py")
        for revision in storage.revisions:
            yield PlannedFile(
                f"alembic/versions/{revision.file}",
                "alembic/versions/revision.py.j2",
                {"revision": revision},
                Policy.APPEND_ONLY,
            )

    def _project(self) -> Iterator[PlannedFile]:
        for path in _PROJECT:
            yield self._file(path)
        yield self._file("monitoring/alerts.yaml", alerts=alerts(self._service))
        identity = self._service.identity
        yield self._file(
            "app/seed.py",
            seeds=seed_views(self._service, self._closed()),
            accounts=account_view(identity, self._service) if identity else None,
            account_function=ident(names.argument(identity.module)) if identity else None,
        )

    def _closed(self) -> frozenset[str]:
        """The entities of which the service can make no row: a column needs what nobody gives."""
        return frozenset(
            entity.name
            for entity in self._service.entities.values()
            if needs_more(self._tables[entity.table])
        )

    def _tests(self) -> Iterator[PlannedFile]:
        return test_files(
            self._service,
            self._bound,
            self._classes,
            self._context,
            direct=bool(self._answered),
            called=_called(self._storage),
            closed=self._closed(),
            versions=self._versions,
        )

    def _data(self) -> Iterator[DataFile]:
        yield from test_data(self._service, self._versions)
        yield DataFile("app/contract/openapi.json", _json(dict(self._service.contract)))
        yield DataFile("app/contract/requests.json", _json(requests_document(self._service)))
        for version in self._versions:
            older, folder = version.service, f"app/contract/{version.name}"
            yield DataFile(f"{folder}/openapi.json", _json(dict(older.contract)))
            yield DataFile(f"{folder}/requests.json", _json(requests_document(older)))
        yield DataFile("monitoring/dashboard.json", _json(dashboard(self._service)))
        for table in self._storage.tables:
            yield DataFile(f"alembic/schema/{table.name}.json", write_snapshot(table))
        if self._history.unmanaged:
            yield DataFile("alembic/unmanaged.json", write_unmanaged(self._history.unmanaged))
        for name, text in self._history.files:
            yield DataFile(f"alembic/versions/{name}", text, Policy.APPEND_ONLY)


def _called(storage: StoragePlan) -> dict[str, str]:
    """The names of parts of tables that were found, by those that the contract implies."""
    called: dict[str, str] = {}
    for table in storage.tables:
        if table.found is not None:
            called.update(dict.fromkeys(table.found.absent, ""))
            named = {p.stands_for: "" if p.loose else p.name for p in table.found.parts}
            called.update({name: own for name, own in named.items() if name})
    return called


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


_ALWAYS = (
    "app/__init__.py",
    "app/api/__init__.py",
    "app/api/binding.py",
    "app/api/dependencies.py",
    "app/api/docs.py",
    "app/api/health.py",
    "app/api/metrics.py",
    "app/api/responses.py",
    "app/api/routing.py",
    "app/commands.py",
    "app/config.py",
    "app/contract/__init__.py",
    "app/current.py",
    "app/database.py",
    "app/draining.py",
    "app/errors.py",
    "app/main.py",
    "app/logs.py",
    "app/metrics.py",
    "app/models/base.py",
    "app/monitoring.py",
    "app/paths.py",
    "app/patience.py",
    "app/pool.py",
    "app/proxies.py",
    "app/queries.py",
    "app/readiness.py",
    "app/redis.py",
    "app/repositories/__init__.py",
    "app/repositories/base.py",
    "app/repositories/search.py",
    "app/schemas/__init__.py",
    "app/schemas/base.py",
    "app/serving.py",
    "app/slow.py",
    "app/spans.py",
    "app/tracing.py",
    "app/services/__init__.py",
    "app/services/base.py",
    "app/utils/__init__.py",
    "app/utils/addresses.py",
    "app/utils/json.py",
    "app/utils/pagination.py",
    "app/utils/parameters.py",
    "app/utils/pipe.py",
    "app/utils/validators.py",
    "app/utils/values.py",
)
_WITH_SIGN_IN = (
    "app/limits/attempts.py",
    "app/limits/identity.py",
    "app/models/session.py",
    "app/services/sessions.py",
    "app/utils/roles.py",
    "app/utils/security.py",
)
_WITH_KEYS = (
    "app/api/idempotency.py",
    "app/models/idempotency.py",
    "app/repositories/idempotency.py",
)
_WITH_RESETS = ("app/models/password_reset.py", "app/services/resets.py")
_WITH_API_KEYS = ("app/api/keys.py", "app/key_uses.py", "app/utils/api_keys.py")
_WITH_EXPORTS = (
    "app/api/export.py",
    "app/cursors.py",
    "app/services/export.py",
    "app/utils/csv.py",
)
_WITH_RECORDING = ("app/origin.py", "app/recording.py")
_WITH_EVENTS = (
    "app/events/__init__.py",
    "app/events/bindings.py",
    "app/events/handlers.py",
    "app/events/outbox.py",
    "app/events/resources.py",
    "app/events/waking.py",
    "app/models/outbox.py",
    "app/relay/__init__.py",
    "app/relay/__main__.py",
    "app/relay/deliveries.py",
    "app/relay/destinations.py",
    "app/relay/figures.py",
    "app/relay/record.py",
    "app/relay/relay.py",
    "app/relay/stream.py",
)
_WITH_LIMITS = (
    "app/limits/__init__.py",
    "app/limits/buckets.py",
    "app/limits/headers.py",
    "app/limits/limiter.py",
    "app/limits/shared.py",
)
_WITH_CACHES = (
    "app/api/caching.py",
    "app/caching/__init__.py",
    "app/caching/answers.py",
    "app/caching/policies.py",
    "app/caching/tokens.py",
    "app/caching/touched.py",
)
_WITH_VERSIONS = ("app/api/conditional.py", "app/utils/conditions.py")
_PROJECT = (
    ".dockerignore",
    ".env.example",
    ".flake8",
    ".gitignore",
    "Dockerfile",
    "README.md",
    "docker-compose.yml",
    "mypy.ini",
    "pyproject.toml",
    "pytest.ini",
    "requirements-dev.txt",
    "requirements-tracing.txt",
    "requirements.txt",
)

"""What is the same for every file of a service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, comment, compose, constant, dotless, ident, joined, literal
from apiwright.ir.operations import ExportAction, PasswordAction, ResetRequestAction
from apiwright.ir.service import Resource, Service
from apiwright.ir.storage import ColumnType, Entity
from apiwright.ir.versions import Version
from apiwright.plan.storage.types import python_type
from apiwright.plan.views.errors import ErrorsView, errors_view
from apiwright.understand.versions.names import version_name


@dataclass(frozen=True, slots=True)
class ResourceName:
    """What a resource is called in code: its router, its service, and how handlers get it."""

    module: Code
    service_module: Code
    service_class: Code
    provider: Code
    dependency: Code
    label: Code


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role and the scopes that it grants."""

    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityView:
    """The model of the accounts that sign in; names that a contract doesn't have are empty."""

    class_name: Code
    module: Code
    plural: Code
    key: Code
    key_type: Code
    key_reference: str
    login: Code
    login_name: Code
    login_folded: bool
    password: Code
    active: Code
    soft_delete: Code
    granted_scopes: Code
    session_columns: Code
    session_scopes: Code


@dataclass(frozen=True, slots=True)
class PathView:
    """A path as a regular expression, and its methods; HEAD goes with GET."""

    pattern: str
    methods: list[str]


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service as all templates see it."""

    title: str
    version: str
    slug: str
    slug_code: Code
    title_code: Code
    default_database_url: str
    base_path: str
    package: Code
    auth: bool
    changes_passwords: bool
    resets_passwords: bool
    reset_class: Code
    ownership: bool
    tenancy: bool
    overridden: bool
    hand_written: bool
    direct: bool
    deprecated: bool
    events: bool
    webhooks: bool
    audit: bool
    recorded: bool
    event_stream: str
    limited: bool
    json_columns: bool
    idempotent: bool
    exports: bool
    versioned: bool
    cached: bool
    session_parts: Code
    session_class: Code
    resources: tuple[ResourceName, ...]
    roles: tuple[RoleView, ...]
    errors: ErrorsView
    paths: tuple[PathView, ...]
    versions: tuple[Code, ...]
    parts: Code
    newest: str


def api_package(service: Service) -> str:
    """The package of the routers, after the last segment of the base path: `/api/v1` -> v1."""
    return version_name(service.base_path)


def service_view(
    service: Service, *, overridden: bool, direct: bool, versions: tuple[Version, ...] = ()
) -> ServiceView:
    """The view of a whole service.

    `overridden` tells whether any override is bound, `direct` whether any operation can be answered
    without a session; `versions` are the older ones beside it.
    """
    slug = service_slug(service)
    return ServiceView(
        title=service.title,
        version=service.version,
        slug=slug,
        slug_code=dotless(slug),
        title_code=comment(service.title),
        default_database_url=f"postgresql://localhost:5432/{slug.replace('-', '_')}",
        base_path=service.base_path,
        package=ident(api_package(service)),
        auth=service.identity is not None,
        changes_passwords=any(
            isinstance(operation.action, PasswordAction)
            for operation in service.operations.values()
        ),
        resets_passwords=service.resets_passwords,
        reset_class=_reset_class(service),
        ownership=any(entity.owner is not None for entity in service.entities.values()),
        tenancy=has_tenants(service),
        overridden=overridden,
        hand_written=overridden or any(version.overridden for version in versions),
        direct=direct,
        deprecated=any(
            operation.deprecated
            for known in (service, *(version.service for version in versions))
            for operation in known.operations.values()
        ),
        events=bool(service.events),
        webhooks=bool(service.webhooks),
        audit=bool(service.audited),
        recorded=bool(service.recorded),
        event_stream=f"{slug}:events",
        limited=service.limited,
        json_columns=any(
            column.type is ColumnType.JSON
            for entity in service.entities.values()
            for column in entity.columns
        ),
        idempotent=service.idempotent,
        exports=any(isinstance(o.action, ExportAction) for o in service.operations.values()),
        versioned=is_versioned(service),
        cached=keeps_answers(service),
        session_parts=joined(list(_session_bases(service))),
        session_class=_session_class(service),
        resources=tuple(resource_name(resource) for resource in service.resources),
        roles=tuple(RoleView(role.name, role.scopes) for role in service.roles),
        errors=errors_view(service.errors, versions),
        paths=_paths((service, *(version.service for version in versions))),
        versions=tuple(ident(version.name) for version in versions),
        parts=constant(", ".join(_parts(direct=direct, versions=bool(versions)))),
        newest=api_package(service),
    )


def _session_bases(service: Service) -> tuple[Code, ...]:
    """What a unit of work's session has to do beside its own work."""
    watched = (
        ("TenantSession", has_tenants(service)),
        ("RecordingSession", service.recorded),
        ("NotingSession", keeps_answers(service)),
    )
    return tuple(constant(name) for name, used in watched if used)


def _reset_class(service: Service) -> Code:
    """The class of the service that is asked for resets; empty where nothing is."""
    for resource in service.resources:
        operations = (service.operations[name] for name in resource.operations)
        if any(isinstance(operation.action, ResetRequestAction) for operation in operations):
            return ident(resource.service_class)
    return constant("")


def _session_class(service: Service) -> Code:
    """The class of a unit of work's session; empty where it is that of SQLAlchemy."""
    bases = _session_bases(service)
    return constant("UnitSession") if len(bases) > 1 else next(iter(bases), constant(""))


def has_tenants(service: Service) -> bool:
    """Whether rows of any entity have a tenant."""
    return any(entity.tenant is not None for entity in service.entities.values())


def service_slug(service: Service) -> str:
    """The title of a service as a name of lower-case letters, digits and hyphens."""
    return names.snake(service.title, "service").replace("_", "-").strip("-")


def keeps_answers(service: Service) -> bool:
    """Whether answers of any operation are kept."""
    return any(operation.caching is not None for operation in service.operations.values())


def is_versioned(service: Service) -> bool:
    """Whether any operation works on rows that have a version."""
    return any(operation.conditional is not None for operation in service.operations.values())


def _parts(*, direct: bool, versions: bool) -> Iterator[str]:
    """The modules of `app` that the application is put together of, beside those of the API."""
    yield "contract"
    if direct:
        yield "direct"
    yield "errors"
    if versions:
        yield "versions"


def _paths(services: tuple[Service, ...]) -> tuple[PathView, ...]:
    """The paths of all versions; what is only called otherwise in them is one path."""
    found: dict[str, tuple[str, set[str]]] = {}
    for service in services:
        for operation in service.operations.values():
            path = service.address(operation)
            _, methods = found.setdefault(_pattern(path), (path, set()))
            methods.add(operation.method.upper())
            if operation.method == "get":
                methods.add("HEAD")
    ordered = sorted(found.items(), key=lambda known: openness(known[1][0]))
    return tuple(PathView(pattern, sorted(methods)) for pattern, (_, methods) in ordered)


def openness(path: str) -> tuple[bool, ...]:
    """How open each segment is: paths are tried in order, so that fixed texts have to go first."""
    return tuple("{" in segment for segment in path.split("/"))


def _pattern(path: str) -> str:
    parts = re.split(r"(\{[^}]*\})", path)
    return "".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in parts)


def resource_name(resource: Resource) -> ResourceName:
    """What a resource is called in code."""
    base = names.snake(resource.service_class)
    return ResourceName(
        module=ident(resource.module),
        service_module=ident(resource.service_module),
        service_class=ident(resource.service_class),
        provider=ident(base),
        dependency=ident(f"{resource.service_class}Dep"),
        label=constant(resource.module.replace("_", " ")),
    )


def identity_view(entity: Entity, default_role: str) -> IdentityView | None:
    """The view of the accounts; None for an entity that doesn't sign in."""
    identity = entity.identity
    if identity is None:
        return None
    attributes = {column.name: column.attribute for column in entity.columns}

    def attribute(column: str) -> Code:
        return ident(attributes[column]) if column else constant("")

    roles = attribute(identity.roles)
    login = entity.column(identity.login)
    folded = any(rule.columns == (login.name,) and rule.ignore_case for rule in entity.uniques)
    return IdentityView(
        class_name=ident(entity.class_name),
        module=ident(entity.module),
        plural=ident(entity.plural),
        key=attribute(entity.key),
        key_type=python_type(entity.key_column),
        key_reference=f"{entity.table}.{entity.key}",
        login=_login_condition(entity.class_name, login.attribute, folded=folded),
        login_name=ident(login.attribute),
        login_folded=folded,
        password=attribute(identity.password),
        active=attribute(identity.active),
        soft_delete=attribute(entity.soft_delete),
        granted_scopes=_granted(
            compose("account.{}", roles) if roles else roles, identity.roles_many, default_role
        ),
        session_columns=compose("{}.{}", ident(entity.class_name), roles or attribute(entity.key)),
        session_scopes=_granted(
            compose("found[{}]", literal(identity.roles)) if roles else roles,
            identity.roles_many,
            default_role,
        ),
    )


def _granted(roles: Code, many: bool, default_role: str) -> Code:
    """The scopes of an account: by its roles, by the one that all have, or none at all."""
    if roles:
        return compose("granted({})" if many else "granted([{}])", roles)
    return (
        compose("granted([{}])", literal(default_role)) if default_role else constant("frozenset()")
    )


def _login_condition(class_name: str, attribute: str, *, folded: bool) -> Code:
    column = compose("models.{}.{}", ident(class_name), ident(attribute))
    if folded:
        return compose("func.lower({}) == func.lower(login)", column)
    return compose("{} == login", column)

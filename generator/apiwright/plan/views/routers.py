"""Routers: a module for each resource, with a handler for each of its operations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.media import is_json
from apiwright.ir.operations import (
    BulkAction,
    CreateAction,
    ExportAction,
    Location,
    LogoutAction,
    Operation,
    PasswordAction,
    RowAction,
    RowVerb,
    weakest,
)
from apiwright.ir.policies.api_keys import ApiKeys
from apiwright.ir.policies.idempotency import LONGEST, USUAL_HOURS, Idempotency
from apiwright.ir.schemas import Schema
from apiwright.ir.service import Resource, SchemeKind, Service
from apiwright.ir.shapes import flat, properties
from apiwright.plan.schema_classes import SchemaClasses
from apiwright.plan.views.caching import asked_values, policy
from apiwright.plan.views.direct.shapes import view_constant
from apiwright.plan.views.service import openness
from apiwright.plan.views.signatures import Argument, Signature, schema_imports, signature
from apiwright.understand.exchange import answer_schema
from apiwright.understand.versions.names import version_name

_TOKENS = frozenset({SchemeKind.PASSWORD_FLOW, SchemeKind.BEARER})


@dataclass(frozen=True, slots=True)
class HandlerView:
    """A handler: its decorator's arguments, its own, and the answer that it gives."""

    name: Code
    method: Code
    path: str
    operation: str
    summary: str
    deprecated: bool
    dependencies: Code
    arguments: tuple[Code, ...]
    docstring: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class RouterView:
    """The router of a resource."""

    docstring: Code
    prefix: str
    tag: str
    dependency: Code
    schema_imports: tuple[Code, ...]
    shape_imports: tuple[Code, ...]
    handlers: tuple[HandlerView, ...]


@dataclass(frozen=True, slots=True)
class RouterName:
    """A module with a router: where it stands, and what it is called where all are put together."""

    package: Code
    module: Code
    name: Code
    as_name: Code


def router_names(service: Service) -> tuple[RouterName, ...]:
    """The modules with routers, in the order of the resources."""
    newest = version_name(service.base_path)
    found = []
    for resource in service.resources:
        for home in homes(resource, service):
            package = version_name(home) if home else newest
            name = ident(f"{package}_{resource.module}" if home else resource.module)
            as_name = compose(" as {}", name) if home else constant("")
            found.append(RouterName(ident(package), ident(resource.module), name, as_name))
    return tuple(found)


def homes(resource: Resource, service: Service) -> tuple[str, ...]:
    """The base paths below which operations of a resource are offered, that of the newest first."""
    found = (service.operations[name].home for name in resource.operations)
    return tuple(sorted(dict.fromkeys(found)))


def router_view(
    resource: Resource, service: Service, classes: SchemaClasses, home: str = ""
) -> RouterView:
    """The router of `resource`; concrete paths stand before those with parameters.

    `home` is the base path of an older version, for the operations that only that still offers.
    """
    everything = (service.operations[name] for name in resource.operations)
    operations = [operation for operation in everything if operation.home == home]
    signatures = {o.id: signature(o, service, classes) for o in operations}
    refs = tuple(ref for known in signatures.values() for ref in known.taken)
    handlers = [_handler(o, resource, service, signatures[o.id]) for o in operations]
    return RouterView(
        docstring=docstring(_about(resource, home), 0),
        prefix=home or service.base_path,
        tag=resource.name,
        dependency=ident(f"{resource.service_class}Dep"),
        schema_imports=schema_imports(refs),
        shape_imports=tuple(
            compose(
                "from app.direct.shapes import {}",
                view_constant(o.action.listing.view.schema, service),
            )
            for o in operations
            if isinstance(o.action, ExportAction)
        ),
        handlers=tuple(sorted(handlers, key=lambda handler: openness(handler.path))),
    )


def _about(resource: Resource, home: str) -> str:
    if home:
        return f"The {resource.name} operations that only {version_name(home)} still offers"
    return resource.description or f"The {resource.name} operations"


def route_path(operation: Operation) -> str:
    """The path with the names that its parameters have in Python."""
    path = operation.path
    for parameter in operation.located(Location.PATH):
        path = path.replace(f"{{{parameter.name}}}", f"{{{parameter.attribute}}}")
    return path


def _handler(
    operation: Operation, resource: Resource, service: Service, known: Signature
) -> HandlerView:
    dependency = ident(f"{resource.service_class}Dep")
    exports = isinstance(operation.action, ExportAction)
    return HandlerView(
        name=ident(operation.name),
        method=ident(operation.method),
        path=route_path(operation),
        operation=operation.id,
        summary=operation.summary,
        deprecated=operation.deprecated,
        dependencies=joined(
            [code for code in (_security(operation, service), _once(operation)) if code]
        ),
        arguments=(
            *([constant("request: Request")] if exports or operation.caching is not None else []),
            compose("service: {}", dependency),
            *(_argument(argument) for argument in known.arguments),
        ),
        docstring=docstring(operation.description or operation.summary or operation.id),
        lines=tuple(_lines(operation, service, known)),
    )


def _argument(argument: Argument) -> Code:
    if argument.place == "path":
        return compose(
            "{}: Annotated[{}, from_path({}, {})]",
            argument.name,
            argument.annotation,
            literal(argument.wire),
            argument.annotation,
        )
    return compose(
        "{}: Annotated[{}, from_{}({})]",
        argument.name,
        argument.annotation,
        ident(argument.place),
        argument.annotation,
    )


def _security(operation: Operation, service: Service) -> Code:
    """The dependency that lets callers in: none for all, or those with certain scopes."""
    if operation.public:
        return constant("")
    scopes = needed_scopes(operation, service)
    keys = key_scopes(operation, service)
    if keys is not None:
        tokens = literal(None if scopes is None else list(scopes))
        return compose("Depends(callers(tokens={}, keys={}))", tokens, literal(list(keys)))
    if scopes is None:
        return constant("Depends(nobody)")
    if not scopes:
        return constant("Depends(authenticate)")
    return compose("Security(authenticate, scopes={})", literal(list(scopes)))


def _once(operation: Operation) -> Code:
    """The dependency that lets a request have its effect once; it has to know who calls."""
    known = operation.idempotency
    if known is None:
        return constant("")
    usual = Idempotency(required=False, hours=USUAL_HOURS, longest=LONGEST)
    said = [
        compose("{}={}", ident(name), literal(getattr(known, name)))
        for name in ("required", "hours", "longest")
        if getattr(known, name) != getattr(usual, name)
    ]
    return compose("Depends(once({}))", joined(said))


def needed_scopes(operation: Operation, service: Service) -> tuple[str, ...] | None:
    """The scopes that a token has to have; None where no token lets anybody in.

    Of several ways it is the one that the others ask more than, else the first (`check` says so).
    """
    usable = {
        scheme.name
        for scheme in service.schemes
        if scheme.kind in _TOKENS and service.identity is not None
    }
    ways = [
        tuple(scope for _, needed in way.schemes for scope in needed)
        for way in operation.security
        if way.schemes and all(name in usable for name, _ in way.schemes)
    ]
    least = weakest(ways)
    return least if least is not None or not ways else ways[0]


def key_scopes(operation: Operation, service: Service) -> tuple[str, ...] | None:
    """The scopes that an API key has to have; None where no key lets anybody in.

    Where the requirement of the key lists none, those of a token hold for keys too: what a key may
    do is said by its scopes, and OpenAPI 3.0 has no way to ask for them.
    """
    keys = service.api_keys
    if keys is None or not _key_suffices(operation, keys):
        return None
    ways = [
        way.schemes[0][1]
        for way in operation.security
        if len(way.schemes) == 1 and way.schemes[0][0] in keys.schemes
    ]
    if not ways:
        return None
    least = weakest(ways)
    asked = ways[0] if least is None else least
    return asked or needed_scopes(operation, service) or ()


def _key_suffices(operation: Operation, keys: ApiKeys) -> bool:
    """Whether a key may be enough: not for what is about sessions, nor to make or change keys."""
    action = operation.action
    if isinstance(action, CreateAction | RowAction) and action.entity == keys.entity:
        return isinstance(action, RowAction) and action.verb in {RowVerb.READ, RowVerb.DELETE}
    bulk = isinstance(action, BulkAction) and action.entity == keys.entity
    return not bulk and not isinstance(action, LogoutAction | PasswordAction)


def guarded(operation: Operation, service: Service) -> bool:
    """Whether there is a way in, by a token or by a key."""
    ways = needed_scopes(operation, service), key_scopes(operation, service)
    return any(way is not None for way in ways)


def _lines(operation: Operation, service: Service, known: Signature) -> list[Code]:
    """The body of a handler."""
    lines = _answer(operation, service, known)
    if operation.caching is None:
        return lines
    reads = operation.conditional is not None and operation.conditional.reads
    asked = asked_values(known.call)
    answer = compose("await answered(request, {}, make{})", policy(operation), asked)
    return [
        constant("async def make() -> Response:"),
        *(compose("    {}", line) for line in lines),
        constant(""),
        compose("return unless_known(service, {})" if reads else "return {}", answer),
    ]


def _answer(operation: Operation, service: Service, known: Signature) -> list[Code]:
    call = compose("service.{}({})", ident(operation.name), known.call)
    if isinstance(operation.action, ExportAction):
        return [compose("found = await {}", call), _export(operation.action, service)]
    success = operation.success
    status = int(success.status) if success is not None and success.status.isdigit() else 200
    if known.returns == "Response":
        return [compose("return await {}", call)]
    asked, checked = _conditions(operation)
    if known.returns == "None":
        return [
            *asked,
            compose("await {}", call),
            *checked,
            compose("return Response(status_code={})", literal(status)),
        ]
    extra = _extra(operation, status)
    at = location(operation, service)
    if at:
        answer = compose("respond(made, {}, headers{})", literal(status), _media_type(operation))
        return [
            compose("made = await {}", call),
            compose('headers = {{"Location": {}}}', at),
            compose("return {}", _tagged(operation, service, answer)),
        ]
    if operation.conditional is not None:
        answer = compose("respond(shown{})", extra)
        return [
            *asked,
            compose("shown = await {}", call),
            *checked,
            compose("return {}", _tagged(operation, service, answer)),
        ]
    return [compose("return respond(await {}{})", call, extra)]


def _export(action: ExportAction, service: Service) -> Code:
    """The line that sends what was found, as the client likes it."""
    return compose(
        "return export(request, found, {}, {}, {})",
        view_constant(action.listing.view.schema, service),
        literal(service.entities[action.entity].plural),
        literal(action.media_types),
    )


def _conditions(operation: Operation) -> tuple[list[Code], list[Code]]:
    """The lines before and after a call that hold a change to the conditions of the client."""
    known = operation.conditional
    if known is None or not known.holds:
        return [], []
    asked = [constant("service.context.conditions.require()")] if known.required else []
    return asked, [constant("service.context.conditions.must_be_checked()")]


def _tagged(operation: Operation, service: Service, answer: Code) -> Code:
    """An answer with its entity tag, if it has one."""
    known = operation.conditional
    if known is None or not known.mark:
        return answer
    arguments = [literal(operation.name), answer, literal(known.mark)]
    if known.reads:
        arguments.append(compose("cache_control={}", literal(known.cache_control)))
    identity = service.identity
    if known.own and identity is not None:
        key = ident(identity.key_column.attribute)
        arguments.append(compose("account=service.caller.account.{}", key))
    tagged = compose("tagged(service, {})", joined(arguments))
    if known.reads and operation.caching is None:
        return compose("unless_known(service, {})", tagged)
    return tagged


def _extra(operation: Operation, status: int) -> Code:
    parts = [compose(", {}", literal(status))] if status != 200 else []
    return joined([*parts, _media_type(operation)], "")


def _media_type(operation: Operation) -> Code:
    success = operation.success
    for content in success.contents if success is not None else ():
        if is_json(content.media_type):
            if content.media_type == "application/json":
                return constant("")
            return compose(", media_type={}", literal(content.media_type))
    return constant("")


def location(operation: Operation, service: Service, key: Code | None = None) -> Code:
    """The address of what was made, where it has one; `key` is the code of its key."""
    action = operation.action
    if not isinstance(action, CreateAction) or not action.location:
        return constant("")
    entity = service.entities[action.entity]
    answer = answer_schema(operation)
    found = properties(answer, service.schemas) if answer is not None else {}
    shown = found.get(entity.key_column.property)
    if shown is None:
        return constant("")
    key = key or compose("made.{}", ident(shown.attribute))
    named = {
        p.name: _in_path(ident(p.attribute), p.schema, service)
        for p in operation.located(Location.PATH)
    }
    pieces = re.split(r"\{([^{}]*)\}", action.location)
    last = len(pieces) - 2
    codes = [
        _in_f_string(piece)
        if at % 2 == 0
        else _in_path(key, shown.schema, service)
        if at == last
        else named.get(piece) or _in_f_string(f"{{{piece}}}")
        for at, piece in enumerate(pieces)
    ]
    return compose('f"{}"', joined(codes, ""))


def _in_path(value: Code, schema: Schema, service: Service) -> Code:
    """A value as a segment of a path, within an f-string; text is percent-encoded."""
    whole = flat(schema, service.schemas)
    if "string" in whole.types and whole.format != "uuid":
        return compose("{{quote(str({}), safe='')}}", value)
    return compose("{{{}}}", value)


def _in_f_string(path: str) -> Code:
    """A piece of a path as it has to be on the wire, where nothing means anything to Python."""
    return constant(quote(path, safe="/%:@!$&'()*+,;=~"))

"""Events: what is told of which rows, the handlers of each event, and the webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.policies.events import ResourceEvents, Webhook
from apiwright.ir.schemas import Direction
from apiwright.ir.service import Service
from apiwright.plan.schema_classes import ClassRef, SchemaClasses
from apiwright.plan.views.repositories import loads_name


@dataclass(frozen=True, slots=True)
class ToldView:
    """A model and what is told of its rows."""

    model: Code
    arguments: Code


@dataclass(frozen=True, slots=True)
class HandlerView:
    """The handler of an event."""

    event: str
    method: Code
    method_name: str
    schema: Code
    docstring: Code


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook: its name, the events that feed it, and the properties of its body."""

    arguments: Code


@dataclass(frozen=True, slots=True)
class EventsView:
    """All that is told; `handled` tells whether overrides handle events."""

    names: tuple[str, ...]
    resources: tuple[ToldView, ...]
    handlers: tuple[HandlerView, ...]
    webhooks: tuple[WebhookView, ...]
    webhook_names: tuple[str, ...]
    load_imports: tuple[Code, ...]
    schema_imports: tuple[Code, ...]
    handled: bool


def events_view(service: Service, classes: SchemaClasses, *, handled: bool) -> EventsView:
    """The events of a service, which may have none."""
    refs = {known.entity: _ref(known, classes) for known in service.events}
    return EventsView(
        names=tuple(name for known in service.events for name in known.names),
        resources=tuple(_told(known, refs[known.entity], service) for known in service.events),
        handlers=tuple(_handlers(service, refs)),
        webhooks=tuple(WebhookView(_webhook(webhook)) for webhook in service.webhooks),
        webhook_names=tuple(webhook.name for webhook in service.webhooks),
        load_imports=tuple(_load_imports(service)),
        schema_imports=tuple(
            compose("from app.schemas.{} import {}", ident(ref.module), ident(ref.name))
            for ref in sorted(refs.values())
        ),
        handled=handled and bool(service.events),
    )


def handler_methods(service: Service) -> dict[str, str]:
    """What the handler of each event is called."""
    events = [name for known in service.events for name in known.names]
    wanted = ((name, names.method(name.replace(".", "_"))) for name in events)
    return names.distinct(wanted, ("session", "settings"))


def _ref(known: ResourceEvents, classes: SchemaClasses) -> ClassRef:
    ref = classes.ref(known.entity, Direction.RESPONSE)
    if ref is None:
        raise KeyError(known.entity)
    return ref


def _told(known: ResourceEvents, ref: ClassRef, service: Service) -> ToldView:
    entity = service.entities[known.entity]
    arguments = [literal(known.aggregate), ident(ref.name)]
    if known.view.loads:
        arguments.append(compose("loads={}", ident(loads_name(known.view, service))))
    if entity.soft_delete:
        attribute = entity.column(entity.soft_delete).attribute
        arguments.append(compose("soft_delete={}", literal(attribute)))
    for occasion, name in known.occasions:
        arguments.append(compose("{}={}", ident(occasion.value), literal(name)))
    return ToldView(ident(entity.class_name), joined(arguments))


def _load_imports(service: Service) -> Iterator[Code]:
    for known in service.events:
        if known.view.loads:
            module = ident(service.entities[known.entity].module)
            name = ident(loads_name(known.view, service))
            yield compose("from app.repositories.{}_repository import {}", module, name)


def _handlers(service: Service, refs: dict[str, ClassRef]) -> Iterator[HandlerView]:
    methods = handler_methods(service)
    for known in service.events:
        for name in known.names:
            yield HandlerView(
                event=name,
                method=ident(methods[name]),
                method_name=methods[name],
                schema=ident(refs[known.entity].name),
                docstring=docstring(f"On {name}", 8),
            )


def _webhook(webhook: Webhook) -> Code:
    events = joined([literal(name) for name in webhook.events])
    arguments = [literal(webhook.name), compose("frozenset({{{}}})", events)]
    if webhook.fields:
        fields = tuple((name, part.value) for name, part in webhook.fields)
        arguments.append(literal(fields))
    return joined(arguments) if arguments else constant("")

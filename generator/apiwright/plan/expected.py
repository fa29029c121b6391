"""What overrides have to look like: the methods of each resource's service."""

from __future__ import annotations

from apiwright.ir.operations import ResetRequestAction
from apiwright.ir.service import Resource, Service
from apiwright.overriding.fit import Expected, ExpectedClass
from apiwright.plan.schema_classes import SchemaClasses, plan_schema_classes
from apiwright.plan.views.events import events_view
from apiwright.plan.views.signatures import signature
from apiwright.problems import Position


def expected_overrides(service: Service) -> dict[str, ExpectedClass]:
    """The classes that overrides may hold, by the modules in which they are looked for."""
    classes = plan_schema_classes(service)
    return {
        resource.module: ExpectedClass(
            module=resource.module,
            name=resource.service_class,
            methods={
                **{
                    service.operations[name].name: expected_method(service, classes, name)
                    for name in resource.operations
                },
                **dict.fromkeys(_resets(service, resource), SEND_RESET),
            },
            needed=_resets(service, resource),
        )
        for resource in service.resources
    }


SEND_RESET = Expected(
    operation="that asks for a reset",
    name="send_password_reset",
    arguments=(("login", "str"), ("token", "str")),
    returns="None",
)


def _resets(service: Service, resource: Resource) -> dict[str, Position]:
    """The method that sends tokens, and the operation that needs it; none where nothing does."""
    operations = (service.operations[name] for name in resource.operations)
    asked = [o for o in operations if isinstance(o.action, ResetRequestAction)]
    return {SEND_RESET.name: asked[0].position} if asked else {}


def expected_handlers(service: Service) -> ExpectedClass | None:
    """The class that may handle events, in `overrides/events.py`; None where there are none."""
    if not service.events:
        return None
    classes = plan_schema_classes(service)
    view = events_view(service, classes, handled=True)
    return ExpectedClass(
        module="events",
        name="EventHandlers",
        methods={
            handler.method_name: Expected(
                operation=handler.event,
                name=handler.method_name,
                arguments=(("event", f"EventOf[{handler.schema}]"),),
                returns="None",
            )
            for handler in view.handlers
        },
    )


def expected_method(service: Service, classes: SchemaClasses, operation_id: str) -> Expected:
    """The method that an override of an operation has."""
    operation = service.operations[operation_id]
    known = signature(operation, service, classes)
    return Expected(
        operation=operation.id,
        name=operation.name,
        arguments=tuple((str(a.name), str(a.annotation)) for a in known.arguments),
        returns=str(known.returns),
    )

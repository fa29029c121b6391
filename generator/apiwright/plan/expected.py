"""What overrides have to look like: the methods of each resource's service."""

from __future__ import annotations

from apiwright.ir.service import Service
from apiwright.overriding.fit import Expected, ExpectedClass
from apiwright.plan.schema_classes import SchemaClasses, plan_schema_classes
from apiwright.plan.views.signatures import signature


def expected_overrides(service: Service) -> dict[str, ExpectedClass]:
    """The classes that overrides may hold, by the modules in which they are looked for."""
    classes = plan_schema_classes(service)
    return {
        resource.module: ExpectedClass(
            module=resource.module,
            name=resource.service_class,
            methods={
                service.operations[name].name: expected_method(service, classes, name)
                for name in resource.operations
            },
        )
        for resource in service.resources
    }


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

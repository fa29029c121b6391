"""Stubs of overrides: what the method of an operation looks like to somebody who overrides it."""

from __future__ import annotations

import re

from apiwright.code import docstring
from apiwright.ir.operations import CustomAction
from apiwright.ir.service import Service
from apiwright.ir.versions import Version
from apiwright.overriding.adapters import ADAPTER, FOLDER
from apiwright.overriding.stub import Stub
from apiwright.plan.expected import expected_method
from apiwright.plan.schema_classes import plan_schema_classes
from apiwright.plan.views.signatures import signature

_TYPES = {
    "UUID": ("uuid", "UUID"),
    "Any": ("typing", "Any"),
    "Decimal": ("decimal", "Decimal"),
    "Response": ("starlette.responses", "Response"),
    "Timestamp": ("app.utils.validators", "Timestamp"),
    "CalendarDate": ("app.utils.validators", "CalendarDate"),
    "DecimalText": ("app.utils.validators", "DecimalText"),
    "Base64": ("app.utils.validators", "Base64"),
}


def adapter_stub(versions: tuple[Version, ...], name: str) -> Stub | None:
    """The stub of a method of an adapter, such as `v1:upgrade_item`; None for any other name."""
    version, _, method = name.partition(":")
    for known in versions:
        if known.name == version and method in known.methods:
            here, there = known.name, known.newest
            if method.startswith("downgrade"):
                here, there = there, here
            return Stub(
                module=f"{FOLDER}/{version}",
                class_name=ADAPTER,
                base=("app.versions", version),
                method=method,
                imports=(("typing", "Any"), ("typing_extensions", "override")),
                lines=(
                    "@override",
                    f"def {method}(self, value: Any) -> Any:",
                    f'    """From {here} to {there}."""',
                    f"    return super().{method}(value)",
                ),
            )
    return None


def stub_of(service: Service, operation_id: str) -> Stub:
    """The stub of an override for an operation: it does what the default does."""
    operation = service.operations[operation_id]
    resource = next(r for r in service.resources if operation_id in r.operations)
    classes = plan_schema_classes(service)
    known = signature(operation, service, classes)
    expected = expected_method(service, classes, operation_id)
    used = set(re.findall(r"\w+", f"{expected.signature}"))
    imports = [("typing_extensions", "override")]
    imports += [pair for name, pair in _TYPES.items() if name in used]
    imports += [(f"app.schemas.{ref.module}", ref.name) for ref in known.refs]
    call = f"await super().{operation.name}({known.call})"
    about = docstring(operation.summary or operation.id, 8)
    lines = ["@override", f"{expected.signature}:", f"    {about}"]
    if isinstance(operation.action, CustomAction):
        lines.append("    # There is no default: the call below answers 501 Not Implemented.")
    lines.append(f"    {call}" if known.returns == "None" else f"    return {call}")
    return Stub(
        module=resource.module,
        class_name=resource.service_class,
        base=("app.services", resource.service_module),
        method=operation.name,
        imports=tuple(sorted(set(imports))),
        lines=tuple(lines),
    )

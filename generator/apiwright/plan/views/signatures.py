"""What the method of an operation takes and gives: the same for services, routers, overrides."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, joined
from apiwright.ir.operations import ExportAction, Location, Operation
from apiwright.ir.schemas import Direction, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import flat
from apiwright.plan.schema_classes import ClassRef, SchemaClasses
from apiwright.understand.exchange import answer_schema, body_content

_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "object": "dict[str, Any]",
    "array": "list[Any]",
    "null": "None",
}
_FORMATS = {
    "uuid": "UUID",
    "date": "CalendarDate",
    "date-time": "Timestamp",
    "decimal": "DecimalText",
    "byte": "Base64",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a method: where it comes from, its name and its type."""

    place: str
    wire: str
    name: Code
    annotation: Code


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments and the result of a method, and the classes of `app.schemas` in them."""

    arguments: tuple[Argument, ...]
    returns: Code
    refs: tuple[ClassRef, ...]

    @property
    def taken(self) -> frozenset[ClassRef]:
        """The classes among the types of the arguments."""
        return frozenset(
            ref for ref in self.refs if any(ref.name in a.annotation for a in self.arguments)
        )

    @property
    def parameters(self) -> Code:
        """The parameter list of a method."""
        written = [compose("{}: {}", a.name, a.annotation) for a in self.arguments]
        return joined([constant("self"), *written])

    @property
    def call(self) -> Code:
        """The arguments of a call."""
        return joined([argument.name for argument in self.arguments])


def signature(operation: Operation, service: Service, classes: SchemaClasses) -> Signature:
    """The signature of the method behind `operation`."""
    refs: list[ClassRef] = []
    arguments: list[Argument] = []
    for parameter in operation.located(Location.PATH):
        kind = annotation_of(parameter.schema, Direction.REQUEST, service, classes, refs)
        arguments.append(Argument("path", parameter.attribute, ident(parameter.attribute), kind))
    for place in ("query", "header", "cookie"):
        ref = classes.parameter_class(operation.id, place)
        if ref is not None:
            refs.append(ref)
            name = ident({"query": "query", "header": "headers", "cookie": "cookies"}[place])
            arguments.append(Argument(place, "", name, ident(ref.name)))
    body = _body(operation, service, classes, refs)
    if body is not None:
        arguments.append(Argument("body", "", ident("body"), body))
    returns = _returns(operation, service, classes, refs)
    return Signature(tuple(arguments), returns, tuple(sorted(set(refs))))


def _body(
    operation: Operation, service: Service, classes: SchemaClasses, refs: list[ClassRef]
) -> Code | None:
    if operation.body is None:
        return None
    content = body_content(operation)
    if content is None or content.schema is None:
        kind = constant("bytes")
    else:
        kind = annotation_of(content.schema, Direction.REQUEST, service, classes, refs)
    return kind if operation.body.required else compose("{} | None", kind)


def _returns(
    operation: Operation, service: Service, classes: SchemaClasses, refs: list[ClassRef]
) -> Code:
    success = operation.success
    if isinstance(operation.action, ExportAction):
        return constant("Export")
    if success is None:
        return constant("Response")
    if not success.contents:
        return constant("None")
    answer = answer_schema(operation)
    if answer is None:
        return constant("Response")
    return annotation_of(answer, Direction.RESPONSE, service, classes, refs)


def annotation_of(
    schema: Schema,
    direction: Direction,
    service: Service,
    classes: SchemaClasses,
    refs: list[ClassRef],
    depth: int = 0,
) -> Code:
    """The type of a value; the classes in it are added to `refs`."""
    ref = classes.ref(schema.ref, direction) if schema.ref else None
    if ref is not None:
        refs.append(ref)
        return ident(ref.name)
    whole = flat(schema, service.schemas)
    kinds = [kind for kind in whole.types if kind != "null"]
    if len(kinds) != 1 or depth > 3:
        return constant("Any")
    if kinds == ["array"] and whole.items is not None:
        inner = annotation_of(whole.items, direction, service, classes, refs, depth + 1)
        kind = compose("list[{}]", inner)
    elif kinds == ["object"] and isinstance(whole.additional, Schema):
        inner = annotation_of(whole.additional, direction, service, classes, refs, depth + 1)
        kind = compose("dict[str, {}]", inner)
    elif kinds == ["string"]:
        kind = constant(_FORMATS.get(whole.format, "str"))
    else:
        kind = constant(_TYPES[kinds[0]])
    return compose("{} | None", kind) if "null" in whole.types else kind


def schema_imports(refs: tuple[ClassRef, ...]) -> tuple[Code, ...]:
    """The import lines for classes of `app.schemas`."""
    return tuple(
        compose("from app.schemas.{} import {}", ident(ref.module), ident(ref.name))
        for ref in sorted(set(refs))
    )

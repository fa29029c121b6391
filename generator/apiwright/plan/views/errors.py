"""The shapes of errors, as functions that write them."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.service import ErrorField, ErrorPart, Errors, ErrorShape, ViolationPart

_PARTS = {
    ErrorPart.DETAIL: "error.detail",
    ErrorPart.CODE: "error.code",
    ErrorPart.STATUS: "status",
    ErrorPart.TITLE: "HTTPStatus(status).phrase",
    ErrorPart.INSTANCE: "request.url.path",
    ErrorPart.TYPE: '"about:blank"',
}
_VIOLATION_PARTS = {
    ViolationPart.PLACE: "list(found.place)",
    ViolationPart.PATH: "found.path",
    ViolationPart.MESSAGE: "found.message",
    ViolationPart.KIND: "found.kind",
    ViolationPart.TEXT: 'f"{found.path}: {found.message}"',
}


@dataclass(frozen=True, slots=True)
class ShapeView:
    """A function that writes one shape: what it is about and what it says."""

    function: Code
    about: Code
    empty: bool
    lists: bool
    content: Code
    media_type_argument: Code


@dataclass(frozen=True, slots=True)
class ErrorsView:
    """The shapes of a service. `special` holds operation, status (or its first digit), function."""

    shapes: tuple[ShapeView, ...]
    special: tuple[tuple[str, int, Code], ...]
    statuses: tuple[tuple[str, int], ...]


def errors_view(errors: Errors) -> ErrorsView:
    """The functions that write errors, each shape once."""
    functions: list[tuple[ErrorShape, str, str]] = [
        (errors.usual, "_usual", "Any error but those below"),
        (errors.invalid, "_invalid", "A request that breaks the contract"),
    ]
    special: list[tuple[str, int, Code]] = []
    for (operation, status), shape in errors.special.items():
        if status == "default":
            continue
        name = next((known for other, known, _ in functions[2:] if other == shape), "")
        if not name:
            name = f"_shape_{len(functions) - 1}"
            functions.append((shape, name, "An error that some operations declare otherwise"))
        special.append((operation, int(status.replace("XX", "")), ident(name)))
    return ErrorsView(
        shapes=tuple(_shape(shape, name, about) for shape, name, about in functions),
        special=tuple(special),
        statuses=tuple(sorted(errors.statuses.items())),
    )


def _shape(shape: ErrorShape, function: str, about: str) -> ShapeView:
    plain = shape.media_type in {"", "application/json"}
    media_type = compose(", {}", literal(shape.media_type)) if not plain else constant("")
    return ShapeView(
        function=ident(function),
        about=constant(about),
        empty=not shape.fields,
        lists=_lists(shape.fields),
        content=_object(shape.fields, shape),
        media_type_argument=media_type,
    )


def _lists(fields: tuple[ErrorField, ...]) -> bool:
    return any(f.part is ErrorPart.VIOLATIONS or _lists(f.fields) for f in fields)


def _object(fields: tuple[ErrorField, ...], shape: ErrorShape) -> Code:
    pairs = [compose("{}: {}", literal(field.name), _value(field, shape)) for field in fields]
    return compose("{{{}}}", joined(pairs))


def _value(field: ErrorField, shape: ErrorShape) -> Code:
    if field.part is ErrorPart.OBJECT:
        return _object(field.fields, shape)
    if field.part is ErrorPart.VIOLATIONS:
        return compose("[{} for found in violations]", _violation(shape))
    if field.part is ErrorPart.FIXED:
        return literal(field.fixed)
    return constant(_PARTS[field.part])


def _violation(shape: ErrorShape) -> Code:
    if shape.violation and shape.violation[0][0] == "":
        return constant(_VIOLATION_PARTS[ViolationPart.TEXT])
    pairs = [
        compose("{}: {}", literal(name), constant(_VIOLATION_PARTS[part]))
        for name, part in shape.violation
    ]
    return compose("{{{}}}", joined(pairs))

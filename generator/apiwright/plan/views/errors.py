"""The shapes of errors, as functions that write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.service import ErrorField, ErrorPart, Errors, ErrorShape, ViolationPart
from apiwright.ir.versions import Version

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


def errors_view(errors: Errors, versions: tuple[Version, ...] = ()) -> ErrorsView:
    """The functions that write errors, each shape once; older versions keep theirs."""
    functions: list[tuple[ErrorShape, str, str]] = [
        (errors.usual, "_usual", "Any error but those below"),
        (errors.invalid, "_invalid", "A request that breaks the contract"),
    ]
    special: list[tuple[str, int, Code]] = []
    for operation, status, shape in (*_special(errors), *_of_versions(versions, errors)):
        name = next((known for other, known, _ in functions if other == shape), "")
        if not name:
            name = f"_shape_{len(functions) - 1}"
            functions.append((shape, name, "An error that some operations declare otherwise"))
        special.append((operation, status, ident(name)))
    return ErrorsView(
        shapes=tuple(_shape(shape, name, about) for shape, name, about in functions),
        special=tuple(special),
        statuses=tuple(sorted({**errors.statuses, **_statuses_of(versions)}.items())),
    )


def _special(errors: Errors) -> Iterator[tuple[str, int, ErrorShape]]:
    """The exceptions, by operation and status (or, for a range, its first digit)."""
    for (operation, status), shape in errors.special.items():
        if status != "default":
            yield operation, int(status.replace("XX", "")), shape


def _of_versions(
    versions: tuple[Version, ...], newest: Errors
) -> Iterator[tuple[str, int, ErrorShape]]:
    """The errors of older versions that look different from the usual ones of the newest."""
    for version in versions:
        errors = version.service.errors
        for known in version.operations:
            name, status = known.older.id, errors.statuses.get(known.older.id, 422)
            found: dict[int, ErrorShape] = {}
            if errors.usual != newest.usual:
                found.update({4: errors.usual, 5: errors.usual})
            if errors.invalid != newest.invalid:
                found[status] = errors.invalid
            found.update({at: shape for one, at, shape in _special(errors) if one == name})
            for at, shape in found.items():
                yield version.operation_id(name), at, shape


def _statuses_of(versions: tuple[Version, ...]) -> dict[str, int]:
    return {
        version.operation_id(name): status
        for version in versions
        for name, status in version.service.errors.statuses.items()
    }


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

"""The errors of a service, held to the schemas that its contract declares for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jsonschema import Draft202012Validator

from apiwright.ir.media import essence
from apiwright.ir.schemas import Json
from apiwright.ir.service import ErrorField, ErrorPart, Errors, ErrorShape, ViolationPart
from apiwright.plan.views.tests.samples import UNDECIDABLE, registry_of

_PARTS: Mapping[ErrorPart, Json] = {
    ErrorPart.DETAIL: "Not found",
    ErrorPart.CODE: "not_found",
    ErrorPart.STATUS: 404,
    ErrorPart.TITLE: "Not Found",
    ErrorPart.INSTANCE: "/example",
    ErrorPart.TYPE: "about:blank",
}
_VIOLATION: Mapping[ViolationPart, Json] = {
    ViolationPart.PLACE: ["body", "name", 0],
    ViolationPart.PATH: "body.name.0",
    ViolationPart.MESSAGE: "Field required",
    ViolationPart.KIND: "missing",
    ViolationPart.TEXT: "body.name.0: Field required",
}
_SUCCESS = ("1", "2", "3")


class ErrorShapes:
    """What the service writes for each error, and whether the contract allows that."""

    def __init__(self, errors: Errors, schemas: Mapping[str, Json]) -> None:
        self._errors = errors
        self._registry = registry_of(dict(schemas))

    def can_write(self, operation: str, status: str, contents: Mapping[str, Json]) -> bool:
        """Whether an answer of this status, if it is an error, comes out as it is declared."""
        if status.startswith(_SUCCESS):
            return True
        if status == "default":
            return bool(contents) and self._fits(self._errors.usual, contents)
        return all(self._fits(shape, contents) for shape in self._shapes(operation, status))

    def _shapes(self, operation: str, status: str) -> Iterable[ErrorShape]:
        special = self._errors.special
        found = special.get((operation, status)) or special.get((operation, f"{status[0]}XX"))
        if found is not None:
            return (found,)
        if self._errors.statuses.get(operation, 422) == (int(status) if status.isdigit() else 0):
            usual = () if status == "422" else (self._errors.usual,)
            return (self._errors.invalid, *usual)
        return (self._errors.usual,)

    def _fits(self, shape: ErrorShape, contents: Mapping[str, Json]) -> bool:
        if not shape.fields:
            return not contents
        schema = contents.get(essence(shape.media_type))
        if not isinstance(schema, dict):
            return schema is True
        validator = Draft202012Validator(schema, registry=self._registry)
        try:
            return validator.is_valid(_example(shape.fields, shape))
        except UNDECIDABLE:
            return False


def _example(fields: Iterable[ErrorField], shape: ErrorShape) -> Json:
    return {field.name: _value(field, shape) for field in fields}


def _value(field: ErrorField, shape: ErrorShape) -> Json:
    if field.part is ErrorPart.OBJECT:
        return _example(field.fields, shape)
    if field.part is ErrorPart.FIXED:
        return field.fixed
    if field.part is not ErrorPart.VIOLATIONS:
        return _PARTS[field.part]
    if shape.violation and shape.violation[0][0] == "":
        return [_VIOLATION[ViolationPart.TEXT]]
    return [{name: _VIOLATION[part] for name, part in shape.violation}]

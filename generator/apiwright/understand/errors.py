"""The shapes of errors that a contract declares, and what each property of them tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from apiwright.ir.media import is_json
from apiwright.ir.operations import Operation, Response
from apiwright.ir.samples import NoSampleError, sample
from apiwright.ir.schemas import Direction, Json, NamedSchema, Property, Schema
from apiwright.ir.service import ErrorField, ErrorPart, Errors, ErrorShape, ViolationPart
from apiwright.ir.shapes import array_items, flat, is_object
from apiwright.ir.shapes import properties as properties_of

_JSON = "application/json"
_PLACE, _MESSAGE, _KIND = ViolationPart.PLACE, ViolationPart.MESSAGE, ViolationPart.KIND

USUAL = ErrorShape(_JSON, (ErrorField("detail", ErrorPart.DETAIL),))
INVALID = ErrorShape(
    _JSON,
    (ErrorField("detail", ErrorPart.VIOLATIONS),),
    (("loc", _PLACE), ("msg", _MESSAGE), ("type", _KIND)),
)

_DETAILS = ("detail", "message", "msg", "error_description", "description", "reason", "error")
_CODES = ("code", "error_code", "errorcode", "error", "kind", "name", "key")
_STATUSES = ("status", "status_code", "statuscode", "http_status", "code")
_LISTS = ("detail", "details", "errors", "violations", "fields", "invalid_params")
_PLACES = ("loc", "location", "path", "pointer", "field", "property", "name", "param", "source")
_MESSAGES = ("msg", "message", "detail", "reason", "description", "title", "error")
_KINDS = ("type", "code", "kind", "rule")


def read_errors(operations: Iterable[Operation], named: Mapping[str, NamedSchema]) -> Errors:
    """The usual shape of errors, that of validation errors, and the exceptions to both."""
    shapes: dict[tuple[str, str], ErrorShape] = {}
    statuses: dict[str, int] = {}
    for operation in operations:
        declared = {response.status for response in operation.responses}
        if "422" not in declared and "400" in declared:
            statuses[operation.id] = 400
        for response in operation.responses:
            if response.status[0] in "45d":
                shapes[operation.id, response.status] = error_shape(response, named)
    usual = _commonest((s for (_, status), s in shapes.items() if status != "422"), USUAL)
    invalid = _commonest((s for (_, status), s in shapes.items() if status == "422"), INVALID)
    if not any(status == "422" for _, status in shapes) and shapes:
        invalid = usual
    special = {
        key: shape
        for key, shape in shapes.items()
        if shape != (invalid if key[1] == "422" else usual)
    }
    return Errors(usual, invalid, special, statuses)


def _commonest(shapes: Iterable[ErrorShape], otherwise: ErrorShape) -> ErrorShape:
    seen = [shape for shape in shapes if shape.fields]
    return max(seen, key=seen.count) if seen else otherwise


def error_shape(response: Response, named: Mapping[str, NamedSchema]) -> ErrorShape:
    """How a response that is declared for an error has to look."""
    for content in response.contents:
        json, schema = is_json(content.media_type), content.schema
        if json and schema is not None and is_object(schema, named):
            return ErrorShape(content.media_type, _fields(schema, named), _violation(schema, named))
    return USUAL if response.contents else ErrorShape("", ())


def _fields(schema: Schema, named: Mapping[str, NamedSchema]) -> tuple[ErrorField, ...]:
    found = properties_of(schema, named)
    parts = error_parts(found, named)
    fields = []
    for name, prop in found.items():
        inner = flat(prop.schema, named)
        if name in parts:
            fields.append(ErrorField(name, parts[name]))
        elif inner.properties and (prop.required or len(found) == 1):
            nested = _fields(prop.schema, named)
            fields.append(ErrorField(name, ErrorPart.OBJECT, fields=nested))
        elif prop.required:
            fields.append(ErrorField(name, ErrorPart.FIXED, _fixed(prop.schema, named)))
    return tuple(fields)


def error_parts(
    found: Mapping[str, Property], named: Mapping[str, NamedSchema]
) -> dict[str, ErrorPart]:
    """What each property tells; every part is told once, by the name that fits it best."""
    types = {name: _types(prop.schema, named) for name, prop in found.items()}
    chosen: dict[str, ErrorPart] = {}

    def choose(part: ErrorPart, wanted: Iterable[str], kind: str) -> None:
        for want in wanted:
            for name in found:
                fits = kind in types[name] and not flat(found[name].schema, named).enum
                if _plainly(name) == want and name not in chosen and fits:
                    chosen[name] = part
                    return

    choose(ErrorPart.VIOLATIONS, _LISTS, "array")
    choose(ErrorPart.STATUS, _STATUSES, "integer")
    choose(ErrorPart.DETAIL, _DETAILS, "string")
    choose(ErrorPart.CODE, _CODES, "string")
    choose(ErrorPart.TITLE, ("title",), "string")
    choose(ErrorPart.TYPE, ("type",), "string")
    choose(ErrorPart.INSTANCE, ("instance",), "string")
    return chosen


def _violation(
    schema: Schema, named: Mapping[str, NamedSchema]
) -> tuple[tuple[str, ViolationPart], ...]:
    for name, prop in properties_of(schema, named).items():
        items = array_items(prop.schema, named)
        if _plainly(name) in _LISTS and items is not None:
            if "string" in _types(items, named):
                return (("", ViolationPart.TEXT),)
            return _entry(properties_of(items, named), named)
    return ()


def _entry(
    found: Mapping[str, Property], named: Mapping[str, NamedSchema]
) -> tuple[tuple[str, ViolationPart], ...]:
    chosen: dict[str, ViolationPart] = {}
    for part, wanted in ((_PLACE, _PLACES), (_MESSAGE, _MESSAGES), (_KIND, _KINDS)):
        for want in wanted:
            name = next((n for n in found if _plainly(n) == want and n not in chosen), "")
            if name:
                is_text = part is _PLACE and "array" not in _types(found[name].schema, named)
                chosen[name] = ViolationPart.PATH if is_text else part
                break
    return tuple(chosen.items())


def _types(schema: Schema, named: Mapping[str, NamedSchema]) -> tuple[str, ...]:
    return flat(schema, named).types


def _fixed(schema: Schema, named: Mapping[str, NamedSchema]) -> Json:
    try:
        return sample(schema, named, Direction.RESPONSE)
    except NoSampleError:
        return ""


def _plainly(name: str) -> str:
    return name.replace("-", "_").lower()

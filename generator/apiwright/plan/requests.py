"""What the service holds requests to: JSON Schemas of parameters and bodies, in one document."""

from __future__ import annotations

from urllib.parse import quote

from apiwright.ir.emit import json_schema
from apiwright.ir.media import essence, is_json, is_readable
from apiwright.ir.operations import Location, Operation, Parameter, Wire
from apiwright.ir.schemas import Direction, Json, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import references
from apiwright.understand.wire import wire

_URN = "urn:contract:schemas"
_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)


def requests_document(service: Service) -> dict[str, Json]:
    """The document that the generated package `app.contract` reads."""
    operations: dict[str, Json] = {
        operation.id: _operation(operation, service) for operation in service.operations.values()
    }
    needed = _needed(service)
    schemas: dict[str, Json] = {
        name: _schema(known.schema, service)
        for name, known in service.schemas.items()
        if name in needed
    }
    return {"schemas": schemas, "operations": operations}


def _needed(service: Service) -> set[str]:
    """The named schemas that requests can lead to."""
    waiting = [
        name
        for operation in service.operations.values()
        for schema in _roots(operation)
        for name in references(schema)
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in service.schemas:
            found.add(name)
            waiting.extend(references(service.schemas[name].schema))
    return found


def _roots(operation: Operation) -> list[Schema]:
    found = [parameter.schema for parameter in operation.parameters]
    contents = operation.body.contents if operation.body is not None else ()
    return found + [content.schema for content in contents if content.schema is not None]


def _schema(schema: Schema, service: Service) -> Json:
    written = json_schema(schema, service.schemas, Direction.REQUEST, _refer)
    return bounded(written)


def _refer(name: str) -> str:
    escaped = name.replace("~", "~0").replace("/", "~1")
    return f"{_URN}#/{_percent(escaped)}"


def _percent(text: str) -> str:
    return quote(text, safe="~")


def bounded(schema: Json) -> Json:
    """`schema` with the limits that its integers have in a database, where it has none itself."""
    if isinstance(schema, list):
        return [bounded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {
        key: value if key in {"enum", "const"} else bounded(value) for key, value in schema.items()
    }
    kind = out.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "integer" in kinds and "number" not in kinds:
        low, high = _INT32 if out.get("format") == "int32" else _INT64
        if "exclusiveMinimum" not in out:
            out.setdefault("minimum", low)
        if "exclusiveMaximum" not in out:
            out.setdefault("maximum", high)
    return out


def _operation(operation: Operation, service: Service) -> Json:
    groups: dict[str, Json] = {}
    for location in Location:
        parameters = operation.located(location)
        if parameters:
            groups[location.value] = _group(location, parameters, service)
    written: dict[str, Json] = {"groups": groups}
    if operation.body is not None:
        contents: dict[str, Json] = {}
        for content in operation.body.contents:
            kind = essence(content.media_type)
            typed = is_readable(kind)
            schema = content.schema if typed else None
            contents[kind] = {
                "schema": _schema(schema, service) if schema is not None else True,
                "wire": _wire(wire(schema, service.schemas)) if schema is not None else _TEXT,
            }
        written["body"] = {"required": operation.body.required, "contents": contents}
    return written


def _group(location: Location, parameters: tuple[Parameter, ...], service: Service) -> Json:
    def key(parameter: Parameter) -> str:
        return parameter.attribute if location is Location.PATH else parameter.name

    properties: dict[str, Json] = {key(p): _schema(p.schema, service) for p in parameters}
    required: list[Json] = [key(p) for p in parameters if p.required]
    described: dict[str, Json] = {
        key(p): {
            **({} if key(p) == p.name else {"name": p.name}),
            "style": p.style,
            "explode": p.explode,
            "json": is_json(p.content) if p.content else False,
            "wire": _wire(p.wire),
        }
        for p in parameters
    }
    schema: dict[str, Json] = {"type": "object", "properties": properties, "required": required}
    return {"schema": schema, "parameters": described}


_TEXT: Json = {"kinds": ["string"]}


def _wire(known: Wire) -> Json:
    out: dict[str, Json] = {"kinds": list[Json](known.kinds)}
    if known.items is not None:
        out["items"] = _wire(known.items)
    if known.properties:
        out["properties"] = {name: _wire(inner) for name, inner in known.properties.items()}
    return out

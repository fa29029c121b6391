"""The contract of a database: a document of OpenAPI, written for people to go on with."""

from __future__ import annotations

from typing import Any

import yaml

from apiwright import names
from apiwright.adopt.decide import Decision, Property, Thing

_HEAD = """\
# yaml-language-server: $schema=apiwright.schema.json
#
# Written by `apiwright init --from-database`, for the tables as they were found: it is yours now.
# Anybody may call every operation. To let people sign in, add a security scheme: docs/extensions.md
"""
_PROBLEM = {"$ref": "#/components/responses/Problem"}
_INVALID = {"$ref": "#/components/responses/Invalid"}


class _Dumper(yaml.SafeDumper):
    """Writes what is the same twice, rather than by reference."""

    def ignore_aliases(self, _data: object) -> bool:
        """No anchors."""
        return True


def contract_text(decision: Decision, title: str) -> str:
    """The contract for the things of a database, as YAML."""
    document = contract(decision, title)
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=96, allow_unicode=False)
    return f"{_HEAD}{body}"


def contract(decision: Decision, title: str) -> dict[str, Any]:
    """The contract for the things of a database."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for thing in decision.things:
        paths.update(_paths(thing))
        schemas.update(_schemas(thing))
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1.0.0"},
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": thing.schema} for thing in decision.things],
        "paths": paths,
        "components": {
            "responses": {
                "Problem": _answer("It can't be done", "Error"),
                "Invalid": _answer("The request breaks the contract", "ValidationError"),
            },
            "schemas": {**schemas, **_ERRORS},
        },
    }


def _paths(thing: Thing) -> dict[str, Any]:
    plural = names.pascal(names.plural(names.snake(thing.schema)))
    plural = plural if plural != thing.schema else f"All{plural}"
    tag = {"tags": [thing.schema]}
    told = {"application/json": {"schema": _ref(thing.schema)}}
    listed = {
        "operationId": f"list{plural}",
        **tag,
        "summary": f"List rows of {thing.table}",
        "parameters": [
            *_PAGE,
            _sort(thing.key),
            *(_filter(prop) for prop in thing.properties if prop.filtered),
        ],
        "responses": {
            "200": _answer("Some of them, in the order of their keys", f"{thing.schema}Page"),
            "400": _PROBLEM,
            "422": _INVALID,
        },
    }
    collection: dict[str, Any] = {"get": listed}
    if not thing.closed:
        collection["post"] = {
            "operationId": f"create{thing.schema}",
            **tag,
            "summary": f"Add a row to {thing.table}",
            "requestBody": _body(f"{thing.schema}Input"),
            "responses": {
                "201": {"description": "The new row", "content": told},
                **_statuses(400, 409, 413, 415, 422),
            },
        }
    key = next(prop for prop in thing.properties if prop.name == thing.key)
    kept = {k: v for k, v in key.schema.items() if not k.startswith("x-")}
    path_key = {"name": thing.key, "in": "path", "required": True, "schema": kept}
    one: dict[str, Any] = {
        "parameters": [path_key],
        "get": {
            "operationId": f"read{thing.schema}",
            **tag,
            "summary": f"Show a row of {thing.table}",
            "responses": {
                "200": {"description": "The row", "content": told},
                **_statuses(400, 404, 422),
            },
        },
    }
    if _changeable(thing):
        one["patch"] = {
            "operationId": f"update{thing.schema}",
            **tag,
            "summary": f"Change a row of {thing.table}",
            "requestBody": _body(f"{thing.schema}Update"),
            "responses": {
                "200": {"description": "The row after the change", "content": told},
                **_statuses(400, 404, 409, 413, 415, 422),
            },
        }
    one["delete"] = {
        "operationId": f"delete{thing.schema}",
        **tag,
        "summary": f"Remove a row from {thing.table}",
        "responses": {
            "204": {"description": "The row is gone"},
            **_statuses(400, 404, 409, 422),
        },
    }
    return {f"/{thing.table}": collection, f"/{thing.table}/{{{thing.key}}}": one}


def _schemas(thing: Thing) -> dict[str, Any]:
    shown = {prop.name: _shown(prop) for prop in thing.properties}
    sent = {prop.name: _sent(prop) for prop in thing.properties if prop.writable}
    pairs = {
        pair.property: {
            "type": "array",
            "items": pair.key,
            "uniqueItems": True,
            "x-references": {
                "schema": pair.target,
                "table": pair.table,
                "columns": list(pair.columns),
            },
        }
        for pair in thing.pairs
    }
    whole = {
        **({"description": thing.said} if thing.said else {}),
        "type": "object",
        "x-table": _table(thing),
        "required": [*shown, *pairs],
        "properties": {**shown, **pairs},
    }
    found: dict[str, Any] = {thing.schema: whole}
    listed = {name: {**schema, "default": []} for name, schema in pairs.items()}
    if not thing.closed:
        defaults = {prop.name: prop.default[0] for prop in thing.properties if prop.default}
        properties = {
            name: {**schema, "default": defaults[name]} if name in defaults else schema
            for name, schema in sent.items()
        }
        found[f"{thing.schema}Input"] = _closed(
            {**properties, **listed}, [p.name for p in thing.properties if p.needed]
        )
    if _changeable(thing):
        later = {name: schema for name, schema in sent.items() if name != thing.key}
        found[f"{thing.schema}Update"] = {**_closed({**later, **pairs}, []), "minProperties": 1}
    found[f"{thing.schema}Page"] = {
        "type": "object",
        "required": ["items", "total"],
        "properties": {
            "items": {"type": "array", "items": _ref(thing.schema)},
            "total": {"type": "integer", "minimum": 0},
        },
    }
    return found


def _table(thing: Thing) -> dict[str, Any]:
    several = [list(columns) for columns in thing.unique if len(columns) > 1]
    unique = {"unique": several} if several else {}
    return {"name": thing.table, "key": thing.key, **unique}


def _changeable(thing: Thing) -> bool:
    """Whether there is anything that clients could change."""
    return bool(thing.pairs) or any(p.writable and p.name != thing.key for p in thing.properties)


def _shown(prop: Property) -> dict[str, Any]:
    said = {"description": prop.said} if prop.said else {}
    read_only = {} if prop.writable else {"readOnly": True}
    return {**said, **_nullable(prop), **read_only}


def _sent(prop: Property) -> dict[str, Any]:
    """A property in a body: what is stored is said once, in the thing itself."""
    return {word: value for word, value in _nullable(prop).items() if not word.startswith("x-")}


def _nullable(prop: Property) -> dict[str, Any]:
    if not prop.nullable:
        return prop.schema
    if "type" not in prop.schema:
        return {**prop.schema, "type": [*_ANYTHING, "null"]}
    schema = {**prop.schema, "type": [prop.schema["type"], "null"]}
    return {**schema, "enum": [*schema["enum"], None]} if "enum" in schema else schema


def _filter(prop: Property) -> dict[str, Any]:
    schema = {word: value for word, value in prop.schema.items() if not word.startswith("x-")}
    return {"name": prop.name, "in": "query", "schema": schema}


def _sort(key: str) -> dict[str, Any]:
    """The order of a list: that of the keys, which always have an index."""
    schema = {"type": "string", "enum": [key, f"-{key}"], "default": key}
    return {"name": "sort", "in": "query", "schema": schema}


def _closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    needed = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": properties}


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": _ref(schema)}},
    }


def _body(schema: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(schema)}}}


def _statuses(*statuses: int) -> dict[str, Any]:
    return {str(status): _INVALID if status == 422 else _PROBLEM for status in statuses}


_ANYTHING = ("object", "array", "string", "number", "boolean")
_PAGE: tuple[dict[str, Any], ...] = (
    {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    },
    {
        "name": "offset",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10000, "default": 0},
    },
)
_ERRORS: dict[str, Any] = {
    "Error": {
        "description": "Why a request failed",
        "type": "object",
        "required": ["detail"],
        "properties": {"detail": {"type": "string"}},
    },
    "ValidationError": {
        "description": "Which parts of a request break the contract",
        "type": "object",
        "required": ["detail"],
        "properties": {
            "detail": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["loc", "msg", "type"],
                    "properties": {
                        "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                        "msg": {"type": "string"},
                        "type": {"type": "string"},
                    },
                },
            }
        },
    },
}

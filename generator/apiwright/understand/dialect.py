"""One dialect for all: OpenAPI 3.0's schema words in terms of JSON Schema 2020-12.

OpenAPI 3.0 says `nullable` and has `exclusiveMinimum` as a flag (3.0.4, section 4.7.24); 3.1 is
JSON Schema itself. After this, nobody has to know which version a contract was written in.
"""

from __future__ import annotations

from apiwright.ir.schemas import Json
from apiwright.load import Node, plain

JSON_TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")

NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
SIZES = (
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "minContains", "maxContains",
)  # fmt: skip
OTHER = ("pattern", "uniqueItems", "contentEncoding", "contentMediaType", "dependentRequired")


def types(node: Node) -> tuple[str, ...]:
    """The JSON types that a schema names, null among them where it is `nullable`."""
    written = node.get("type")
    if written is None:
        return ()
    named = [written] if isinstance(written.value, str) else written.items
    found = tuple(dict.fromkeys(item.text for item in named if item.text in JSON_TYPES))
    return (*found, "null") if is_nullable(node) and "null" not in found else found


def is_nullable(node: Node) -> bool:
    """Whether the schema carries OpenAPI 3.0's `nullable: true`."""
    flag = node.get("nullable")
    return flag is not None and flag.value is True


def keywords(node: Node) -> dict[str, Json]:
    """The validation keywords of a schema that hold no schema themselves, in 2020-12's terms."""
    found: dict[str, Json] = {}
    for name in (*NUMERIC, *SIZES, *OTHER):
        value = node.get(name)
        if value is not None:
            found[name] = plain(value)
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(flag), bool):
            exclusive = found.pop(flag)
            if exclusive and bound in found:
                found[flag] = found.pop(bound)
    const = node.get("const")
    if const is not None:
        found["const"] = plain(const)
    return found


def enum(node: Node) -> tuple[Json, ...]:
    """The values that a schema allows; null is one of them where it is `nullable`."""
    listed = node.get("enum")
    if listed is None:
        return ()
    values = [plain(item) for item in listed.items]
    if is_nullable(node) and None not in values:
        values.append(None)
    return tuple(values)

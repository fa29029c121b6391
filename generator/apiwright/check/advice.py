"""Hints for what people often write into an object of OpenAPI: other versions, other places."""

from __future__ import annotations

from collections.abc import Mapping

from apiwright.check.faults import Fault
from apiwright.check.findings import Findings
from apiwright.load import KINDS, Node, Place

_INTO_SCHEMA = dict.fromkeys(
    (
        "type", "format", "items", "enum", "default", "minimum", "maximum", "pattern", "minLength",
        "maxLength", "minItems", "maxItems", "uniqueItems", "multipleOf", "nullable", "oneOf",
    ),
    "it belongs into 'schema'",
)  # fmt: skip
_CONTENT = "it belongs under 'content' and a media type, such as application/json"
_TYPES = "media types are the keys of 'content' in bodies and responses"
_NO_FIELD: Mapping[str, Mapping[str, str]] = {
    "openapi": {
        "host": "OpenAPI 3 has 'servers' for it",
        "basePath": "OpenAPI 3 has 'servers' for it",
        "schemes": "OpenAPI 3 has 'servers' for it",
        "consumes": _TYPES,
        "produces": _TYPES,
        "definitions": "OpenAPI 3 has 'components', with 'schemas' in it",
        "parameters": "shared parameters stand in 'components'",
        "responses": "shared responses stand in 'components'",
        "securityDefinitions": "OpenAPI 3 has 'components', with 'securitySchemes' in it",
        "securitySchemes": "it belongs into 'components'",
        "schemas": "it belongs into 'components'",
    },
    "components": {
        "definitions": "OpenAPI 3 calls them 'schemas'",
        "mediaTypes": "OpenAPI 3.2 has it",
    },
    "operation": {
        "consumes": _TYPES,
        "produces": _TYPES,
        "body": "OpenAPI calls it 'requestBody'",
        "schemes": "OpenAPI 3 has 'servers' for it",
    },
    "parameter": _INTO_SCHEMA
    | {
        "allowReserved": "only query parameters have it",
        "allowEmptyValue": "only query parameters have it",
        "collectionFormat": "OpenAPI 3 has 'style' and 'explode' for it",
    },
    "header": _INTO_SCHEMA,
    "media-type": _INTO_SCHEMA | {"properties": "it belongs into 'schema'"},
    "request-body": {"schema": _CONTENT},
    "response": {"schema": _CONTENT, "examples": _CONTENT, "example": _CONTENT},
    "security-scheme": {
        "name": "only schemes of type 'apiKey' have it",
        "in": "only schemes of type 'apiKey' have it",
        "scheme": "only schemes of type 'http' have it",
        "bearerFormat": "only bearer schemes of type 'http' have it",
        "flows": "only schemes of type 'oauth2' have it",
        "flow": "OpenAPI 3 has 'flows', with one object for each flow",
        "openIdConnectUrl": "only schemes of type 'openIdConnect' have it",
        "scopes": "each of the 'flows' has its own",
        "tokenUrl": "each of the 'flows' has its own",
        "authorizationUrl": "each of the 'flows' has its own",
    },
    "oauth-flows": {
        "accessCode": "OpenAPI 3 calls it 'authorizationCode'",
        "application": "OpenAPI 3 calls it 'clientCredentials'",
    },
    "schema": {
        "const": "an 'enum' with one value says the same",
        "examples": "OpenAPI 3.0 has 'example' for it",
        "$defs": "schemas with a name stand in 'components'",
        "definitions": "schemas with a name stand in 'components'",
    },
}
# The fields that OpenAPI 3.2 has brought.
_NEW: Mapping[str, frozenset[str]] = {
    "openapi": frozenset({"$self"}),
    "server": frozenset({"name"}),
    "tag": frozenset({"summary", "parent", "kind"}),
    "path-item": frozenset({"query", "additionalOperations"}),
    "response": frozenset({"summary"}),
    "media-type": frozenset({"description", "itemSchema", "prefixEncoding", "itemEncoding"}),
    "encoding": frozenset({"encoding", "prefixEncoding", "itemEncoding"}),
    "example": frozenset({"dataValue", "serializedValue"}),
    "discriminator": frozenset({"defaultMapping"}),
    "xml": frozenset({"nodeType"}),
    "security-scheme": frozenset({"oauth2MetadataUrl", "deprecated"}),
    "oauth-flows": frozenset({"deviceAuthorization"}),
    "oauth-flow": frozenset({"deviceAuthorizationUrl"}),
}
_OTHER_TYPES = {
    "any": "leave 'type' out where everything is allowed",
    "bool": "did you mean 'boolean'?",
    "date": "write 'type: string' and 'format: date'",
    "datetime": "write 'type: string' and 'format: date-time'",
    "dict": "did you mean 'object'?",
    "double": "write 'type: number' and 'format: double'",
    "file": "write 'type: string' and 'format: binary'",
    "float": "write 'type: number' and 'format: float'",
    "int": "did you mean 'integer'?",
    "list": "did you mean 'array'?",
    "long": "write 'type: integer' and 'format: int64'",
    "null": "OpenAPI 3.0 has 'nullable: true' for it",
    "uuid": "write 'type: string' and 'format: uuid'",
}
_OTHER_PLACES = {
    "body": "OpenAPI 3 has 'requestBody' for it",
    "formData": "OpenAPI 3 has 'requestBody' for it",
}


def for_unknown_field(place: Place, name: str, version: str, found: Findings) -> str:
    """What to do about a field that an object of this kind has not in OpenAPI `version`."""
    fields = KINDS[place.kind].fields
    known = _NO_FIELD.get(place.kind, {}).get(name, "")
    newest = name in _NEW.get(place.kind, ())
    if newest or (version == "3.0" and name in fields and place.kind != "security-scheme"):
        newer = f"OpenAPI {'3.2' if newest else '3.1'} has it, OpenAPI {version} has not"
        return f"{newer}; {known}" if known else newer
    return known or found.meant(
        name, (field for field in fields if field not in place.node.mapping)
    )


def for_value(
    place: Place, fault: Fault, value: Node | None, found: Findings, *, legacy: bool
) -> str:
    """What to do about a value that is not allowed where it stands."""
    if value is None:
        return ""
    known = ""
    if place.kind == "schema":
        known = _for_schema(fault, value, legacy=legacy)
    elif place.kind == "parameter" and fault.path == ("in",):
        known = _OTHER_PLACES.get(value.text, "")
    if known:
        return known
    if fault.options and value.text:
        return found.meant(value.text, fault.options)
    scalar = isinstance(value.value, bool | int | float)
    return "put it in quotes" if "text" in fault.wanted and scalar else ""


def _for_schema(fault: Fault, value: Node, *, legacy: bool) -> str:
    if fault.path == ("type",):
        if legacy and value.items:
            return "OpenAPI 3.0 knows one type only, and 'nullable: true'"
        if value.value is None:
            return "write 'null' in quotes: without them it is no text"
        return _OTHER_TYPES.get(value.text, "")
    if fault.path in (("exclusiveMinimum",), ("exclusiveMaximum",)):
        if legacy:
            return "in OpenAPI 3.0 it is true or false, beside 'minimum' or 'maximum'"
        return "in OpenAPI 3.1 it is the limit itself"
    return ""

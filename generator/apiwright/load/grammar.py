"""The kinds of objects that an OpenAPI 3.0, 3.1 or 3.2 document is made of.

One table says for every kind which fields are fixed and what stands in them. Where a field is of
one version only it is listed all the same: that a document keeps to its version is another stage's
business. Sources: OpenAPI 3.0.4, 3.1.1 and 3.2.0, section 4; JSON Schema 2020-12, core and
validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Shape(Enum):
    """How the objects of a field stand in it."""

    ONE = "one"
    LIST = "list"
    MAP = "map"


# Kinds whose names alone are no nouns that anything can be a field of.
_LABELS = {
    "openapi": "document",
    "info": "info object",
    "components": "components object",
    "paths": "group of paths",
    "responses": "group of responses",
    "xml": "description of XML",
    "external-docs": "link to documentation",
    "oauth-flows": "group of flows",
    "oauth-flow": "flow",
}


@dataclass(frozen=True, slots=True)
class Field:
    """What stands in a field: objects of a `kind`, or, where that is None, data of any form.

    Data is never looked into: an example may hold what only looks like a reference.
    """

    kind: str | None = None
    shape: Shape = Shape.ONE


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    `fields` are the fixed ones. `entries` tells what stands under any other key, for kinds that are
    maps, such as "paths" and "responses". `x-` keys may stand in an `extensible` kind. An object of
    a kind with a `section` can be named in that section of `components`, and a reference may stand
    for it.
    """

    name: str
    fields: Mapping[str, Field]
    entries: Field | None = None
    extensible: bool = True
    section: str | None = None

    @property
    def label(self) -> str:
        """The kind in words, as a noun: "request body"."""
        return _LABELS.get(self.name, self.name.replace("-", " "))

    def field(self, key: str) -> Field | None:
        """What stands under `key`, or None for an extension and for what the kind does not know."""
        found = self.fields.get(key)
        if found is None and self.entries is not None and not self.is_extension(key):
            return self.entries
        return found

    def is_extension(self, key: str) -> bool:
        """Whether `key` is a specification extension (`x-...`) here, and not a name."""
        return self.extensible and key.startswith("x-")


DATA = Field()


def _one(kind: str) -> Field:
    return Field(kind, Shape.ONE)


def _list(kind: str) -> Field:
    return Field(kind, Shape.LIST)


def _map(kind: str) -> Field:
    return Field(kind, Shape.MAP)


def _data(names: str) -> dict[str, Field]:
    return dict.fromkeys(names.split(), DATA)


_CONTENT = {
    "schema": _one("schema"),
    "example": DATA,
    "examples": _map("example"),
    "content": _map("media-type"),
}
_HEADER = _data("description required deprecated allowEmptyValue style explode allowReserved")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_SCHEMA = {
    **_data("$ref $id $schema $anchor $dynamicRef $dynamicAnchor $vocabulary $comment"),
    **_data("type enum const format title description default example examples"),
    **_data("multipleOf maximum exclusiveMaximum minimum exclusiveMinimum"),
    **_data("maxLength minLength pattern maxItems minItems uniqueItems maxContains minContains"),
    **_data("maxProperties minProperties required dependentRequired"),
    **_data("contentEncoding contentMediaType"),
    **_data("nullable readOnly writeOnly deprecated"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _list("schema")),
    **dict.fromkeys(("not", "if", "then", "else"), _one("schema")),
    **dict.fromkeys(("items", "contains", "unevaluatedItems"), _one("schema")),
    **dict.fromkeys(
        ("additionalProperties", "unevaluatedProperties", "propertyNames", "contentSchema"),
        _one("schema"),
    ),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), _map("schema")),
    # `definitions` and `dependencies` are what older drafts called `$defs` and `dependentSchemas`
    **dict.fromkeys(("$defs", "definitions", "dependencies"), _map("schema")),
    "discriminator": _one("discriminator"),
    "xml": _one("xml"),
    "externalDocs": _one("external-docs"),
}
_ENCODINGS = {
    "encoding": _map("encoding"),
    "prefixEncoding": _list("encoding"),
    "itemEncoding": _one("encoding"),
}
_FLOWS = (
    "implicit", "password", "clientCredentials", "authorizationCode", "deviceAuthorization",
)  # fmt: skip


def _kinds() -> Iterator[Kind]:
    yield Kind(
        "openapi",
        {
            **_data("openapi $self jsonSchemaDialect"),
            "info": _one("info"),
            "servers": _list("server"),
            "paths": _one("paths"),
            "webhooks": _map("path-item"),
            "components": _one("components"),
            "security": _list("security-requirement"),
            "tags": _list("tag"),
            "externalDocs": _one("external-docs"),
        },
    )
    yield Kind(
        "info",
        {
            **_data("title summary description termsOfService version"),
            "contact": _one("contact"),
            "license": _one("license"),
        },
    )
    yield Kind("contact", _data("name url email"))
    yield Kind("license", _data("name identifier url"))
    yield Kind("server", {**_data("url name description"), "variables": _map("server-variable")})
    yield Kind("server-variable", _data("enum default description"))
    yield Kind(
        "tag",
        {**_data("name summary description parent kind"), "externalDocs": _one("external-docs")},
    )
    yield Kind("external-docs", _data("description url"))
    yield from _path_kinds()
    yield from _content_kinds()
    yield from _schema_kinds()
    yield from _security_kinds()


def _path_kinds() -> Iterator[Kind]:
    yield Kind("paths", {}, entries=_one("path-item"))
    yield Kind(
        "path-item",
        {
            **_data("$ref summary description"),
            **dict.fromkeys(_METHODS, _one("operation")),
            "additionalOperations": _map("operation"),
            "servers": _list("server"),
            "parameters": _list("parameter"),
        },
        section="pathItems",
    )
    yield Kind(
        "operation",
        {
            **_data("tags summary description operationId deprecated"),
            "externalDocs": _one("external-docs"),
            "parameters": _list("parameter"),
            "requestBody": _one("request-body"),
            "responses": _one("responses"),
            "callbacks": _map("callback"),
            "security": _list("security-requirement"),
            "servers": _list("server"),
        },
    )
    yield Kind("callback", {}, entries=_one("path-item"), section="callbacks")
    yield Kind("responses", {}, entries=_one("response"))
    yield Kind(
        "response",
        {
            **_data("summary description"),
            "headers": _map("header"),
            "content": _map("media-type"),
            "links": _map("link"),
        },
        section="responses",
    )
    yield Kind(
        "link",
        {
            **_data("operationRef operationId parameters requestBody description"),
            "server": _one("server"),
        },
        section="links",
    )


def _content_kinds() -> Iterator[Kind]:
    yield Kind("parameter", {**_data("name in"), **_HEADER, **_CONTENT}, section="parameters")
    yield Kind("header", {**_HEADER, **_CONTENT}, section="headers")
    yield Kind(
        "request-body",
        {**_data("description required"), "content": _map("media-type")},
        section="requestBodies",
    )
    yield Kind(
        "media-type",
        {
            **_data("description example"),
            "schema": _one("schema"),
            "itemSchema": _one("schema"),
            "examples": _map("example"),
            **_ENCODINGS,
        },
    )
    yield Kind(
        "encoding",
        {
            **_data("contentType style explode allowReserved"),
            "headers": _map("header"),
            **_ENCODINGS,
        },
    )
    yield Kind(
        "example",
        _data("summary description dataValue serializedValue value externalValue"),
        section="examples",
    )


def _schema_kinds() -> Iterator[Kind]:
    yield Kind("schema", _SCHEMA, section="schemas")
    yield Kind("discriminator", _data("propertyName mapping defaultMapping"))
    yield Kind("xml", _data("nodeType name namespace prefix attribute wrapped"))
    yield Kind(
        "components",
        {
            "schemas": _map("schema"),
            "responses": _map("response"),
            "parameters": _map("parameter"),
            "examples": _map("example"),
            "requestBodies": _map("request-body"),
            "headers": _map("header"),
            "securitySchemes": _map("security-scheme"),
            "links": _map("link"),
            "callbacks": _map("callback"),
            "pathItems": _map("path-item"),
        },
    )


def _security_kinds() -> Iterator[Kind]:
    yield Kind("security-requirement", {}, entries=DATA, extensible=False)
    yield Kind(
        "security-scheme",
        {
            **_data("type description name in scheme bearerFormat openIdConnectUrl"),
            **_data("oauth2MetadataUrl deprecated"),
            "flows": _one("oauth-flows"),
        },
        section="securitySchemes",
    )
    yield Kind("oauth-flows", dict.fromkeys(_FLOWS, _one("oauth-flow")))
    urls = "authorizationUrl deviceAuthorizationUrl tokenUrl refreshUrl"
    yield Kind("oauth-flow", _data(f"{urls} scopes"))


KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _kinds()})
"""Every kind of object, by name."""

SECTIONS: Mapping[str, str] = MappingProxyType(
    {kind.section: kind.name for kind in KINDS.values() if kind.section is not None}
)
"""The kind of the objects in each section of `components`."""

"""Schemas of the contract as JSON Schemas of 2020-12, which a validator can be made of.

OpenAPI 3.0 has `nullable`, and limits that are flags beside others (3.0.4 section 4.7.24). A
property of one direction (`readOnly`, `writeOnly`) is never required here, since a value may travel
in the other one. Patterns that nobody can read are left out: another rule tells of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonschema_rs import Draft202012Validator, EmailOptions, ReferencingError, Registry
from jsonschema_rs import ValidationError as NotASchemaError

from apiwright.check.contract import Contract
from apiwright.check.patterns import is_readable
from apiwright.load import KINDS, Field, Node, Plain, Shape, plain

_BASE = "urn:contract"
_SAME = frozenset(
    {
        "type", "enum", "const", "format", "multipleOf", "maximum", "exclusiveMaximum", "minimum",
        "exclusiveMinimum", "maxLength", "minLength", "maxItems", "minItems", "uniqueItems",
        "maxContains", "minContains", "maxProperties", "minProperties", "dependentRequired",
    }
)  # fmt: skip
_FLAGS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
# Not about the value itself, or of an older draft.
_LEFT_OUT = frozenset({"$defs", "definitions", "contentSchema", "dependencies"})


@dataclass(slots=True, eq=False)
class Dialect:
    """Makes validators of the schemas of one contract."""

    contract: Contract
    _names: dict[str, str] = field(default_factory=dict)
    _registry: Registry | None = None

    def validator(self, node: Node, without: str = "") -> Draft202012Validator | None:
        """A validator for the schema at `node`, as if it had not the keyword `without`.

        Formats count, as they do in the service. None where the schema makes no sense.
        """
        registry = self._shared()
        try:
            return Draft202012Validator(
                self._schema(node, without),
                registry=registry,
                validate_formats=True,
                email_options=EmailOptions(allow_domain_literal=False, allow_display_text=False),
                offline=True,
            )
        except (NotASchemaError, ReferencingError):
            return None

    def _shared(self) -> Registry:
        """All that references lead to, under names that are good in any URI."""
        if self._registry is None:
            targets = dict(self._targets())
            self._names = {text: f"s{number}" for number, text in enumerate(targets)}
            schemas = {self._names[text]: self._schema(node) for text, node in targets.items()}
            self._registry = Registry([(_BASE, schemas)])
        return self._registry

    def _targets(self) -> Iterator[tuple[str, Node]]:
        for place in self.contract.of("schema"):
            text = place.reference
            if text is not None and text.text.startswith("#"):
                node = self.contract.document.at(text.text)
                if node is not None:
                    yield text.text, node

    def _schema(self, node: Node, without: str = "") -> bool | dict[str, Any]:
        if not isinstance(node.value, dict):
            return node.value is not False
        reference = node.get("$ref")
        if reference is not None and self.contract.legacy:
            return self._reference(reference)
        schema: dict[str, Any] = {}
        for key, child in node.mapping.items():
            if key in _SAME and key != without:
                schema[key] = plain(child)
            else:
                schema.update(self._keyword(key, child))
        if reference is not None:
            schema.update(self._reference(reference))
        required = list(self._required(node))
        if required:
            schema["required"] = required
        return _nullable(_limits(schema)) if node.flag("nullable") else _limits(schema)

    def _reference(self, reference: Node) -> dict[str, Any]:
        name = self._names.get(reference.text)
        return {"$ref": f"{_BASE}#/{name}"} if name is not None else {}

    def _keyword(self, key: str, child: Node) -> dict[str, Any]:
        if key == "pattern":
            return {key: child.text} if is_readable(child.text) else {}
        if key == "patternProperties":
            return {
                key: {
                    text: self._schema(inner)
                    for text, inner in child.mapping.items()
                    if is_readable(text)
                }
            }
        field = KINDS["schema"].fields.get(key)
        if field is None or field.kind != "schema" or key in _LEFT_OUT:
            return {}
        return {key: self._inside(child, field)}

    def _inside(self, child: Node, field: Field) -> Any:
        if field.shape is Shape.LIST:
            return [self._schema(item) for item in child.items]
        if field.shape is Shape.MAP:
            return {name: self._schema(inner) for name, inner in child.mapping.items()}
        return self._schema(child)

    def _required(self, node: Node) -> Iterator[str]:
        properties = node.entries("properties")
        for item in node.list_of("required"):
            prop = properties.get(item.text)
            if prop is None or not self._is_one_way(prop):
                yield item.text

    def _is_one_way(self, prop: Node) -> bool:
        target = self.contract.resolve(prop)
        return any(
            schema.flag(key)
            for schema in (prop, target, *prop.list_of("allOf"))
            for key in ("readOnly", "writeOnly")
        )


def _limits(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the limits of 3.0, which are flags, as numbers."""
    for flag, bound in _FLAGS:
        if isinstance(schema.get(flag), bool) and schema.pop(flag) and bound in schema:
            schema[flag] = schema.pop(bound)
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, for which null is a value as well."""
    null: dict[str, Plain] = {"type": "null"}
    return {"anyOf": [null, schema]}

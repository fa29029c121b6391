"""Schemas of the contract, read into the IR: every object and every enum gets a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from apiwright import names
from apiwright.ir.schemas import Json, NamedSchema, Property, Schema
from apiwright.load import Document, Node, plain
from apiwright.understand import dialect

_COMPONENT = "#/components/schemas/"
_ONE = ("not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems",
        "unevaluatedProperties")  # fmt: skip
_MANY = ("prefixItems",)
_NAMED = ("patternProperties", "dependentSchemas")


def pointer_token(text: str) -> str:
    """A reference token of a JSON Pointer (RFC 6901, section 3)."""
    return text.replace("~", "~0").replace("/", "~1")


@dataclass(slots=True)
class SchemaReader:
    """Reads schemas, and keeps those that have a name.

    Components are read at once; whatever else a `$ref` points to is read when it is met. `schema`
    gives the IR of a node, and a name of its own to every inline object and enum in it.
    """

    document: Document
    named: dict[str, NamedSchema] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _by_pointer: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        components = self._components()
        classes = names.distinct((name, names.pascal(name)) for name in components)
        self._taken = {class_name.lower() for class_name in classes.values()}
        for name in components:
            self._by_pointer[_COMPONENT + pointer_token(name)] = name
        for name, node in components.items():
            pointer = _COMPONENT + pointer_token(name)
            schema = self._read(node, pointer, classes[name])
            self.named[name] = NamedSchema(name, classes[name], schema)

    def schema(self, node: Node, pointer: str, name: str) -> Schema:
        """The schema at `node`; an inline object or enum in it is called after `name`."""
        known = self._by_pointer.get(pointer)
        if known is not None:
            return Schema(position=node.position, pointer=pointer, ref=known)
        schema = self._read(node, pointer, name)
        if not _wants_name(schema):
            return schema
        key = self._register(pointer, name)
        self.named[key] = replace(self.named[key], schema=schema)
        return Schema(position=schema.position, pointer=pointer, ref=key,
                      description=schema.description, default=schema.default,
                      read_only=schema.read_only, write_only=schema.write_only,
                      extensions=schema.extensions)  # fmt: skip

    def _components(self) -> dict[str, Node]:
        section = self.document.root.get("components", "schemas")
        return dict(section.mapping) if section is not None else {}

    def _register(self, pointer: str, wanted: str) -> str:
        class_name = names.pascal(wanted)
        if class_name.lower() in self._taken:
            class_name = f"{class_name}{names.short_hash(pointer)}"
        self._taken.add(class_name.lower())
        self._by_pointer[pointer] = class_name
        placeholder = Schema(position=self.document.root.position, pointer=pointer)
        self.named[class_name] = NamedSchema(class_name, class_name, placeholder, component=False)
        return class_name

    def _target(self, reference: str) -> str:
        """The name under which the schema that a `$ref` points to is kept."""
        known = self._by_pointer.get(reference) or self._by_pointer.get(unquote(reference))
        if known is not None:
            return known
        node = self.document.at(reference)
        if node is None:
            return ""
        name = self._register(reference, _last_words(reference))
        schema = self._read(node, reference, self.named[name].class_name)
        self.named[name] = replace(self.named[name], schema=schema)
        return name

    def _read(self, node: Node, pointer: str, name: str) -> Schema:
        if isinstance(node.value, bool):
            return Schema(position=node.position, pointer=pointer, never=not node.value)
        reference = node.get("$ref")
        ref = self._target(reference.text) if reference is not None else ""
        schema = Schema(
            position=node.position,
            pointer=pointer,
            ref=ref,
            types=dialect.types(node),
            format=node.string("format"),
            enum=dialect.enum(node),
            default=_wrapped(node, "default"),
            required=tuple(item.text for item in node.list_of("required")),
            keywords=dialect.keywords(node),
            read_only=node.flag("readOnly"),
            write_only=node.flag("writeOnly"),
            deprecated=node.flag("deprecated"),
            description=node.string("description") or node.string("title"),
            examples=_examples(node),
            extensions={k: v for k, v in node.mapping.items() if k.startswith("x-")},
        )
        return _simplified(self._with_parts(schema, node, pointer, name), node)

    def _with_parts(self, schema: Schema, node: Node, pointer: str, name: str) -> Schema:
        discriminator = node.get("discriminator")
        return replace(
            schema,
            properties=self._properties(node, pointer, name),
            additional=self._additional(node, pointer, name),
            items=self._one(node, "items", pointer, _item_name(name)),
            all_of=self._parts(node, pointer, name),
            any_of=self._list(node, "anyOf", pointer, f"{name}Option"),
            one_of=self._list(node, "oneOf", pointer, f"{name}Option"),
            discriminator=discriminator.string("propertyName") if discriminator else "",
            mapping=self._mapping(discriminator),
            applicators=self._applicators(node, pointer, name),
        )

    def _properties(self, node: Node, pointer: str, name: str) -> tuple[Property, ...]:
        written = node.get("properties")
        if written is None:
            return ()
        required = {item.text for item in node.list_of("required")}
        attributes = names.distinct((key, names.attribute(key)) for key in written.mapping)
        return tuple(
            Property(
                name=key,
                attribute=attributes[key],
                schema=self.schema(
                    child, f"{pointer}/properties/{pointer_token(key)}", f"{name} {key}"
                ),
                required=key in required,
            )
            for key, child in written.mapping.items()
        )

    def _additional(self, node: Node, pointer: str, name: str) -> Schema | bool | None:
        written = node.get("additionalProperties")
        if written is None:
            return None
        if isinstance(written.value, bool):
            return written.value
        return self.schema(written, f"{pointer}/additionalProperties", f"{name}Value")

    def _one(self, node: Node, key: str, pointer: str, name: str) -> Schema | None:
        child = node.get(key)
        return None if child is None else self.schema(child, f"{pointer}/{key}", name)

    def _list(self, node: Node, key: str, pointer: str, name: str) -> tuple[Schema, ...]:
        return tuple(
            self.schema(child, f"{pointer}/{key}/{index}", f"{name}{index + 1}")
            for index, child in enumerate(node.list_of(key))
        )

    def _parts(self, node: Node, pointer: str, name: str) -> tuple[Schema, ...]:
        """What `allOf` lists: parts of one thing, so that none gets a name of its own."""
        return tuple(
            self._read(child, f"{pointer}/allOf/{index}", name)
            for index, child in enumerate(node.list_of("allOf"))
        )

    def _mapping(self, discriminator: Node | None) -> dict[str, str]:
        written = discriminator.get("mapping") if discriminator is not None else None
        if written is None:
            return {}
        return {
            value: self._target(target.text) if "/" in target.text else target.text
            for value, target in written.mapping.items()
        }

    def _applicators(
        self, node: Node, pointer: str, name: str
    ) -> dict[str, Schema | tuple[Schema, ...] | Mapping[str, Schema]]:
        found: dict[str, Schema | tuple[Schema, ...] | Mapping[str, Schema]] = {}
        for key in _ONE:
            child = node.get(key)
            if child is not None:
                found[key] = self.schema(child, f"{pointer}/{key}", f"{name}{names.pascal(key)}")
        for key in _MANY:
            if node.get(key) is not None:
                found[key] = self._list(node, key, pointer, f"{name}Item")
        for key in _NAMED:
            section = node.get(key)
            if section is not None:
                found[key] = {
                    pattern: self.schema(
                        child,
                        f"{pointer}/{key}/{pointer_token(pattern)}",
                        f"{name} {names.short_hash(pattern)}",
                    )
                    for pattern, child in section.mapping.items()
                }
        return found


def _simplified(schema: Schema, node: Node) -> Schema:
    """The schema without the detours that OpenAPI 3.0 needs around a `$ref`.

    `allOf` with one reference and no more is that reference; `nullable` beside it, or beside
    `anyOf` and `oneOf`, is one more option, null.
    """
    bare = not (schema.types or schema.properties or schema.items or schema.any_of or schema.one_of)
    if bare and len(schema.all_of) == 1 and schema.all_of[0].ref and not schema.keywords:
        only = schema.all_of[0]
        schema = replace(schema, ref=only.ref, all_of=())
    if not dialect.is_nullable(node) or schema.types or schema.enum:
        return schema
    null = Schema(position=schema.position, pointer=schema.pointer, types=("null",))
    if schema.ref:
        target = Schema(position=schema.position, pointer=schema.pointer, ref=schema.ref)
        return replace(schema, ref="", any_of=(target, null))
    if schema.any_of:
        return replace(schema, any_of=(*schema.any_of, null))
    if schema.one_of:
        return replace(schema, one_of=(*schema.one_of, null))
    return schema


def _wants_name(schema: Schema) -> bool:
    if schema.ref or schema.never:
        return False
    is_object = bool(schema.properties) or (bool(schema.all_of) and "array" not in schema.types)
    strings = [value for value in schema.enum if value is not None]
    is_enum = bool(strings) and all(isinstance(value, str) for value in strings)
    return is_object or is_enum


def _item_name(name: str) -> str:
    """What an item of `name` is called: its singular, or `name` with "Item" behind it."""
    one = names.singular(name)
    return one if one != name else f"{name}Item"


def _last_words(reference: str) -> str:
    parts = [part for part in reference.replace("~1", " ").split("/") if part not in {"#", ""}]
    telling = [part for part in parts if part not in {"properties", "schema", "items", "content"}]
    return " ".join(telling[-2:]) or "Schema"


def _wrapped(node: Node, key: str) -> tuple[Json, ...]:
    child = node.get(key)
    return () if child is None else (plain(child),)


def _examples(node: Node) -> tuple[Json, ...]:
    listed = tuple(plain(child) for child in node.list_of("examples"))
    return listed or _wrapped(node, "example")

"""A schema as it takes effect: references followed, `allOf` merged, one dialect for all.

A schema is a tuple of nodes that all hold at once, because that is what `allOf` comes to: a
property that two branches describe has the schemas of both. The empty tuple allows anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import TypeAlias

from apiwright.breaking.change import Direction
from apiwright.load import Document, Node, Plain, plain
from apiwright.understand.dialect import enum, is_nullable, keywords, types

Parts: TypeAlias = "tuple[Node, ...]"
Number: TypeAlias = "int | float"

TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})
SIZES = (
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "minContains", "maxContains",
)  # fmt: skip
# Keywords whose value is a schema, or words, and whose change is told from their own value alone.
SCHEMAS = ("not", "if", "then", "else", "contains", "propertyNames", "contentSchema")
WORDS = ("contentMediaType", "contentEncoding")
# What says whether an object may have more properties than are named.
_CLOSING = ("additionalProperties", "unevaluatedProperties")
_ONE_WAY = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}


@dataclass(frozen=True, slots=True)
class Bound:
    """The least or the greatest number, itself allowed or not."""

    value: Number
    exclusive: bool
    node: Node
    keyword: str


@dataclass(frozen=True, slots=True)
class Group:
    """The alternatives of one `oneOf` or `anyOf`; `null` if there is one that is only null."""

    keyword: str
    alternatives: Parts
    null: bool


@dataclass(slots=True)
class Effective:
    """What a schema comes to, in one direction.

    `types` are without null, with "integer" wherever there is "number". `properties` are those that
    travel in the direction; `silent` the names of the others, `required` those that have to be
    there. `extra` describes properties beyond those, unless the object is `closed`. `nodes` are
    those that hold at once, and `keywords` says where each keyword was found first.
    """

    nodes: Parts = ()
    types: frozenset[str] = TYPES
    nullable: bool = True
    format: str = ""
    enum: Mapping[str, Plain] | None = None
    lower: Bound | None = None
    upper: Bound | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    multiple_of: Number | None = None
    unique: bool = False
    patterns: frozenset[str] = frozenset()
    properties: dict[str, Parts] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    closed: bool = False
    extra: Parts = ()
    pattern_properties: dict[str, Parts] = field(default_factory=dict)
    items: Parts = ()
    prefix: tuple[Parts, ...] = ()
    closed_items: bool = False
    groups: tuple[Group, ...] = ()
    schemas: dict[str, Parts] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    dependent_required: dict[str, frozenset[str]] = field(default_factory=dict)
    dependent_schemas: dict[str, Parts] = field(default_factory=dict)
    keywords: dict[str, Node] = field(default_factory=dict)
    deprecated: bool = False

    @property
    def bare(self) -> bool:
        """Whether the schema says nothing of its own beside its alternatives."""
        return not (self.properties or self.required or self.items or self.prefix or self.schemas)


class Schemas:
    """The schemas of one document, read in one direction; each is worked out once."""

    def __init__(self, document: Document, direction: Direction) -> None:
        self._document = document
        self._one_way = _ONE_WAY[direction]
        self._legacy = document.root.string("openapi").startswith("3.0")
        self._effective: dict[Parts, Effective] = {}
        self._targets: dict[str, Node | None] = {}
        self._busy: set[Parts] = set()
        self._prints: dict[tuple[Parts, int], int] = {}

    def effective(self, parts: Parts) -> Effective:
        """What a schema comes to."""
        known = self._effective.get(parts)
        if known is None:
            self._busy.add(parts)
            known = self._merged(parts)
            self._busy.discard(parts)
            self._effective[parts] = known
        return known

    def reference(self, node: Node) -> str:
        """What a schema refers to, if it does nothing else."""
        return node.string("$ref") if len(node.mapping) == 1 or self._legacy else ""

    def meant(self, parts: Parts) -> Parts:
        """The schema itself, for one that does nothing but refer to it."""
        seen: set[Node] = set()
        while len(parts) == 1 and parts[0] not in seen:
            [node] = parts
            seen.add(node)
            target = self._target(self.reference(node))
            parts = parts if target is None else (target,)
        return parts

    def fingerprint(self, parts: Parts, depth: int = 3) -> int:
        """A number that is the same for schemas alike, as far as `depth` levels down."""
        key = (parts, depth)
        if key not in self._prints:
            self._prints[key] = hash(self._traits(parts, depth))
        return self._prints[key]

    def _traits(self, parts: Parts, depth: int) -> tuple[object, ...]:
        known = self.effective(parts)
        below: tuple[object, ...] = (tuple(sorted(known.properties)),)
        if depth:
            inner = [*sorted(known.properties.items()), ("", known.items), ("", known.extra)]
            inner += [("", (each,)) for group in known.groups for each in group.alternatives]
            below = tuple((name, self.fingerprint(part, depth - 1)) for name, part in inner)
        return (
            tuple(sorted(known.types)),
            known.nullable,
            known.format,
            None if known.enum is None else tuple(sorted(known.enum)),
            _limit(known.lower),
            _limit(known.upper),
            tuple(sorted(known.sizes.items())),
            tuple(sorted(known.patterns)),
            tuple(sorted(known.required)),
            known.closed,
            below,
        )

    def conjuncts(self, parts: Parts) -> dict[Node, bool]:
        """The nodes that hold at once, and whether each lets null through, whatever it says."""
        found: dict[Node, bool] = {}
        stack = [(node, False) for node in reversed(parts)]
        while stack:
            node, or_null = stack.pop()
            if node in found:
                continue
            below = list(self._implied(node, or_null=or_null))
            if not (self._legacy and "$ref" in node.mapping):
                found[node] = or_null
            stack.extend(reversed(below))
        return found

    def _implied(self, node: Node, *, or_null: bool) -> Iterator[tuple[Node, bool]]:
        """The schemas that hold wherever `node` does."""
        reference = node.get("$ref")
        or_null = or_null or is_nullable(node)
        if reference is not None:
            target = self._target(reference.text)
            if target is not None:
                yield target, or_null
            if self._legacy:
                return
        for branch in node.list_of("allOf"):
            yield branch, or_null
        for keyword in ("oneOf", "anyOf"):
            null, alternatives = self._alternatives(node, keyword)
            if len(alternatives) == 1:
                yield alternatives[0], or_null or null

    def _target(self, text: str) -> Node | None:
        if text not in self._targets:
            self._targets[text] = self._document.at(text) if text.startswith("#") else None
        return self._targets[text]

    def _alternatives(self, node: Node, keyword: str) -> tuple[bool, list[Node]]:
        """Whether one of the alternatives is null and nothing else, and the others."""
        listed = node.list_of(keyword)
        others = [item for item in listed if not self._is_null(item)]
        return len(others) < len(listed), others

    def _is_null(self, node: Node) -> bool:
        node = self._document.resolve(node)
        written = types(node)
        return written == ("null",) or ("const" in node.mapping and plain(node) == {"const": None})

    def _merged(self, parts: Parts) -> Effective:
        conjuncts = self.conjuncts(parts)
        known = Effective(nodes=tuple(conjuncts))
        properties: dict[str, list[Node]] = {}
        for node, or_null in conjuncts.items():
            self._take_types(known, node, or_null=or_null)
            if isinstance(node.value, dict):
                for key, child in node.mapping.items():
                    known.keywords.setdefault(key, child)
                _take_values(known, node, or_null=or_null)
                _take_words(known, node)
                self._take_groups(known, node)
                _take_object(known, node, properties)
                _take_array(known, node)
        self._travelling(known, properties)
        self._settle(known)
        return known

    def _take_types(self, known: Effective, node: Node, *, or_null: bool) -> None:
        if node.value is False:
            known.types, known.nullable = frozenset(), False
            return
        written = types(node)
        if not written:
            return
        named = set(written) | ({"integer"} if "number" in written else set())
        known.types &= frozenset(named)
        known.nullable = known.nullable and ("null" in named or or_null)

    def _take_groups(self, known: Effective, node: Node) -> None:
        for keyword in ("oneOf", "anyOf"):
            null, alternatives = self._alternatives(node, keyword)
            if null and not alternatives:
                known.types = frozenset()
            if len(alternatives) > 1:
                null = null or is_nullable(node)
                known.groups = (*known.groups, Group(keyword, tuple(alternatives), null))

    def _travelling(self, known: Effective, properties: Mapping[str, Iterable[Node]]) -> None:
        """Tell the properties that travel in this direction from those that don't."""
        every = {name: tuple(nodes) for name, nodes in properties.items()}
        silent = frozenset(name for name, parts in every.items() if self._is_silent(parts))
        known.silent = silent
        known.required -= silent
        known.properties = {name: parts for name, parts in every.items() if name not in silent}
        for name in sorted(known.required - set(every)):
            known.properties[name] = known.extra

    def _is_silent(self, parts: Parts) -> bool:
        return any(node.flag(self._one_way) for node in self.conjuncts(parts))

    def _settle(self, known: Effective) -> None:
        """Draw what follows from what was found."""
        for group in known.groups:
            found = [self._types_of(each) for each in group.alternatives]
            known.types &= frozenset[str]().union(*(types for types, _ in found))
            known.nullable = known.nullable and (group.null or any(null for _, null in found))
        if known.enum is not None:
            known.nullable = known.nullable and "null" in known.enum
            listed = {key: value for key, value in known.enum.items() if value is not None}
            kinds = frozenset(kind for value in listed.values() for kind in _kinds(value))
            known.enum, known.types = listed or None, known.types & kinds
        if known.types <= {"integer"}:
            known.lower = None if known.lower is None else _whole(known.lower, up=True)
            known.upper = None if known.upper is None else _whole(known.upper, up=False)

    def _types_of(self, alternative: Node) -> tuple[frozenset[str], bool]:
        """The types of an alternative, and whether it may be null; all, inside of itself."""
        parts = (alternative,)
        if parts in self._busy:
            return TYPES, True
        known = self.effective(parts)
        return known.types, known.nullable


def key_of(value: Plain) -> str:
    """A value as text, the same for equal values of JSON: 1 and 1.0 are one number."""
    return json.dumps(_normal(value), sort_keys=True, ensure_ascii=False)


def _normal(value: Plain) -> Plain:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    return value


def _kinds(value: Plain) -> tuple[str, ...]:
    match value:
        case bool():
            return ("boolean",)
        case int():
            return ("integer", "number")
        case float():
            return ("number", "integer") if value.is_integer() else ("number",)
        case str():
            return ("string",)
        case list():
            return ("array",)
        case dict():
            return ("object",)
    return ()


def _whole(bound: Bound, *, up: bool) -> Bound:
    """The same bound among whole numbers, itself allowed."""
    value = bound.value
    if bound.exclusive:
        value = floor(value) + 1 if up else ceil(value) - 1
    return replace(bound, value=ceil(value) if up else floor(value), exclusive=False)


def _take_values(known: Effective, node: Node, *, or_null: bool) -> None:
    """Enums, constants and everything that is a number."""
    found = keywords(node)
    allowed = [enum(node)] if "enum" in node.mapping else []
    allowed += [(found["const"],)] if "const" in found else []
    for values in allowed:
        listed = {key_of(value): value for value in (*values, *((None,) if or_null else ()))}
        before = listed if known.enum is None else known.enum
        known.enum = {key: value for key, value in before.items() if key in listed}
    for keyword, exclusive in (("minimum", False), ("exclusiveMinimum", True)):
        lower = _bound(found.get(keyword), node, keyword, exclusive=exclusive)
        if lower is not None and (known.lower is None or _rank(lower) > _rank(known.lower)):
            known.lower = lower
    for keyword, exclusive in (("maximum", False), ("exclusiveMaximum", True)):
        upper = _bound(found.get(keyword), node, keyword, exclusive=exclusive)
        if upper is not None and (known.upper is None or _rank(upper) < _rank(known.upper)):
            known.upper = upper
    for keyword in SIZES:
        value = found.get(keyword)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            tighter = max if keyword.startswith("min") else min
            known.sizes[keyword] = tighter(known.sizes.get(keyword, int(value)), int(value))
    multiple = found.get("multipleOf")
    if isinstance(multiple, (int, float)) and not isinstance(multiple, bool):
        known.multiple_of = multiple
    known.unique = known.unique or found.get("uniqueItems") is True


def _bound(value: object, node: Node, keyword: str, *, exclusive: bool) -> Bound | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return Bound(value, exclusive, node.mapping.get(keyword, node), keyword)


def _limit(bound: Bound | None) -> tuple[Number, bool] | None:
    return None if bound is None else (bound.value, bound.exclusive)


def _rank(bound: Bound) -> tuple[Number, int]:
    """Bounds in order; of two at one number, the one that excludes it is the tighter one."""
    lower = bound.keyword.endswith("inimum")
    return (bound.value, int(bound.exclusive) if lower else -int(bound.exclusive))


def _take_words(known: Effective, node: Node) -> None:
    known.format = known.format or node.string("format")
    known.deprecated = known.deprecated or node.flag("deprecated")
    if "pattern" in node.mapping:
        known.patterns |= {node.string("pattern")}
    for keyword in WORDS:
        if keyword in node.mapping:
            known.words.setdefault(keyword, node.string(keyword))


def _take_object(known: Effective, node: Node, properties: dict[str, list[Node]]) -> None:
    for name, child in node.entries("properties").items():
        properties.setdefault(name, []).append(child)
    known.required |= frozenset(item.text for item in node.list_of("required"))
    for keyword in _CLOSING:
        rest = node.mapping.get(keyword)
        if rest is not None and rest.value is False:
            known.closed = True
        elif rest is not None and isinstance(rest.value, dict):
            known.extra = (*known.extra, rest)
    for name, child in node.entries("patternProperties").items():
        known.pattern_properties[name] = (*known.pattern_properties.get(name, ()), child)
    for name, child in node.entries("dependentSchemas").items():
        known.dependent_schemas[name] = (*known.dependent_schemas.get(name, ()), child)
    for name, child in node.entries("dependentRequired").items():
        names = frozenset(item.text for item in child.items)
        known.dependent_required[name] = known.dependent_required.get(name, frozenset()) | names
    for keyword in SCHEMAS:
        if keyword in node.mapping:
            known.schemas[keyword] = (*known.schemas.get(keyword, ()), node.mapping[keyword])


def _take_array(known: Effective, node: Node) -> None:
    for keyword in ("items", "unevaluatedItems"):
        child = node.mapping.get(keyword)
        if child is not None and child.value is False:
            known.closed_items = True
        elif child is not None and isinstance(child.value, dict):
            known.items = (*known.items, child)
    listed = node.list_of("prefixItems")
    if listed and not known.prefix:
        known.prefix = tuple((item,) for item in listed)

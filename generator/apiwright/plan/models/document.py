"""The document that datamodel-code-generator is given: the schemas, with nothing to hide in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apiwright.ir.operations import Parameter
from apiwright.ir.schemas import Direction, Json, NamedSchema, Property, Schema
from apiwright.ir.shapes import dropped, flat
from apiwright.plan.schema_classes import ClassRef, SchemaClass, SchemaClasses

_FORMATS = frozenset({"uuid", "date", "date-time", "decimal"})
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_BOUNDS = {
    "string": ("minLength", "maxLength"),
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "array": ("minItems", "maxItems"),
}


class Tokens:
    """Stand-ins for the words of a contract, none of which the library would change.

    Texts are `zt0z`, `zt1z` and so on, classes `C00000`, their modules `m000`.
    """

    def __init__(self, classes: Iterable[ClassRef] = ()) -> None:
        # In the order of their names, which is the one that the library sorts by.
        self._classes = tuple(sorted(classes))
        self._modules = tuple(sorted({ref.module for ref in self._classes}))
        self._places = {ref: place for place, ref in enumerate(self._classes)}
        self._texts: dict[str, int] = {}
        self._by_place: list[str] = []

    def of(self, text: str) -> str:
        """The token that stands for `text`."""
        if text not in self._texts:
            self._texts[text] = len(self._by_place)
            self._by_place.append(text)
        return f"zt{self._texts[text]}z"

    def text(self, token: str) -> str:
        """What a token stands for; `token` itself where it is none."""
        match = re.fullmatch("zt([0-9]+)z", token)
        known = match is not None and int(match[1]) < len(self._by_place)
        return self._by_place[int(match[1])] if match is not None and known else token

    def of_class(self, ref: ClassRef) -> str:
        """The token of a class, behind that of its module."""
        return f"m{self._modules.index(ref.module):03}.C{self._places[ref]:05}"

    def class_ref(self, token: str) -> ClassRef | None:
        """The class that a token stands for; None where it is none."""
        match = re.fullmatch("C([0-9]{5,})", token)
        known = match is not None and int(match[1]) < len(self._classes)
        return self._classes[int(match[1])] if match is not None and known else None

    def module(self, token: str) -> str:
        """The module that a token stands for."""
        return self._modules[int(token.removeprefix("m"))]


def field_token(place: int) -> str:
    """The token of the field at `place` in its class."""
    return f"f{place}"


@dataclass(frozen=True, slots=True)
class DocumentWriter:
    """Writes schemas in the form that the library turns into the classes that were planned."""

    named: Mapping[str, NamedSchema]
    classes: SchemaClasses
    tokens: Tokens

    def definition(self, planned: SchemaClass) -> dict[str, Json]:
        """The definition of a class that stands for a schema."""
        whole = flat(self.named[planned.schema].schema, self.named)
        texts = [value for value in whole.enum if value is not None]
        if texts:
            return {
                "type": "string",
                "enum": [self.tokens.of(str(value)) for value in texts],
                "x-enum-varnames": [f"MEMBER_{number}" for number in range(len(texts))],
            }
        if whole.properties:
            return self._object(whole, planned.direction)
        return self._union(whole, planned.direction)

    def parameters(self, parameters: tuple[Parameter, ...]) -> dict[str, Json]:
        """The definition of a class for parameters."""
        properties: dict[str, Json] = {
            field_token(place): self.value(parameter.schema, Direction.REQUEST)
            for place, parameter in enumerate(parameters)
        }
        always = [
            field_token(place)
            for place, parameter in enumerate(parameters)
            if parameter.required or has_default(parameter.schema, self.named)
        ]
        return {"type": "object", "properties": properties, "required": list[Json](always)}

    def value(
        self,
        schema: Schema,
        direction: Direction,
        inside: tuple[str, ...] = (),
        *,
        outer: bool = True,
    ) -> Json:
        """The schema of a value: a reference to a class, or what it is made of.

        `inside` are the names that led here. Only an `outer` value carries limits: for those of
        items and options, the library would make classes of its own.
        """
        ref = self.classes.ref(schema.ref, direction) if schema.ref else None
        if ref is not None:
            return self._reference(ref)
        if schema.ref in inside or schema.never:
            return {}
        inner = (*inside, schema.ref) if schema.ref else inside
        only = self._only_option(schema, direction)
        if only is not None:
            return only
        whole = flat(schema, self.named)
        options = (*whole.any_of, *whole.one_of)
        if options:
            return self._any(options, direction, inner)
        return self._plain(whole, direction, inner, outer=outer)

    def _only_option(self, schema: Schema, direction: Direction) -> Json:
        """A class or null, where that is all that a union has."""
        options = (*schema.any_of, *schema.one_of)
        others = [part for part in options if part.types != ("null",)]
        if schema.ref or len(others) != 1 or len(options) != 2:
            return None
        ref = self.classes.ref(others[0].ref, direction) if others[0].ref else None
        return {"anyOf": [self._reference(ref), {"type": "null"}]} if ref is not None else None

    def _reference(self, ref: ClassRef) -> dict[str, Json]:
        return {"$ref": f"#/components/schemas/{self.tokens.of_class(ref)}"}

    def _any(
        self, options: tuple[Schema, ...], direction: Direction, inside: tuple[str, ...]
    ) -> Json:
        return {"anyOf": [self.value(part, direction, inside, outer=False) for part in options]}

    def _union(self, whole: Schema, direction: Direction) -> dict[str, Json]:
        options = (*whole.any_of, *whole.one_of)
        return {"anyOf": [self.value(part, direction, outer=False) for part in options]}

    def _object(self, whole: Schema, direction: Direction) -> dict[str, Json]:
        kept = [p for p in whole.properties if not dropped(flat(p.schema, self.named), direction)]
        always = [
            field_token(place)
            for place, p in enumerate(kept)
            if p.required or p.name in whole.required or self._has_default(p, direction)
        ]
        out: dict[str, Json] = {
            "type": "object",
            "properties": {
                field_token(place): self.value(p.schema, direction) for place, p in enumerate(kept)
            },
            "required": list[Json](always),
        }
        if isinstance(whole.additional, bool):
            out["additionalProperties"] = whole.additional
        return out

    def _has_default(self, prop: Property, direction: Direction) -> bool:
        return direction is Direction.REQUEST and has_default(prop.schema, self.named)

    def _plain(
        self, whole: Schema, direction: Direction, inside: tuple[str, ...], *, outer: bool
    ) -> Json:
        types = list(whole.types)
        if len([kind for kind in types if kind != "null"]) > 1:
            return {"anyOf": [self._typed(whole, kind, direction, inside) for kind in types]}
        kind = next((kind for kind in types if kind != "null"), "")
        if not kind:
            return {}
        written = self._typed(whole, kind, direction, inside)
        if outer and direction is Direction.REQUEST and "const" not in written:
            bounds = _BOUNDS.get(kind, ())
            written.update({word: v for word, v in whole.keywords.items() if word in bounds})
        if "null" in types and "type" in written:
            return {**written, "type": [kind, "null"]}
        return {"anyOf": [written, {"type": "null"}]} if "null" in types else written

    def _typed(
        self, whole: Schema, kind: str, direction: Direction, inside: tuple[str, ...]
    ) -> dict[str, Json]:
        out: dict[str, Json] = {"type": kind}
        const = whole.keywords.get("const")
        if isinstance(const, str) and kind == "string":
            return {"const": self.tokens.of(const)}
        if kind == "string" and whole.format in _FORMATS:
            return {"type": "string", "format": whole.format}
        if kind == "string" and whole.format == "byte":
            return {"type": "string", "format": "binary"}
        if kind == "number" and _is_decimal(whole):
            return {"type": "number", "format": "decimal"}
        if kind == "array":
            items = whole.items
            out["items"] = (
                self.value(items, direction, inside, outer=False) if items is not None else {}
            )
        if kind == "object" and isinstance(whole.additional, Schema):
            out["additionalProperties"] = self.value(
                whole.additional, direction, inside, outer=False
            )
        return out


def has_default(schema: Schema, named: Mapping[str, NamedSchema]) -> bool:
    """Whether a value that is left out becomes another one than null."""
    default = flat(schema, named).default
    return bool(default) and default[0] is not None


def _is_decimal(whole: Schema) -> bool:
    step = whole.keywords.get("multipleOf")
    return whole.format == "decimal" or isinstance(step, float)

"""Parsed classes become what templates print: names checked, tokens replaced, types made strict."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

from apiwright.code import Code, annotation, compose, constant, docstring, ident, joined, literal
from apiwright.ir.schemas import Direction, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import dropped, flat
from apiwright.plan.models.defaults import default_code, member_names
from apiwright.plan.models.document import Tokens, field_token
from apiwright.plan.models.forms import (
    ParsedClass,
    ParsedField,
    ParsedModule,
    UnexpectedFormError,
)
from apiwright.plan.models.parts import Member, Model, ModelField, ModelModule
from apiwright.plan.schema_classes import ClassRef, QueryClass, SchemaClass, SchemaClasses
from apiwright.plan.views.signatures import schema_imports

# Types that take less, or give back more, than Python's own: see the template of `validators`.
_STRICT = {
    ("datetime", "datetime"): "Timestamp",
    ("datetime", "date"): "CalendarDate",
    ("builtins", "bytes"): "Base64",
    ("typing", "Any"): "JsonValue",
}
_NONE = constant("None")
# What every row has beside its columns.
_OF_ROWS = frozenset({"metadata", "registry", "type_annotation_map"})


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of a field beside its type."""

    wire: str
    attribute: str
    schema: Schema
    required: bool


@dataclass(frozen=True, slots=True)
class ModelBuilder:
    """Builds the modules of models of one service."""

    service: Service
    classes: SchemaClasses
    tokens: Tokens

    def module(self, name: str, parsed: ParsedModule) -> ModelModule:
        """A module; UnexpectedFormError if the library left out, or added, a class or a field."""
        classes: tuple[SchemaClass | QueryClass, ...] = (
            *self.classes.classes,
            *self.classes.parameters,
        )
        planned = {known.ref: known for known in classes if known.ref.module == name}
        found = {self.tokens.class_ref(known.name): known for known in parsed.classes}
        if found.keys() != planned.keys() or len(found) != len(parsed.classes):
            raise UnexpectedFormError(f"module {name} has other classes than planned")
        used: set[ClassRef] = set()
        models = tuple(
            self._model(known, planned[ref], _Names(parsed.imports, self.tokens, used))
            for ref, known in found.items()
            if ref is not None
        )
        rebuilt = [self.tokens.class_ref(token) for token in parsed.rebuilt]
        return ModelModule(
            name=name,
            imports=schema_imports(tuple(ref for ref in used if ref.module != name)),
            models=_ordered(models),
            rebuild=tuple(ident(ref.name) for ref in rebuilt if ref is not None),
        )

    def _model(self, found: ParsedClass, planned: SchemaClass | QueryClass, names: _Names) -> Model:
        name = planned.ref.name
        if isinstance(planned, QueryClass):
            sources, direction = self._parameters(planned), Direction.REQUEST
            operation = self.service.operations[planned.operation]
            about = f"What a client can ask of {operation.id} in the {planned.place}"
            config: Code = constant("")
        else:
            whole = flat(self.service.schemas[planned.schema].schema, self.service.schemas)
            if whole.enum:
                return self._enum(found, whole, name)
            direction = planned.direction
            about = whole.description or f"Values called {name} in the contract"
            sources = self._properties(whole, direction)
            config = _config(whole, direction)
        if found.bases[0].startswith("RootModel"):
            return self._root(found, about, name, names)
        if [field.name for field in found.fields] != [field_token(n) for n in range(len(sources))]:
            raise UnexpectedFormError(f"class {name} has other fields than planned")
        names = replace(names, attributes=frozenset(source.attribute for source in sources))
        return Model(
            name=ident(name),
            bases=constant("ApiModel"),
            docstring=docstring(about),
            config=config,
            fields=tuple(
                self._field(field, source, direction, names)
                for field, source in zip(found.fields, sources, strict=True)
            ),
        )

    def _parameters(self, planned: QueryClass) -> list[_Source]:
        operation = self.service.operations[planned.operation]
        return [
            _Source(p.name, p.attribute, p.schema, p.required)
            for p in operation.parameters
            if p.location.value == planned.place
        ]

    def _properties(self, whole: Schema, direction: Direction) -> list[_Source]:
        return [
            _Source(
                prop.name,
                prop.attribute,
                prop.schema,
                prop.required or prop.name in whole.required,
            )
            for prop in whole.properties
            if not dropped(flat(prop.schema, self.service.schemas), direction)
        ]

    def _enum(self, found: ParsedClass, whole: Schema, name: str) -> Model:
        texts = [self.tokens.text(value) for value in found.values]
        if texts != [str(value) for value in whole.enum if value is not None]:
            raise UnexpectedFormError(f"enum {name} has other values than planned")
        members = member_names(whole.enum)
        return Model(
            name=ident(name),
            bases=constant("StrEnum"),
            docstring=docstring(whole.description or "The values that are allowed"),
            config=constant(""),
            members=tuple(Member(ident(members[text]), literal(text)) for text in texts),
        )

    def _root(self, found: ParsedClass, about: str, name: str, names: _Names) -> Model:
        written = _Rewriter(names).annotation(found.fields[0].annotation)
        return Model(
            name=ident(name),
            bases=compose("RootModel[{}]", written),
            docstring=docstring(about),
            config=constant(""),
        )

    def _field(
        self, field: ParsedField, source: _Source, direction: Direction, names: _Names
    ) -> ModelField:
        rewriter = _Rewriter(names, self._number_type(source.schema))
        written, arguments = _unwrapped(field.annotation, rewriter)
        default = self._default(source, direction)
        named = self.service.schemas
        nullable = "null" in flat(source.schema, named).types
        if source.wire != source.attribute:
            arguments.insert(0, _alias(source, names.attributes))
        if direction is Direction.RESPONSE and not source.required and not nullable:
            arguments.append(constant("exclude_if=is_none"))
        if default is None and not source.required:
            default = _NONE
            if "None" not in written.split(" | ") and not nullable:
                written = compose("{} | None", written)
        if arguments:
            written = compose("Annotated[{}, Field({})]", written, joined(arguments))
        return ModelField(ident(source.attribute), written, default or constant(""))

    def _default(self, source: _Source, direction: Direction) -> Code | None:
        if source.required or direction is Direction.RESPONSE:
            return None
        return default_code(source.schema, self.service.schemas, self.classes, direction)

    def _number_type(self, schema: Schema) -> str:
        """What decimals of this field are: texts on the wire, or numbers."""
        whole = flat(schema, self.service.schemas)
        inner = flat(whole.items, self.service.schemas) if whole.items is not None else whole
        return "DecimalNumber" if "number" in (*whole.types, *inner.types) else "DecimalText"


def _unwrapped(expression: ast.expr, rewriter: _Rewriter) -> tuple[Code, list[Code]]:
    """An annotation without its outer `Annotated`, and the arguments of the Field in it."""
    if isinstance(expression, ast.Subscript) and ast.unparse(expression.value) == "Annotated":
        parts = expression.slice
        if isinstance(parts, ast.Tuple) and isinstance(parts.elts[1], ast.Call):
            arguments = [
                compose("{}={}", ident(word.arg or ""), literal(ast.literal_eval(word.value)))
                for word in parts.elts[1].keywords
            ]
            return rewriter.annotation(parts.elts[0]), arguments
    return rewriter.annotation(expression), []


@dataclass(frozen=True, slots=True)
class _Names:
    """What the names of one module stand for; `used` collects the classes that it needs.

    `attributes` are those of the class at hand.
    """

    imports: Mapping[str, tuple[str, str]]
    tokens: Tokens
    used: set[ClassRef]
    attributes: frozenset[str] = frozenset()


class _Rewriter(ast.NodeTransformer):
    """Puts strict types in the place of Python's own, and words in the place of tokens."""

    def __init__(self, names: _Names, number: str = "DecimalText") -> None:
        self._names = names
        self._texts: dict[str, str] = {}
        self._strict = {**_STRICT, ("decimal", "Decimal"): number}

    def annotation(self, expression: ast.expr) -> Code:
        """The code of an annotation."""
        return annotation(ast.unparse(self.visit(expression)), self._texts)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name: that of a class, or a strict type where there is one for it."""
        ref = self._names.tokens.class_ref(node.id)
        if ref is not None:
            self._names.used.add(ref)
            return ast.Name(ref.name)
        known = self._names.imports.get(node.id, ("builtins", node.id))
        return ast.Name(self._strict.get(known, known[1]))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A class of another module: imported by its own name."""
        return self.visit_Name(ast.Name(node.attr))

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A literal: a name in the place of the text that a token stands for."""
        if not isinstance(node.value, str):
            return node
        name = f"text_{len(self._texts)}_"
        self._texts[name] = self._names.tokens.text(node.value)
        return ast.Name(name)


def _alias(source: _Source, attributes: frozenset[str]) -> Code:
    """What a field is called on the wire.

    A row is asked for its attributes by that name first; where it has one that is something else,
    the field's own name has to be tried before.
    """
    wire = literal(source.wire)
    if not (source.wire in attributes or source.wire in _OF_ROWS or source.wire.startswith("__")):
        return compose("alias={}", wire)
    return compose(
        "validation_alias=AliasChoices({}, {}), serialization_alias={}",
        literal(source.attribute),
        wire,
        wire,
    )


def _config(whole: Schema, direction: Direction) -> Code:
    if direction is Direction.REQUEST and whole.additional is False:
        return constant('extra="forbid"')
    if whole.additional is True:
        return constant('extra="allow"')
    return constant("")


def _ordered(models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Enums first: defaults name their members."""
    return tuple(sorted(models, key=lambda model: not model.members))

"""Parsed classes become what templates print: names checked, tokens replaced, types made strict."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from apiwright.code import Code, annotation, compose, constant, docstring, ident, literal
from apiwright.ir.schemas import Direction, Schema
from apiwright.ir.service import Service
from apiwright.ir.shapes import dropped, flat
from apiwright.plan.models.defaults import default_code, member_names
from apiwright.plan.models.document import Tokens
from apiwright.plan.models.forms import (
    ParsedClass,
    ParsedField,
    ParsedModule,
    UnexpectedFormError,
)
from apiwright.plan.models.parts import Member, Model, ModelField, ModelModule
from apiwright.plan.schema_classes import QueryClass, SchemaClass, SchemaClasses

# Types that take less, or give back more, than Python's own: see the template of `validators`.
_STRICT = {
    ("datetime", "datetime"): "Timestamp",
    ("datetime", "date"): "CalendarDate",
    ("builtins", "bytes"): "Base64",
    ("typing", "Any"): "JsonValue",
}
_NONE = constant("None")


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of a field beside its type."""

    wire: str
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
        planned = {known.ref.name: known for known in classes if known.ref.module == name}
        if {found.name for found in parsed.classes} != set(planned):
            raise UnexpectedFormError(f"module {name} has other classes than planned")
        models = tuple(
            self._model(found, planned[found.name], parsed.imports) for found in parsed.classes
        )
        return ModelModule(
            name=name,
            imports=self._imports(name, parsed.imports),
            models=_ordered(models),
            rebuild=tuple(ident(rebuilt) for rebuilt in parsed.rebuilt),
        )

    def _imports(self, name: str, imports: Mapping[str, tuple[str, str]]) -> tuple[Code, ...]:
        """Imports of classes from the other modules of `app.schemas`."""
        lines = []
        for local, (module, imported) in sorted(imports.items()):
            if module.startswith("."):
                other = module.lstrip(".") or imported
                if other != name and module != ".":
                    lines.append(
                        compose(
                            "from app.schemas.{} import {}{}",
                            ident(other),
                            ident(imported),
                            compose(" as {}", ident(local)) if local != imported else constant(""),
                        )
                    )
        return tuple(lines)

    def _model(
        self,
        found: ParsedClass,
        planned: SchemaClass | QueryClass,
        imports: Mapping[str, tuple[str, str]],
    ) -> Model:
        if isinstance(planned, QueryClass):
            sources, direction = self._parameters(planned), Direction.REQUEST
            operation = self.service.operations[planned.operation]
            about = f"What a client can ask of {operation.id} in the {planned.place}"
            config: Code = constant("")
        else:
            whole = flat(self.service.schemas[planned.schema].schema, self.service.schemas)
            if whole.enum:
                return self._enum(found, whole)
            direction = planned.direction
            about = whole.description or f"Values called {found.name} in the contract"
            sources = self._properties(whole, direction)
            config = _config(whole, direction)
        if found.bases[0].startswith("RootModel"):
            return self._root(found, about, imports)
        if [field.name for field in found.fields] != list(sources):
            raise UnexpectedFormError(f"class {found.name} has other fields than planned")
        return Model(
            name=ident(found.name),
            bases=constant("ApiModel"),
            docstring=docstring(about),
            config=config,
            fields=tuple(
                self._field(field, sources[field.name], direction, imports)
                for field in found.fields
            ),
        )

    def _parameters(self, planned: QueryClass) -> dict[str, _Source]:
        operation = self.service.operations[planned.operation]
        return {
            p.attribute: _Source(p.name, p.schema, p.required)
            for p in operation.parameters
            if p.location.value == planned.place
        }

    def _properties(self, whole: Schema, direction: Direction) -> dict[str, _Source]:
        return {
            prop.attribute: _Source(
                prop.name, prop.schema, prop.required or prop.name in whole.required
            )
            for prop in whole.properties
            if not dropped(flat(prop.schema, self.service.schemas), direction)
        }

    def _enum(self, found: ParsedClass, whole: Schema) -> Model:
        texts = [self.tokens.text(value) for value in found.values]
        if texts != [str(value) for value in whole.enum if value is not None]:
            raise UnexpectedFormError(f"enum {found.name} has other values than planned")
        members = member_names(whole.enum)
        return Model(
            name=ident(found.name),
            bases=constant("StrEnum"),
            docstring=docstring(whole.description or "The values that are allowed"),
            config=constant(""),
            members=tuple(Member(ident(members[text]), literal(text)) for text in texts),
        )

    def _root(
        self, found: ParsedClass, about: str, imports: Mapping[str, tuple[str, str]]
    ) -> Model:
        written = _Rewriter(imports, self.tokens).annotation(found.fields[0].annotation)
        return Model(
            name=ident(found.name),
            bases=compose("RootModel[{}]", written),
            docstring=docstring(about),
            config=constant(""),
        )

    def _field(
        self,
        field: ParsedField,
        source: _Source,
        direction: Direction,
        imports: Mapping[str, tuple[str, str]],
    ) -> ModelField:
        expression = field.annotation
        rewriter = _Rewriter(imports, self.tokens, self._number_type(source.schema))
        written, arguments = _unwrapped(expression, rewriter)
        default = self._default(source, direction)
        named = self.service.schemas
        nullable = "null" in flat(source.schema, named).types
        if source.wire != field.name:
            arguments.insert(0, compose("alias={}", literal(source.wire)))
        if direction is Direction.RESPONSE and not source.required and not nullable:
            arguments.append(constant("exclude_if=is_none"))
        if default is None and not source.required:
            default = _NONE
            if "None" not in written.split(" | ") and not nullable:
                written = compose("{} | None", written)
        if arguments:
            inner = constant(", ".join(arguments))
            written = compose("Annotated[{}, Field({})]", written, inner)
        return ModelField(ident(field.name), written, default or constant(""))

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


class _Rewriter(ast.NodeTransformer):
    """Puts strict types in the place of Python's own, and texts in the place of tokens."""

    def __init__(
        self, imports: Mapping[str, tuple[str, str]], tokens: Tokens, number: str = "DecimalText"
    ) -> None:
        self._imports = imports
        self._tokens = tokens
        self._strict = {**_STRICT, ("decimal", "Decimal"): number}

    def annotation(self, expression: ast.expr) -> Code:
        """The code of an annotation."""
        return annotation(ast.unparse(self.visit(expression)).replace("'", '"'))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name: a strict type where there is one for it."""
        known = self._imports.get(node.id, ("builtins", node.id))
        return ast.Name(self._strict.get(known, known[1]))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A class of another module: imported by its own name."""
        return ast.Name(node.attr)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A literal: the text that a token stands for."""
        value = self._tokens.text(node.value) if isinstance(node.value, str) else node.value
        return ast.Constant(value)


def _config(whole: Schema, direction: Direction) -> Code:
    if direction is Direction.REQUEST and whole.additional is False:
        return constant('extra="forbid"')
    if whole.additional is True:
        return constant('extra="allow"')
    return constant("")


def _ordered(models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Enums first: defaults name their members."""
    return tuple(sorted(models, key=lambda model: not model.members))

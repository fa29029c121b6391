"""The forms that a generated model is made of; whatever else is in a module is refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_CALLS = frozenset({"Field", "ConfigDict", "StringConstraints"})
_EXPRESSIONS = (
    ast.Name, ast.Constant, ast.Subscript, ast.Tuple, ast.BinOp, ast.BitOr, ast.Call, ast.keyword,
    ast.List, ast.UnaryOp, ast.USub, ast.Load, ast.Attribute,
)  # fmt: skip


class UnexpectedFormError(Exception):
    """The library's output holds something that no model has."""


@dataclass(frozen=True, slots=True)
class ParsedField:
    """A field as it was generated."""

    name: str
    annotation: ast.expr
    required: bool


@dataclass(frozen=True, slots=True)
class ParsedClass:
    """A class as it was generated; `values` are those of an enum's members, in order."""

    name: str
    bases: tuple[str, ...]
    config: str
    fields: tuple[ParsedField, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedModule:
    """A module as it was generated; `imports` maps names to the modules and names behind them."""

    imports: Mapping[str, tuple[str, str]]
    classes: tuple[ParsedClass, ...]
    rebuilt: tuple[str, ...]


def parse_module(text: str) -> ParsedModule:
    """Take a generated module apart; UnexpectedFormError where it is no module of models."""
    imports: dict[str, tuple[str, str]] = {}
    classes: list[ParsedClass] = []
    rebuilt: list[str] = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ImportFrom):
            imports.update(_imported(statement))
        elif isinstance(statement, ast.ClassDef):
            classes.append(_class(statement))
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            rebuilt.append(_rebuilt(statement.value))
        elif not isinstance(statement, ast.Expr):
            raise UnexpectedFormError(ast.dump(statement)[:200])
    return ParsedModule(imports, tuple(classes), tuple(rebuilt))


def _imported(statement: ast.ImportFrom) -> Iterator[tuple[str, tuple[str, str]]]:
    module = "." * statement.level + (statement.module or "")
    for alias in statement.names:
        yield alias.asname or alias.name, (module, alias.name)


def _class(node: ast.ClassDef) -> ParsedClass:
    fields: list[ParsedField] = []
    values: list[str] = []
    config = ""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            checked(statement.annotation)
            name, required = statement.target.id, statement.value is None
            fields.append(ParsedField(name, statement.annotation, required))
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            if statement.targets[0].id == "model_config":
                config = ast.unparse(checked(statement.value))
            elif isinstance(statement.value, ast.Constant):
                values.append(str(statement.value.value))
        elif not isinstance(statement, ast.Pass | ast.Expr):
            raise UnexpectedFormError(ast.dump(statement)[:200])
    bases = tuple(ast.unparse(checked(base)) for base in node.bases)
    return ParsedClass(node.name, bases, config, tuple(fields), tuple(values))


def _rebuilt(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "model_rebuild":
        return ast.unparse(function.value)
    raise UnexpectedFormError(ast.dump(call)[:200])


def checked(expression: ast.expr) -> ast.expr:
    """`expression`, if it is made of names, brackets, literals and known calls only."""
    for node in ast.walk(expression):
        if not isinstance(node, _EXPRESSIONS):
            raise UnexpectedFormError(ast.dump(node)[:200])
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in _CALLS:
            raise UnexpectedFormError(ast.dump(node)[:200])
    return expression

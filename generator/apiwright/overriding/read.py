"""Reads the overrides of a project: which classes there are, and what their methods look like."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apiwright.problems import Position, Report


@dataclass(frozen=True, slots=True)
class OverrideMethod:
    """A method: the arguments behind `self` and the result, as they are written.

    An annotation is empty where there is none; `marked` tells whether it has `@override`.
    """

    name: str
    position: Position
    arguments: tuple[tuple[str, str], ...]
    returns: str
    is_async: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class OverrideClass:
    """A class of `overrides/`: the module that it stands in, and its public methods."""

    module: str
    name: str
    bases: tuple[str, ...]
    position: Position
    methods: tuple[OverrideMethod, ...]


def read_overrides(folder: Path, root: Path, report: Report) -> tuple[OverrideClass, ...]:
    """The classes of every module in `folder`; modules that are no Python are errors.

    Nothing is imported: what stands in overrides may need packages that the generator lacks.
    """
    found: list[OverrideClass] = []
    for file in sorted(folder.glob("*.py")) if folder.is_dir() else ():
        if file.stem != "__init__":
            found += _module(file, root, report)
    return tuple(found)


def _module(file: Path, root: Path, report: Report) -> Iterator[OverrideClass]:
    shown = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        column = getattr(error, "offset", None) or 1
        reason = getattr(error, "msg", None) or str(error)
        report.error(
            "override-syntax", f"{shown} is no Python: {reason}", Position(shown, line, column)
        )
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield OverrideClass(
                module=file.stem,
                name=node.name,
                bases=tuple(ast.unparse(base) for base in node.bases),
                position=Position(shown, node.lineno, node.col_offset + 1),
                methods=tuple(_methods(node, shown)),
            )


def _methods(node: ast.ClassDef, shown: str) -> Iterator[OverrideMethod]:
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            if item.name.startswith("_"):
                continue
            arguments = [*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs]
            yield OverrideMethod(
                name=item.name,
                position=Position(shown, item.lineno, item.col_offset + 1),
                arguments=tuple((a.arg, _text(a.annotation)) for a in arguments[1:]),
                returns=_text(item.returns),
                is_async=isinstance(item, ast.AsyncFunctionDef),
                marked=any(_is_override(decorator) for decorator in item.decorator_list),
            )


def _text(expression: ast.expr | None) -> str:
    return ast.unparse(expression) if expression is not None else ""


def _is_override(decorator: ast.expr) -> bool:
    name = decorator.attr if isinstance(decorator, ast.Attribute) else ""
    return name == "override" or (isinstance(decorator, ast.Name) and decorator.id == "override")

"""Holds overrides to the contract: names of operations, arguments, results."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apiwright.overriding.read import OverrideClass, OverrideMethod
from apiwright.problems import Position, Report


@dataclass(frozen=True, slots=True)
class Expected:
    """The method that an operation has: its id, its arguments and its result."""

    operation: str
    name: str
    arguments: tuple[tuple[str, str], ...]
    returns: str

    @property
    def signature(self) -> str:
        """The first line of the method, as it should be written."""
        written = ", ".join(["self", *(f"{name}: {kind}" for name, kind in self.arguments)])
        return f"async def {self.name}({written}) -> {self.returns}"


@dataclass(frozen=True, slots=True)
class ExpectedClass:
    """The class that a module of overrides may hold, and its methods by name.

    Without those that are `needed` something of the contract can't be done, which stands there.
    """

    module: str
    name: str
    methods: Mapping[str, Expected]
    needed: Mapping[str, Position] = field(default_factory=dict)


def check_overrides(
    classes: Iterable[OverrideClass], expected: Mapping[str, ExpectedClass], report: Report
) -> dict[str, str]:
    """The overrides that take the place of services: modules of resources to those of overrides.

    Whatever no longer fits the contract is an error that names the operation and the exact
    signature. A class that is no service of its module is somebody's helper, and left alone.
    """
    bound: dict[str, str] = {}
    listed = list(classes)
    names = {known.name for known in expected.values()}
    for found in listed:
        known = expected.get(found.module)
        if known is not None and found.name == known.name:
            bound[found.module] = f"overrides.{found.module}"
            for method in found.methods:
                _check_method(method, known, report)
        elif found.name in names and _derives(found):
            right = next(k.module for k in expected.values() if k.name == found.name)
            report.error(
                "override-place",
                f"{found.name} is looked for in overrides/{right}.py, not here",
                found.position,
                hint=f"move the class to overrides/{right}.py",
            )
        elif known is None and _derives(found):
            report.error(
                "override-unknown",
                f"there is no resource '{found.module}' that {found.name} could override",
                found.position,
                hint=_did_you_mean(found.module, expected)
                or f"resources are {', '.join(sorted(expected))}",
            )
        elif known is not None and _derives(found):
            report.error(
                "override-class",
                f"{found.name} is no service; overrides/{found.module}.py overrides {known.name}",
                found.position,
                hint=f"call the class {known.name}",
            )
    for known in expected.values():
        _check_needed(known, listed, report)
    return bound


def _check_needed(known: ExpectedClass, classes: Iterable[OverrideClass], report: Report) -> None:
    """Tell of methods that only an override can give a body, where none does."""
    there = {
        method.name
        for found in classes
        if (found.module, found.name) == (known.module, known.name)
        for method in found.methods
    }
    for name, position in known.needed.items():
        if name not in there:
            report.warning(
                "override-needed",
                f"this answers 501 until overrides/{known.module}.py has {name}",
                position,
                hint=f"write `{known.methods[name].signature}` in the class {known.name}",
            )


def _derives(found: OverrideClass) -> bool:
    """Whether a class extends a service, as far as its text tells."""
    return any(base.rpartition(".")[2].endswith("Service") for base in found.bases)


def _check_method(method: OverrideMethod, known: ExpectedClass, report: Report) -> None:
    wanted = known.methods.get(method.name)
    if wanted is None:
        near = difflib.get_close_matches(method.name, known.methods, 1, 0.7)
        if method.marked or near:
            report.error(
                "override-orphan",
                f"{known.name} has no operation '{method.name}'",
                method.position,
                hint=f"did you mean `{known.methods[near[0]].signature}`?"
                if near
                else "the contract has no such operation any more; remove the method, or start "
                "its name with an underscore if it is a helper",
            )
        return
    if not fits(method, wanted):
        report.error(
            "override-signature",
            f"{method.name} no longer fits the operation {wanted.operation}",
            method.position,
            hint=f"write `{wanted.signature}`",
        )


def fits(method: OverrideMethod, wanted: Expected) -> bool:
    """Whether a method has the arguments and the result that are wanted, as far as it says."""
    if not method.is_async or len(method.arguments) != len(wanted.arguments):
        return False
    for (name, kind), (wanted_name, wanted_kind) in zip(
        method.arguments, wanted.arguments, strict=True
    ):
        if name != wanted_name or (kind and _essence(kind) != _essence(wanted_kind)):
            return False
    return not method.returns or _essence(method.returns) == _essence(wanted.returns)


def _essence(annotation: str) -> str:
    """An annotation without the modules that its names are reached by, and without quotes."""
    try:
        tree = ast.parse(annotation.strip("\"'"), mode="eval")
    except SyntaxError:
        return annotation
    return ast.unparse(_Bare().visit(tree))


class _Bare(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`schemas.Item` is `Item`."""
        return ast.copy_location(ast.Name(node.attr), node)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return f"did you mean overrides/{near[0]}.py?" if near else ""

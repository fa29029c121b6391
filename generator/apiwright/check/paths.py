"""Paths and their templates (OpenAPI 3.0.4 and 3.1.1, sections 4.7.8 and 4.8.8).

A name between braces is a parameter, and nothing else may stand there: no converter of a framework,
no operator of RFC 6570.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apiwright.check.contract import Contract, Operation
from apiwright.check.findings import Findings
from apiwright.check.words import listed, quoted
from apiwright.load import Node
from apiwright.load.wording import nearest, shown

_PIECE = re.compile(r"\{([^{}]*)\}|([{}])|([^{}]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_OPERATORS = "+#./;?&=,!@|*"


@dataclass(frozen=True, slots=True)
class Template:
    """A path, taken apart: the names of its parameters, and its `shape` without them.

    `faults` say what is wrong with the text; names that come out of a wrong one count for little.
    """

    names: tuple[str, ...]
    shape: str
    faults: tuple[tuple[str, str], ...] = ()


def read_template(path: str) -> Template:
    """The template in a path; every fault comes with a hint."""
    names: list[str] = []
    faults: list[tuple[str, str]] = []
    shape = ""
    for match in _PIECE.finditer(path):
        name, brace, text = match.groups()
        if name is not None:
            names.append(name)
            shape += "{}"
            fault = _fault_of_name(name)
            if fault is not None:
                faults.append(fault)
        elif brace is not None:
            other = "}" if brace == "{" else "{"
            faults.append((f"a '{brace}' without its '{other}' in {quoted(path)}", ""))
        else:
            shape += text
    return Template(tuple(names), shape, tuple(dict.fromkeys(faults)))


def _fault_of_name(name: str) -> tuple[str, str] | None:
    if not name.strip():
        return ("a parameter of a path needs a name between its braces", "")
    plain = name.strip(_OPERATORS)
    if ":" in name:
        before = name.partition(":")[0]
        hint = f"write '{{{shown(before)}}}', and say in its schema what it may be"
        return (f"'{{{shown(name)}}}' has a converter, which OpenAPI doesn't know", hint)
    if plain != name:
        hint = f"write '{{{shown(plain)}}}', and say 'style' and 'explode' in the parameter"
        return (f"'{{{shown(name)}}}' has an operator, which OpenAPI doesn't know", hint)
    if re.search(r"[/?#]", name):
        return (f"'{{{shown(name)}}}' is no name of a parameter", "names have no '/', '?' or '#'")
    return None


def check_paths(contract: Contract, found: Findings) -> None:
    """Check every key of `paths`, and that no two mean the same."""
    seen: dict[str, tuple[str, Node]] = {}
    for path, node in contract.root.entries("paths").items():
        if path.startswith("x-"):
            continue
        template = read_template(path)
        _check_text(path, node, found)
        for message, hint in template.faults:
            found.error("path-template", message, node.key_position, hint=hint)
        for name in _repeated(template.names):
            message = f"'{{{shown(name)}}}' stands twice in {quoted(path)}"
            found.error("path-template", message, node.key_position)
        if template.shape in seen:
            other, first = seen[template.shape]
            found.error(
                "ambiguous-path",
                f"{quoted(path)} is the same path as {quoted(other)}: only names differ",
                node.key_position,
                hint="put the operations of both under one of them",
                related=[(first.key_position, "the other one")],
            )
        else:
            seen[template.shape] = (path, node)


def _check_text(path: str, node: Node, found: Findings) -> None:
    position = node.key_position
    if not path.startswith("/"):
        hint = f"did you mean '/{shown(path)}'?"
        message = f"a path begins with '/', which {quoted(path)} doesn't"
        found.error("bad-path", message, position, hint=hint)
    if _CONTROL.search(path):
        message = "a path is one line without control characters"
        found.error("bad-path", message, position)
    outside = re.sub(r"\{[^{}]*\}", "", path)
    for mark, what in (("?", "a query"), ("#", "a fragment")):
        if mark in outside:
            hint = (
                "its parameters are listed as parameters, with 'in: query'" if mark == "?" else ""
            )
            message = f"{what} ('{mark}') is no part of a path"
            found.error("bad-path", message, position, hint=hint)


def _repeated(names: tuple[str, ...]) -> list[str]:
    return [name for name in dict.fromkeys(names) if names.count(name) > 1]


def check_path_parameters(contract: Contract, found: Findings) -> None:
    """The names in a path and the path parameters of its operations must be the same."""
    by_path: dict[str, list[Operation]] = {}
    for operation in contract.operations:
        by_path.setdefault(operation.path, []).append(operation)
    for path, operations in by_path.items():
        template = read_template(path)
        if not template.faults:
            _check_undeclared(path, template, operations, found)
            _check_unused(path, template, operations, found)


def _check_undeclared(
    path: str, template: Template, operations: list[Operation], found: Findings
) -> None:
    for name in dict.fromkeys(template.names):
        without = [
            operation
            for operation in operations
            if not any(parameter.name == name for parameter in operation.located("path"))
            and not _has_unknown(operation)
        ]
        if not without:
            continue
        declared = [parameter.name for parameter in without[0].located("path")]
        spare = [other for other in declared if other not in template.names]
        near = nearest(name, spare) or (spare[0] if len(spare) == 1 else None)
        hint = f"did you mean '{shown(near)}', which is declared?" if near else _snippet(name)
        methods = listed((operation.method.upper() for operation in without), "and")
        message = f"'{shown(name)}' of the path is no declared parameter of {methods} {shown(path)}"
        position = without[0].path_node.key_position
        found.error("undeclared-path-parameter", message, position, hint=hint)


def _has_unknown(operation: Operation) -> bool:
    """Whether some parameter is a reference that leads nowhere, to what nobody knows."""
    return any(not p.where and "$ref" in p.node.mapping for p in operation.parameters)


def _snippet(name: str) -> str:
    return f"declare it: {{name: {shown(name)}, in: path, required: true, schema: ...}}"


def _check_unused(
    path: str, template: Template, operations: list[Operation], found: Findings
) -> None:
    for operation in operations:
        for parameter in operation.located("path"):
            name = parameter.node.get("name")
            if name is None or not name.text or name.text in template.names:
                continue
            message = f"there is no '{{{shown(name.text)}}}' in the path {quoted(path)}"
            spare = [other for other in template.names if not _declares(operation, other)]
            hint = found.meant(name.text, spare)
            position = (parameter.written.get("$ref") or name).position
            found.error("unused-path-parameter", message, position, hint=hint)


def _declares(operation: Operation, name: str) -> bool:
    return any(parameter.name == name for parameter in operation.located("path"))

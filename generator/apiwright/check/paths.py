"""Paths and their templates (OpenAPI 3.0.4 and 3.1.1, sections 4.7.8 and 4.8.8).

A name between braces is a parameter, and nothing else may stand there: no converter of a framework,
no operator of RFC 6570.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apiwright.check.contract import METHODS, Contract, Operation, Parameter
from apiwright.check.findings import Findings
from apiwright.check.words import listed, quoted
from apiwright.load import Node
from apiwright.load.wording import shown
from apiwright.problems import Problem, Severity

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
    """Check every key of `paths`."""
    for path, node in contract.root.entries("paths").items():
        if path.startswith("x-"):
            continue
        template = read_template(path)
        _check_text(path, node, found)
        for message, hint in template.faults:
            found.error("path-template", message, node.key_position, hint=hint)
        for name in dict.fromkeys(template.names):
            if template.names.count(name) > 1:
                message = f"'{{{shown(name)}}}' stands twice in {quoted(path)}"
                found.error("path-template", message, node.key_position)


def check_ambiguous_paths(contract: Contract, found: Findings) -> None:
    """No two paths differ in nothing but the names of their parameters.

    With different methods they do no harm, and contracts have them.
    """
    seen: dict[str, list[tuple[str, Node]]] = {}
    for path, node in contract.root.entries("paths").items():
        if path.startswith("x-"):
            continue
        same = seen.setdefault(read_template(path).shape, [])
        for other, first in same[:1]:
            both = _methods(contract, node) & _methods(contract, first)
            message = f"{quoted(path)} is the same path as {quoted(other)}: only names differ"
            found.add(
                Problem(
                    "ambiguous-path",
                    message,
                    node.key_position,
                    "put the operations of both under one of them",
                    Severity.ERROR if both else Severity.WARNING,
                    ((first.key_position, "the other one"),),
                )
            )
        same.append((path, node))


def _methods(contract: Contract, node: Node) -> set[str]:
    return set(METHODS) & contract.resolve(node).mapping.keys()


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
    if "?" in outside:
        message = "a query ('?') is no part of a path"
        hint = "its parameters are listed as parameters, with 'in: query'"
        found.error("bad-path", message, position, hint=hint)
    if "#" in outside:
        message = "a fragment ('#') never reaches a service: nobody can call this path"
        found.warning("unreachable-path", message, position)


def check_path_parameters(contract: Contract, found: Findings) -> None:
    """The names in a path and the path parameters of its operations are the same."""
    undeclared: dict[tuple[str, str], list[Operation]] = {}
    for operation in contract.operations:
        template = read_template(operation.path)
        parameters = operation.located("path")
        declared = {parameter.name for parameter in parameters}
        missing = [name for name in dict.fromkeys(template.names) if name not in declared]
        unused = [item for item in parameters if item.name not in template.names]
        if template.faults or _has_unknown(operation):
            continue
        slip = len(missing) == 1 and len(unused) == 1
        for parameter in unused:
            _report_unused(operation, parameter, missing if slip else [], found)
        for name in [] if slip else missing:
            undeclared.setdefault((operation.path, name), []).append(operation)
    for (path, name), operations in undeclared.items():
        methods = listed((operation.method.upper() for operation in operations), "and")
        message = f"the path names {quoted(name)}, which is no parameter of {methods} {shown(path)}"
        hint = f"declare it: {{name: {shown(name)}, in: path, required: true, schema: ...}}"
        position = operations[0].path_node.key_position
        found.error("undeclared-path-parameter", message, position, hint=hint)


def _has_unknown(operation: Operation) -> bool:
    """Whether some parameter is a reference that leads nowhere, to what nobody knows."""
    return any(not item.where and "$ref" in item.node.mapping for item in operation.parameters)


def _report_unused(
    operation: Operation, parameter: Parameter, meant: list[str], found: Findings
) -> None:
    name = parameter.node.get("name")
    if name is None or not name.text:
        return
    path = quoted(operation.path)
    message = f"there is no '{{{shown(name.text)}}}' in the path {path}"
    hint = f"did you mean '{shown(meant[0])}'?" if meant else ""
    position = (parameter.written.get("$ref") or name).position
    found.error("unused-path-parameter", message, position, hint=hint)

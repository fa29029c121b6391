"""Stubs of overrides: a new file, or one more method in a file that a person wrote."""

from __future__ import annotations

import ast
from dataclasses import dataclass


class StubError(Exception):
    """A stub can't be added to a file; the text says why."""


@dataclass(frozen=True, slots=True)
class Stub:
    """A method to be written: where it goes, the imports it needs, and its lines.

    `imports` are pairs of a module and a name; `lines` are those of the method, not indented.
    """

    module: str
    class_name: str
    base: tuple[str, str]
    method: str
    imports: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]


def add_stub(text: str, stub: Stub) -> str:
    """`text` with the stub in it: at the end of its class, which is added where there is none.

    What was there stays as it was, to the byte; imports that are missing go behind the others.
    StubError for a text that is no Python.
    """
    if not text.strip():
        return _new_file(stub)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise StubError(f"the file is no Python, line {error.lineno}: {error.msg}") from error
    lines = text.rstrip("\n").split("\n")
    method = [f"    {line}".rstrip() for line in stub.lines]
    known = next(
        (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == stub.class_name), None
    )
    if known is not None:
        end = known.end_lineno or len(lines)
        lines[end:end] = ["", *method]
    else:
        lines += ["", "", *_class_lines(stub), *method]
    missing = [pair for pair in (*stub.imports, stub.base) if not _imported(tree, pair)]
    at = _end_of_imports(tree)
    lines[at:at] = [f"from {module} import {name}" for module, name in sorted(missing)]
    done = "\n".join(lines) + "\n"
    try:
        ast.parse(done)
    except SyntaxError as error:
        raise StubError(f"{stub.class_name} has no lines of its own to add a method to") from error
    return done


def _new_file(stub: Stub) -> str:
    pairs = sorted({*stub.imports, stub.base})
    theirs = [pair for pair in pairs if not pair[0].startswith("app")]
    ours = [pair for pair in pairs if pair[0].startswith("app")]
    blocks = ["\n".join(f"from {m} import {n}" for m, n in group) for group in (theirs, ours)]
    method = [f"    {line}".rstrip() for line in stub.lines]
    return "\n".join(
        [
            f'"""What this service does with {stub.module.replace("_", " ")} in its own way."""',
            "",
            "from __future__ import annotations",
            "",
            "\n\n".join(block for block in blocks if block),
            "",
            "",
            *_class_lines(stub),
            *method,
            "",
        ]
    )


def _class_lines(stub: Stub) -> list[str]:
    return [
        f"class {stub.class_name}({stub.base[1]}.{stub.class_name}):",
        '    """The defaults, and what is different here."""',
        "",
    ]


def _imported(tree: ast.Module, pair: tuple[str, str]) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == pair[0]
        and any(alias.name == pair[1] and alias.asname is None for alias in node.names)
        for node in tree.body
    )


def _end_of_imports(tree: ast.Module) -> int:
    """The line behind the last import at the top, or behind the docstring."""
    end = 0
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (isinstance(node, ast.Import | ast.ImportFrom) or is_docstring):
            break
        end = node.end_lineno or end
    return end

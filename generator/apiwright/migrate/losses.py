"""What going down would lose, read off the revisions without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from apiwright.migrate.revisions import Revision, parsed

_COLUMN = 2


def losses(revisions: Iterable[Revision]) -> tuple[str, ...]:
    """What the ways down from `revisions` drop, in their order and in words."""
    return tuple(dict.fromkeys(loss for revision in revisions for loss in _losses(revision)))


def _losses(revision: Revision) -> Iterator[str]:
    for node in parsed(revision.file, revision.text).body:
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade":
            for call in _calls(node):
                yield from _loss(call, revision)


def _calls(function: ast.FunctionDef) -> list[ast.Call]:
    """The calls in a function, in the order in which they are written."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def _loss(call: ast.Call, revision: Revision) -> Iterator[str]:
    if not isinstance(call.func, ast.Attribute):
        return
    texts = [
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if call.func.attr == "drop_table" and texts:
        yield f"the table {texts[0]} with its rows"
    elif call.func.attr == "drop_column" and len(texts) >= _COLUMN:
        yield f"the column {texts[0]}.{texts[1]} with its values"
    elif call.func.attr == "alter_column" and any(word.arg == "type_" for word in call.keywords):
        yield f"what the column {'.'.join(texts[:_COLUMN])} can't hold as the type that it had"
    elif call.func.attr == "execute":
        yield f"whatever the SQL of {revision.file}:{call.lineno} changes"

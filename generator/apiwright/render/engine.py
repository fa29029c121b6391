"""The template engine: it prints what is known to be safe, and nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from apiwright.code import Code, comment, ident, literal
from apiwright.render.kept import kept_templates


class UnsafeTextError(ValueError):
    """A template printed a text that is not known to be code."""


def environment(folders: tuple[Path, ...]) -> Environment:
    """An engine that looks for templates in `folders`, the first one first.

    Names that don't exist are errors. So is printing anything but `Code`: a text of the contract
    reaches a file only through one of the filters below, or as a field of a view that holds code
    already, whoever wrote the template.
    """
    # Not HTML: nothing is escaped for a browser here, and `guard` lets no raw text through.
    engine = Environment(  # nosec B701
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        finalize=guard,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=kept_templates(Path(__file__)),
    )
    engine.filters.clear()
    engine.filters.update(py=literal, ident=ident, comment=comment)
    return engine


def guard(value: object) -> Code:
    """`value`, if it is code; else UnsafeTextError."""
    if not isinstance(value, Code):
        raise UnsafeTextError(
            f"a template prints {type(value).__name__} {str(value)[:60]!r}, which is not code: "
            "use a filter (py, ident, comment)"
        )
    return value

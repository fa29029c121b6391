"""The texts of planned files, as templates and the formatter make them."""

from __future__ import annotations

import ast
from pathlib import Path

from jinja2 import TemplateError
from jinja2.exceptions import TemplateNotFound

from apiwright.plan.files import Plan, PlannedFile
from apiwright.render.engine import UnsafeTextError, environment
from apiwright.render.errors import RenderError
from apiwright.render.formatting import Formatter, FormattingError
from apiwright.render.templates import builtin_templates


def texts_of(plan: Plan, templates: Path | None, service: str) -> dict[str, str]:
    """The text of every file of `plan`, by path.

    `templates` is a folder whose templates take the place of the built-in ones, file by file;
    `service` tells the formatter services apart.
    """
    folders = (templates, builtin_templates()) if templates else (builtin_templates(),)
    engine = environment(folders)
    formatter = Formatter(service)
    texts: dict[str, str] = {}
    for file in plan.files:
        try:
            texts[file.path] = engine.get_template(file.template).render(file.context)
        except TemplateNotFound as error:
            raise RenderError(f"there is no template {error.name} (for {file.path})") from error
        except (TemplateError, UnsafeTextError, ValueError) as error:
            raise RenderError(f"{_where(file, error)}: {error}") from error
        if not formatter.knows(file.path, texts[file.path]):
            _check(file, texts[file.path])
    try:
        texts = formatter.formatted(texts)
    except FormattingError as error:
        raise RenderError(f"the formatter refuses what the templates give: {error}") from error
    return {**texts, **{data.path: data.text for data in plan.data}}


def _where(file: PlannedFile, error: Exception) -> str:
    line = getattr(error, "lineno", None)
    name = getattr(error, "name", None) or file.template
    return f"template {name}{f':{line}' if line else ''} (for {file.path})"


def _check(file: PlannedFile, text: str) -> None:
    """Raise RenderError if a file that should be Python is none."""
    if not file.path.endswith(".py"):
        return
    try:
        ast.parse(text)
    except SyntaxError as error:
        line = text.splitlines()[(error.lineno or 1) - 1 : error.lineno or 1]
        shown = line[0].strip() if line else ""
        raise RenderError(
            f"template {file.template} gives no valid Python for {file.path}, "
            f"line {error.lineno}: {error.msg}: {shown}"
        ) from error

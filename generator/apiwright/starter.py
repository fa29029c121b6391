"""A new project: the files that a person begins with, and then owns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from apiwright import names
from apiwright.code import Code, comment, dotless, quoted
from apiwright.render.engine import environment
from apiwright.render.templates import builtin_templates

_OWN = ("specs/openapi.yaml",)
_ALWAYS = (
    ".gitignore",
    "README.md",
    "noxfile.py",
    "overrides/__init__.py",
    "pyproject.toml",
)


@dataclass(frozen=True, slots=True)
class StarterView:
    """What the templates of a new project see."""

    title: str
    title_code: Code
    slug: Code
    spec: Code


def starter_files(folder: Path, spec: str = "") -> dict[str, str]:
    """The files of a new project in `folder`, by path.

    `spec` is the path of a contract that is there already; without one, a small contract comes
    with the project.
    """
    label = " ".join(names.words(folder.name)) or "Service"
    view = StarterView(
        title=label.capitalize(),
        title_code=comment(label.capitalize()),
        slug=dotless(names.snake(label, "service").strip("_").replace("_", "-")),
        spec=quoted(spec or _OWN[0]),
    )
    engine = environment((builtin_templates(),))
    paths = _ALWAYS if spec else (*_ALWAYS, *_OWN)
    return {path: engine.get_template(f"_project/{path}.j2").render(project=view) for path in paths}

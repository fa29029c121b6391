"""A digest of everything that generated files depend on: if it is the same, so are they."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import apiwright
from apiwright.project import Project
from apiwright.render.templates import builtin_templates

_LIBRARIES = ("datamodel-code-generator", "inflection", "jinja2", "ruff")


def inputs_digest(project: Project) -> str:
    """The digest of a project's specs, templates and overrides, and of the tool itself."""
    digest = hashlib.sha256()
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for label, file in sorted(_files(project)):
        content = file.read_bytes()
        digest.update(f"{label} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(project: Project) -> Iterator[tuple[str, Path]]:
    yield from _below("specs", project.spec.parent)
    for contract in project.versions:
        if not contract.is_relative_to(project.spec.parent):
            yield from _below(f"versions/{contract.parent.name}", contract.parent)
    yield from _below("overrides", project.overrides, "*.py")
    yield from _below("builtin", builtin_templates())
    yield from _below("tool", Path(apiwright.__file__).parent, "*.py")
    if project.templates is not None:
        yield from _below("templates", project.templates)
    settings = project.root / "pyproject.toml"
    if settings.is_file():
        yield "settings", settings


def _below(label: str, folder: Path, pattern: str = "*") -> Iterator[tuple[str, Path]]:
    for file in folder.rglob(pattern):
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"{label}/{file.relative_to(folder).as_posix()}", file

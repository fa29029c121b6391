"""A project: where its contract, its templates, its overrides and its generated service stand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SPECS = ("openapi.yaml", "openapi.yml", "openapi.json")
_KEYS = frozenset({"spec", "output", "overrides", "templates"})
_LISTS = frozenset({"versions"})
_OLDER = re.compile(r"v[0-9]+[a-z0-9]*")


class ProjectError(Exception):
    """There is no project here, or its settings can't be used; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Project:
    """The places of a project, all absolute. `templates` is None where it has none of its own.

    `spec` is the contract of the newest version of the API, `versions` are those of the older ones.
    """

    root: Path
    spec: Path
    output: Path
    overrides: Path
    templates: Path | None
    versions: tuple[Path, ...] = ()

    @property
    def state(self) -> Path:
        """Where data are kept that belong to this machine: databases, logs, locks."""
        return self.root / ".apiwright"

    def shown(self, path: Path) -> str:
        """A path as people would type it in the project's folder."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


def find_project(start: Path, builtin_templates: Path) -> Project:
    """The project that `start` stands in: the nearest folder that has a contract.

    Raises ProjectError where there is none. Settings are those of `[tool.apiwright]` in its
    `pyproject.toml`; each has a default.
    """
    for folder in (start, *start.parents):
        settings = _settings(folder / "pyproject.toml")
        spec = _spec(folder, settings)
        if spec is not None:
            return _project(folder, spec, settings, builtin_templates)
    raise ProjectError(
        f"there is no contract in {start} or above it",
        "a project has a file specs/openapi.yaml; `apiwright init DIR` makes one",
    )


def _settings(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProjectError(f"{file} can't be read: {error}") from error
    for name in ("tool", "apiwright"):
        found = found.get(name, {})
        if not isinstance(found, dict):
            raise ProjectError(f"{file}: [tool.apiwright] has to be a table")
    unknown = sorted(set(found) - _KEYS - _LISTS)
    if unknown:
        raise ProjectError(
            f"{file}: unknown setting {unknown[0]!r} in [tool.apiwright]",
            f"known are {', '.join(sorted(_KEYS | _LISTS))}",
        )
    for key, value in found.items():
        if key in _KEYS and not isinstance(value, str):
            raise ProjectError(f"{file}: {key} in [tool.apiwright] has to be text")
        if key in _LISTS and not _is_list_of_texts(value):
            raise ProjectError(f"{file}: {key} in [tool.apiwright] has to be a list of texts")
    return dict(found)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def older_contracts(
    root: Path, spec: Path, settings: Mapping[str, Any] | None = None
) -> tuple[Path, ...]:
    """The contracts of older versions, the newest of them first.

    They are those that the settings of the project in `root` name, else files like
    `v1/openapi.yaml` beside the contract `spec`.
    """
    settings = _settings(root / "pyproject.toml") if settings is None else settings
    if "versions" in settings:
        return tuple(_inside(root, root / str(name)) for name in settings["versions"])
    folders = spec.parent.iterdir() if spec.parent.is_dir() else ()
    older = [folder for folder in folders if _OLDER.fullmatch(folder.name)]
    found = [
        file
        for folder in sorted(older, key=lambda folder: _age(folder.name), reverse=True)
        for name in dict.fromkeys((spec.name, *_SPECS))
        if (file := folder / name).is_file()
    ]
    return tuple(_inside(root, file) for file in found)


def _age(name: str) -> tuple[int, str]:
    digits = re.sub(r"[^0-9].*", "", name[1:])
    return int(digits or 0), name


def _spec(folder: Path, settings: Mapping[str, Any]) -> Path | None:
    if "spec" in settings:
        return folder / str(settings["spec"])
    return next((p for name in _SPECS if (p := folder / "specs" / name).is_file()), None)


def _project(
    root: Path, spec: Path, settings: Mapping[str, Any], builtin_templates: Path
) -> Project:
    templates = root / str(settings.get("templates", "templates"))
    own = templates.is_dir() and templates.resolve() != builtin_templates.resolve()
    project = Project(
        root=root,
        spec=_inside(root, spec),
        output=_inside(root, root / str(settings.get("output", "generated"))),
        overrides=_inside(root, root / str(settings.get("overrides", "overrides"))),
        templates=templates if own else None,
        versions=older_contracts(root, spec, settings),
    )
    _apart(project)
    return project


def _apart(project: Project) -> None:
    """Raise ProjectError if what people own stands where everything is generated."""
    output = project.output.resolve()
    for place in (
        project.root,
        project.spec,
        project.overrides,
        project.templates,
        *project.versions,
    ):
        if place is not None and place.resolve().is_relative_to(output):
            raise ProjectError(
                f"{project.shown(place)} stands in the folder for generated files, "
                f"{project.shown(project.output)}",
                "let `output` in [tool.apiwright] name a folder of its own",
            )


def _inside(root: Path, path: Path) -> Path:
    resolved = path.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise ProjectError(f"{path} is outside the project {root}")
    return path

"""Where a project is, and what it says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.project import Project, ProjectError, find_project

BUILTIN = Path("/nowhere/templates")


def write(folder: Path, **files: str) -> Path:
    """A folder with files; two underscores stand for a slash, one for a dot."""
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["openapi.yaml", "openapi.yml", "openapi.json"])
def test_a_project_is_where_its_contract_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / name).touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    found = find_project(inner, BUILTIN)
    assert found == Project(
        root=tmp_path,
        spec=tmp_path / "specs" / name,
        output=tmp_path / "generated",
        overrides=tmp_path / "overrides",
        templates=None,
    )
    assert found.state == tmp_path / ".apiwright"


def test_yaml_comes_before_json(tmp_path: Path) -> None:
    write(tmp_path, specs__openapi_yaml="", specs__openapi_json="")
    assert find_project(tmp_path, BUILTIN).spec.name == "openapi.yaml"


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    write(tmp_path, specs__openapi_yaml="", inner__specs__openapi_yaml="")
    assert find_project(tmp_path / "inner", BUILTIN).root == tmp_path / "inner"


def test_settings_move_every_place(tmp_path: Path) -> None:
    write(
        tmp_path,
        pyproject_toml="[tool.apiwright]\nspec = 'api/my.yaml'\noutput = 'out'\n"
        "overrides = 'own'\ntemplates = 'looks'\n",
        looks__x="",
    )
    found = find_project(tmp_path, BUILTIN)
    assert found.spec == tmp_path / "api" / "my.yaml"
    assert found.output == tmp_path / "out"
    assert found.overrides == tmp_path / "own"
    assert found.templates == tmp_path / "looks"


def test_templates_of_ones_own_are_not_those_that_come_with_the_tool(tmp_path: Path) -> None:
    write(tmp_path, specs__openapi_yaml="", templates__x="")
    assert find_project(tmp_path, BUILTIN).templates == tmp_path / "templates"
    assert find_project(tmp_path, tmp_path / "templates").templates is None


def test_a_folder_without_contract_is_no_project(tmp_path: Path) -> None:
    write(tmp_path, pyproject_toml="[project]\nname = 'x'\n")
    with pytest.raises(ProjectError, match="no contract") as caught:
        find_project(tmp_path, BUILTIN)
    assert "apiwright init" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[tool.apiwright]\nspeck = 'x'\n", "unknown setting 'speck'", "known are output"),
        ("[tool.apiwright]\nspec = 1\n", "spec in .* has to be text", ""),
        ("[tool.apiwright\n", "can't be read", ""),
        ("tool = 1\n", "has to be a table", ""),
        ("[tool]\napiwright = 'x'\n", "has to be a table", ""),
        ("[tool.apiwright]\nspec = '../x.yaml'\n", "outside the project", ""),
        ("[tool.apiwright]\nspec = '/etc/x.yaml'\n", "outside the project", ""),
        ("[tool.apiwright]\nspec='x'\noutput = '..'\n", "outside the project", ""),
        ("[tool.apiwright]\nspec='x'\noverrides = 'a/../../b'\n", "outside the project", ""),
        ("[tool.apiwright]\nspec='x'\noutput = '.'\n", "stands in the folder for gener", "output"),
        ("[tool.apiwright]\nspec='a/x'\noutput = 'a'\n", "a/x stands in the folder", "output"),
    ],
)
def test_settings_that_cannot_be_used_are_told(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    write(tmp_path, pyproject_toml=text)
    with pytest.raises(ProjectError, match=message) as caught:
        find_project(tmp_path, BUILTIN)
    assert hint in caught.value.hint


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProjectError, match="can't be read"):
        find_project(tmp_path, BUILTIN)


def test_a_link_out_of_the_project_is_no_place_in_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = write(tmp_path / "inside", specs__openapi_yaml="")
    outside.mkdir()
    (inside / "generated").symlink_to(outside)
    with pytest.raises(ProjectError, match="outside the project"):
        find_project(inside, BUILTIN)


def test_paths_are_shown_as_people_would_type_them(tmp_path: Path) -> None:
    found = find_project(write(tmp_path, specs__openapi_yaml=""), BUILTIN)
    assert found.shown(found.spec) == "specs/openapi.yaml"
    assert found.shown(Path("/elsewhere/x")) == "/elsewhere/x"

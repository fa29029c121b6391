"""The files that a new project begins with."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
import yaml

from apiwright.check import check
from apiwright.load import load
from apiwright.problems import Report
from apiwright.starter import starter_files
from tests.support.contracts import rendered

NAMES = (
    "shop",
    "My Shop",
    "3d-models",
    "class",
    "",
    "---",
    'a"b\\c',
    "über",
    "日本",
    "a\nb",
    "x" * 300,
    "{{ 7 }}",
    "'; drop",
    "__init__",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_project_may_be_called_anything(name: str) -> None:
    files = starter_files(Path("/somewhere") / name)
    settings = tomllib.loads(files["pyproject.toml"])
    assert settings["tool"]["apiwright"]["spec"] == "specs/openapi.yaml"
    assert settings["project"]["name"].isascii()
    assert yaml.safe_load(files["specs/openapi.yaml"])["info"]["title"].isascii()
    for path in ("noxfile.py", "overrides/__init__.py"):
        ast.parse(files[path])
    assert files["README.md"].startswith("# ")


@pytest.mark.parametrize(
    "spec",
    ["specs/openapi.json", "specs/über.yaml", 'a"b\\c.yaml', "日本/🎉.yaml", "a\tb\x7f.yaml"],
)
def test_a_contract_that_is_there_already_is_named_and_not_written(spec: str) -> None:
    files = starter_files(Path("shop"), spec)
    assert "specs/openapi.yaml" not in files
    assert tomllib.loads(files["pyproject.toml"])["tool"]["apiwright"]["spec"] == spec


def test_the_first_contract_has_no_problems_and_gives_a_service(tmp_path: Path) -> None:
    for path, text in starter_files(tmp_path / "shop").items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    report = Report()
    document = load(tmp_path / "specs" / "openapi.yaml", report, base=tmp_path)
    assert document is not None
    check(document, report)
    assert [problem.message for problem in report] == []
    files = rendered((tmp_path / "specs" / "openapi.yaml").read_text(encoding="utf-8"))
    assert "app/models/task.py" in files

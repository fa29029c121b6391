"""`apiwright init`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.command import tree

Invoke = Callable[..., Result]


def test_a_new_project_is_clean(invoke: Invoke, tmp_path: Path) -> None:
    """It has a contract, it is generated, and it has no problems."""
    result = invoke(tmp_path, "init", "garden shed")
    assert result.exit_code == 0, result.output
    project = tmp_path / "garden shed"
    assert (project / "specs/openapi.yaml").read_text().startswith("# yaml-language-server:")
    assert (project / "specs/apiwright.schema.json").is_file()
    assert 'title: "Garden shed"' in (project / "specs/openapi.yaml").read_text()
    assert (project / "generated/app/main.py").is_file()
    assert invoke(project, "check").output == "specs/openapi.yaml: no problems\n"
    assert invoke(project, "generate", "--check").exit_code == 0
    assert invoke(project, "routes").output.endswith("5 default\n")


def test_nothing_that_exists_is_overwritten(invoke: Invoke, tmp_path: Path) -> None:
    """A folder that has one of the files is refused, and stays as it is."""
    (tmp_path / "shed").mkdir()
    (tmp_path / "shed" / "README.md").write_text("mine")
    result = invoke(tmp_path, "init", "shed")
    assert result.exit_code == 2
    assert "README.md already; nothing was written" in result.output
    assert tree(tmp_path / "shed") == {"README.md": b"mine"}


def test_a_contract_in_several_files_comes_along(invoke: Invoke, tmp_path: Path) -> None:
    """With the files that it refers to, in their folders."""
    source = tmp_path / "source"
    (source / "parts").mkdir(parents=True)
    (source / "api.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Parts, version: '1'}\npaths:\n  /things:\n    get:\n"
        "      operationId: listThings\n      responses:\n        '200':\n"
        "          description: ok\n          content:\n"
        "            application/json:\n              schema:\n"
        "                type: array\n                items: {$ref: 'parts/thing.yaml#/Thing'}\n"
    )
    (source / "parts" / "thing.yaml").write_text(
        "Thing:\n  type: object\n  x-table: true\n  required: [id]\n"
        "  properties:\n    id: {type: integer}\n"
    )
    result = invoke(tmp_path, "init", "shed", "--from", "source/api.yaml")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "shed/specs/parts/thing.yaml").is_file()
    assert 'spec = "specs/api.yaml"' in (tmp_path / "shed/pyproject.toml").read_text()
    assert "lists Thing, from the table things" in invoke(tmp_path / "shed", "explain").output


@pytest.mark.parametrize("text", ["openapi: 3.1.0\n", "", "\t", "{", "openapi: '2.0'\n"])
def test_a_broken_contract_makes_nothing(invoke: Invoke, tmp_path: Path, text: str) -> None:
    """Its problems are shown, and there is no project."""
    (tmp_path / "bad.yaml").write_text(text)
    result = invoke(tmp_path, "init", "shed", "--from", "bad.yaml")
    assert result.exit_code == 1
    assert "error[" in result.output
    assert not (tmp_path / "shed").exists()


def test_a_missing_contract_is_wrong_use(invoke: Invoke, tmp_path: Path) -> None:
    """A file that is not there."""
    assert invoke(tmp_path, "init", "shed", "--from", "nope.yaml").exit_code == 2

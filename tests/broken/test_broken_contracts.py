"""Contracts that are wrong, each with all that is said of it; and odd ones, which are legal.

Beside each contract stands what `apiwright check` prints. A run with APIWRIGHT_REFRESH=1 writes
those texts anew, and fails: read what has changed before you commit it.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.support.command import called, tree

HERE = Path(__file__).parent
REFRESH = "APIWRIGHT_REFRESH"
KEYS = {"code", "severity", "message", "hint", "file", "line", "column", "related"}


def contracts(folder: str) -> list[Path]:
    """The contracts of a folder, each a file, or a folder of several files."""
    return sorted(path for path in (HERE / folder).iterdir() if path.suffix != ".txt")


def laid_out(contract: Path, folder: Path) -> Path:
    """A project in `folder` that has nothing but a contract."""
    specs = folder / "project" / "specs"
    if contract.is_dir():
        shutil.copytree(contract, specs)
    else:
        specs.mkdir(parents=True)
        shutil.copy(contract, specs / f"openapi{contract.suffix}")
    return specs.parent


def told(contract: Path) -> str:
    """What is committed as what is said of a contract."""
    return contract.with_suffix(".txt").read_text(encoding="utf-8")


def hold(contract: Path, text: str) -> None:
    """Compare what is said of a contract with the committed text, or write that anew."""
    if os.environ.get(REFRESH):
        contract.with_suffix(".txt").write_text(text, encoding="utf-8")
        pytest.fail(f"{contract.stem}.txt is written: read it")
    assert text == told(contract)


def named(path: Path) -> str:
    return path.stem


broken = pytest.mark.parametrize("contract", contracts("contracts"), ids=named)
odd = pytest.mark.parametrize("contract", contracts("odd"), ids=named)
every = pytest.mark.parametrize("contract", contracts("contracts") + contracts("odd"), ids=named)


@broken
def test_every_problem_is_told_and_nothing_written(contract: Path, tmp_path: Path) -> None:
    project = laid_out(contract, tmp_path)
    before = tree(tmp_path)
    checked = called(project, "check")
    assert (checked.exit_code, checked.stdout) == (1, "")
    hold(contract, checked.stderr)
    generated = called(project, "generate")
    assert (generated.exit_code, generated.stderr) == (1, checked.stderr)
    assert tree(tmp_path) == before


@odd
def test_odd_contracts_give_a_service(contract: Path, tmp_path: Path) -> None:
    project = laid_out(contract, tmp_path)
    checked = called(project, "check")
    assert (checked.exit_code, checked.stdout) == (0, "")
    hold(contract, checked.stderr)
    generated = called(project, "generate")
    assert generated.exit_code == 0, generated.output
    for path, content in tree(project / "generated").items():
        if path.endswith(".py"):
            compile(content, path, "exec")


@every
def test_programs_are_told_the_same(contract: Path, tmp_path: Path) -> None:
    project = laid_out(contract, tmp_path)
    problems = json.loads(called(project, "check", "--format", "json").stdout)
    assert problems
    text = told(contract)
    for problem in problems:
        assert problem.keys() == KEYS
        assert problem["line"] >= 1
        assert problem["column"] >= 1
        assert f"{problem['severity']}[{problem['code']}]: " in text
        assert f"--> {problem['file']}:{problem['line']}:{problem['column']}\n" in text


def test_a_workflow_shows_problems_beside_the_lines(tmp_path: Path) -> None:
    project = laid_out(HERE / "contracts" / "misspelt_field.yaml", tmp_path)
    note, error = called(project, "check", "--format", "github").stdout.splitlines()
    assert note == (
        "::notice file=specs/openapi.yaml,line=5,col=5,title=missing-operation-id::GET /a has no "
        "operationId; one is made of method and path%0Athe name of its method in Python changes "
        "with the path"
    )
    assert error == (
        "::error file=specs/openapi.yaml,line=6,col=7,title=unknown-field::'operationID' is no "
        "field of an operation%0Adid you mean 'operationId'?"
    )


@pytest.mark.parametrize(
    ("name", "opening"),
    [
        ("openapi.yaml", "- "),
        ("openapi.yaml", "["),
        ("openapi.yaml", "{a: "),
        ("openapi.json", "["),
    ],
)
def test_ten_megabytes_of_nesting(name: str, opening: str, tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    specs.joinpath(name).write_text(opening * (10_000_000 // len(opening)), encoding="utf-8")
    before = tree(tmp_path)
    for command in ("check", "generate"):
        result = called(tmp_path, command)
        assert result.exit_code == 1
        assert result.stderr.startswith("error[too-deep]: ")
        assert f" --> specs/{name}:1:" in result.stderr
        assert len(result.stderr) < 1_000
    assert tree(tmp_path) == before


def test_a_flood_of_problems_is_cut_off(tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    lines = ["openapi: 3.1.0", "info: {title: Broken, version: '1'}", "paths: {}", "components:"]
    lines += ["  schemas:", *(f"    A{number}: {{type: strng}}" for number in range(1_500))]
    specs.joinpath("openapi.yaml").write_text("\n".join(lines), encoding="utf-8")
    result = called(tmp_path, "check")
    assert result.exit_code == 1
    ending = result.stderr.splitlines()[-3:]
    message = "note[too-many-problems]: 500 more problems are not shown, after the first 1,000"
    assert ending == [message, "", "1000 errors, 1 note"]

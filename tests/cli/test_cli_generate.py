"""`apiwright generate`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.command import tree

Invoke = Callable[..., Result]


def edit(project: Path, old: str, new: str) -> None:
    """Replace a text of the contract."""
    spec = project / "specs" / "openapi.yaml"
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


def test_an_unchanged_project_is_left_alone(invoke: Invoke, project: Path) -> None:
    """Nothing is written, and that is said in one line."""
    assert invoke(project, "generate").exit_code == 0
    before = {p: p.stat().st_mtime_ns for p in (project / "generated").rglob("*")}
    result = invoke(project, "generate")
    assert (result.exit_code, result.output) == (0, "generated: nothing has changed\n")
    assert {p: p.stat().st_mtime_ns for p in (project / "generated").rglob("*")} == before


def test_quiet_says_nothing(invoke: Invoke, project: Path) -> None:
    """With --quiet, success is silence, changed or not."""
    assert invoke(project, "generate", "--quiet").output == ""
    edit(project, "title: Marketplace API", "title: Bazaar API")
    assert invoke(project, "generate", "-q").output == ""


def test_a_change_is_summarized(invoke: Invoke, project: Path) -> None:
    """Changed files are listed, and how many there are of each kind."""
    invoke(project, "generate")
    edit(project, "summary: Show an item", "summary: Look at an item")
    result = invoke(project, "generate")
    assert "  ~ app/api/v1/items.py\n" in result.output
    assert "0 created, " in result.output
    assert "0 removed" in result.output
    assert (
        '"""Look at an item."""' in (project / "generated/app/services/item_service.py").read_text()
    )


def test_timings_name_every_stage(invoke: Invoke, project: Path) -> None:
    """A run that has something to do shows what each stage took."""
    edit(project, "title: Marketplace API", "title: Bazaar API")
    lines = invoke(project, "generate", "--timings").output.splitlines()
    named = [line.split()[0] for line in lines if line.endswith(" ms")]
    assert named == [
        "inputs", "load", "check", "understand", "overrides", "withdrawals", "plan", "files",
        "render", "compare", "write", "together",
    ]  # fmt: skip


def test_stale_files_go(invoke: Invoke, project: Path) -> None:
    """What the contract no longer gives is removed, with its folder if that is left empty."""
    edit(project, "tags: [Auth]\n", "tags: [Doors]\n")
    result = invoke(project, "generate")
    assert result.exit_code == 0, result.output
    assert not (project / "generated/app/api/v1/auth.py").exists()
    assert (project / "generated/app/api/v1/doors.py").exists()
    assert "  - app/api/v1/auth.py\n" in result.output


def test_check_shows_what_would_change(invoke: Invoke, project: Path) -> None:
    """With --check nothing is written; the difference is shown, and the exit code is 1."""
    assert invoke(project, "generate", "--check").exit_code == 0
    edit(project, "summary: Show an item", "summary: Look at an item")
    before = tree(project / "generated")
    result = invoke(project, "generate", "--check")
    assert result.exit_code == 1
    assert '+    summary="Look at an item",' in result.output
    assert "run `apiwright generate`" in result.output
    assert tree(project / "generated") == before


def test_a_file_edited_by_hand_is_refused(invoke: Invoke, project: Path) -> None:
    """Its name is given; --force shows what is lost, and overwrites it."""
    invoke(project, "generate")
    edited = project / "generated/app/redis.py"
    edited.write_text(edited.read_text() + "MINE = 1\n")
    edit(project, "title: Marketplace API", "title: Bazaar API")
    result = invoke(project, "generate")
    assert result.exit_code == 1
    assert result.output.count("app/redis.py") == 1
    assert result.output.count("--force") == 1
    assert "overrides/" in result.output
    assert "MINE" in edited.read_text()
    forced = invoke(project, "generate", "--force")
    assert forced.exit_code == 0
    assert "-MINE = 1" in forced.output
    assert "MINE" not in edited.read_text()


def test_files_of_people_stay(invoke: Invoke, project: Path) -> None:
    """What the tool doesn't know it leaves alone."""
    mine = project / "generated" / "tests" / "test_mine.py"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("def test_mine() -> None: ...\n")
    edit(project, "title: Marketplace API", "title: Bazaar API")
    assert invoke(project, "generate").exit_code == 0
    assert mine.exists()


def test_errors_of_the_contract_write_nothing(invoke: Invoke, project: Path) -> None:
    """A contract with an error is told where, and the service stays as it was."""
    before = tree(project / "generated")
    edit(project, "#/components/schemas/ItemInput'", "#/components/schemas/ItemImput'")
    result = invoke(project, "generate")
    assert result.exit_code == 1
    assert "error[unresolved-reference]" in result.output
    assert "specs/openapi.yaml:" in result.output
    assert tree(project / "generated") == before


def test_a_broken_template_is_told(invoke: Invoke, project: Path) -> None:
    """A project's own template that prints raw text is refused with its name."""
    own = project / "templates" / "app" / "redis.py.j2"
    own.parent.mkdir(parents=True)
    own.write_text('"""{{ service.title }}"""\n')
    result = invoke(project, "generate")
    assert result.exit_code == 1
    assert "app/redis.py.j2" in result.output
    assert "which is not code" in result.output


def test_a_template_of_the_project_takes_the_place_of_the_built_in(
    invoke: Invoke, project: Path
) -> None:
    """File by file."""
    own = project / "templates" / "app" / "utils" / "values.py.j2"
    own.parent.mkdir(parents=True)
    own.write_text('"""Mine."""\n\nANSWER = {{ 42 | py }}\n')
    assert invoke(project, "generate").exit_code == 0
    assert (project / "generated/app/utils/values.py").read_text() == '"""Mine."""\n\nANSWER = 42\n'


def test_two_heads_are_told(invoke: Invoke, project: Path) -> None:
    """Two revisions that follow the same one are a decision for people."""
    versions = project / "generated" / "alembic" / "versions"
    first = next(versions.glob("0001_*.py"))
    for name in ("aaaa", "bbbb"):
        text = f'revision = "{name}"\ndown_revision = "{first.stem.rpartition("_")[2]}"\n'
        (versions / f"0002_{name}.py").write_text(text)
    edit(project, "title: Marketplace API", "title: Bazaar API")
    result = invoke(project, "generate")
    assert result.exit_code == 1
    assert "several heads (aaaa, bbbb" in result.output


def test_a_broken_snapshot_is_told(invoke: Invoke, project: Path) -> None:
    """A snapshot that is none is named."""
    (project / "generated/alembic/schema/items.json").write_text("{")
    edit(project, "title: Marketplace API", "title: Bazaar API")
    result = invoke(project, "generate")
    assert result.exit_code == 1
    assert "alembic/schema/items.json is no snapshot of a table" in result.output


@pytest.mark.parametrize("arguments", [["generate", "--nope"], ["nope"], ["override"]])
def test_wrong_use_exits_with_2(invoke: Invoke, project: Path, arguments: list[str]) -> None:
    """Unknown commands and options, and missing arguments."""
    assert invoke(project, *arguments).exit_code == 2


def test_outside_of_a_project(invoke: Invoke, tmp_path: Path) -> None:
    """Without a contract there is nothing to do, and the way out is told."""
    result = invoke(tmp_path, "generate")
    assert result.exit_code == 2
    assert "apiwright init DIR" in result.output


def test_settings_that_are_wrong_are_told(invoke: Invoke, project: Path) -> None:
    """An unknown setting, one of the wrong type, and a path that leaves the project."""
    file = project / "pyproject.toml"
    file.write_text("[tool.apiwright]\noutputt = 'x'\n")
    assert "unknown setting 'outputt'" in invoke(project, "generate").output
    file.write_text("[tool.apiwright]\noutput = 1\n")
    assert "has to be text" in invoke(project, "generate").output
    file.write_text("[tool.apiwright]\noutput = '../x'\n")
    assert "outside the project" in invoke(project, "generate").output
    file.write_text("[tool.apiwright\n")
    assert "can't be read" in invoke(project, "generate").output


def test_what_was_announced_stays_until_its_day(invoke: Invoke, project: Path) -> None:
    """An operation that is gone before its sunset is refused; nothing is written."""
    spec = project / "specs" / "openapi.yaml"
    text = spec.read_text()
    start = text.index("    put:\n      operationId: replaceItem\n")
    end = text.index("    patch:\n      operationId: updateItem\n")
    announced = "      deprecated: true\n      x-sunset: {}\n"
    put = text[start:end]
    for day, code in (("2999-01-31", 1), ("2026-01-31", 0)):
        dated = put.replace("\n", f"\n{announced.format(day)}", 1)
        spec.write_text(text[:start] + dated + text[end:])
        assert invoke(project, "generate").exit_code == 0
        before = tree(project / "generated")
        spec.write_text(text[:start] + text[end:])
        done = invoke(project, "generate")
        assert done.exit_code == code, done.output
        if code:
            assert "error[api-removed-before-sunset]: PUT /items/{item_id}" in done.output
            assert "let it stand until its `x-sunset`" in done.output
            assert tree(project / "generated") == before
    assert "replaceItem" not in (project / "generated/app/contract/openapi.json").read_text()

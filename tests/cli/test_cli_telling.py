"""`apiwright check`, `explain`, `routes`, `schema`: what they tell, to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Invoke = Callable[..., Result]


def test_check_is_content_with_the_reference_contract(invoke: Invoke, pristine: Path) -> None:
    """No problems, said in one line."""
    result = invoke(pristine, "check")
    assert (result.exit_code, result.output) == (0, "specs/openapi.yaml: no problems\n")
    assert json.loads(invoke(pristine, "check", "--json").output) == []


def test_check_reports_all_problems_at_once(invoke: Invoke, project: Path) -> None:
    """Each with its place, its excerpt and a hint; in three formats."""
    spec = project / "specs" / "openapi.yaml"
    text = spec.read_text()
    text = text.replace("schemas/UserPage'", "schemas/UserPaje'", 1)
    spec.write_text(text.replace("x-table: users", "x-tabel: users"))
    result = invoke(project, "check")
    assert result.exit_code == 1
    assert "did you mean" in result.output
    assert "x-tabel" in result.output
    assert "^^^" in result.output
    found = json.loads(invoke(project, "check", "--format", "json").output)
    assert {problem["severity"] for problem in found} >= {"error"}
    assert {problem["file"] for problem in found} == {"specs/openapi.yaml"}
    github = invoke(project, "check", "--format", "github").output
    assert github.startswith("::")
    assert "file=specs/openapi.yaml,line=" in github


def test_check_notes_what_is_still_open(invoke: Invoke, project: Path) -> None:
    """An operation that nothing answers is a note, which is no failure."""
    (project / "overrides" / "items.py").unlink()
    result = invoke(project, "check")
    assert result.exit_code == 0
    assert "note[needs-override]: reserveItem answers 501" in result.output
    assert "apiwright override reserveItem" in result.output


def test_explain_tells_of_operations_and_schemas(invoke: Invoke, pristine: Path) -> None:
    """What was understood, why, and which file holds it."""
    everything = invoke(pristine, "explain").output
    assert "createToken  POST /api/v1/auth/token" in everything
    one = invoke(pristine, "explain", "updateItem").output
    assert "updates one Item of the table items" in one
    assert "only rows whose owner_id is the caller, unless the caller has items:admin" in one
    assert "because PATCH /items/{item_id} works on one Item" in one
    assert "in generated/app/api/v1/items.py" in one
    schema = invoke(pristine, "explain", "Item").output
    assert "stored in the table items" in schema
    assert "price: numeric(10,2)" in schema
    assert "owner_id: uuid -> User, on delete cascade = the account that creates it" in schema
    assert "stores" not in invoke(pristine, "explain", "readItem").output


def test_explain_says_why_it_did_not_understand(invoke: Invoke, pristine: Path) -> None:
    """An operation that nothing explains says so."""
    assert "answers 501 until overridden" in invoke(pristine, "explain", "reserveItem").output


def test_explain_as_json(invoke: Invoke, pristine: Path) -> None:
    """For programs."""
    found = json.loads(invoke(pristine, "explain", "--json").output)
    assert len(found["operations"]) == 20
    assert {"User", "Item"} <= {schema["name"] for schema in found["schemas"]}


def test_explain_knows_what_was_meant(invoke: Invoke, pristine: Path) -> None:
    """A misspelt name is wrong use, with the right one."""
    result = invoke(pristine, "explain", "Itm")
    assert result.exit_code == 2
    assert "did you mean Item?" in result.output


def test_routes_tell_who_answers(invoke: Invoke, project: Path) -> None:
    """Default, overridden with its place, still open."""
    result = invoke(project, "routes")
    assert "overridden overrides/items.py:" in result.output
    assert result.output.endswith("19 default, 1 overridden\n")
    (project / "overrides" / "items.py").unlink()
    assert invoke(project, "routes").output.endswith("19 default, 1 open\n")
    found = json.loads(invoke(project, "routes", "--json").output)
    assert {"method", "path", "operation", "state", "place"} == set(found[0])


def test_schema_is_what_the_contract_refers_to(invoke: Invoke, pristine: Path) -> None:
    """The committed schema is the printed one."""
    printed = json.loads(invoke(pristine, "schema").output)
    assert printed == json.loads((pristine / "specs" / "apiwright.schema.json").read_text())


@pytest.mark.parametrize(
    "command", ["init", "generate", "check", "explain", "routes", "override", "dev", "schema"]
)
def test_help_shows_examples(invoke: Invoke, pristine: Path, command: str) -> None:
    """Every command has at least one."""
    result = invoke(pristine, command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"apiwright {command}" in result.output


def test_the_group_lists_all_commands_and_its_version(invoke: Invoke, pristine: Path) -> None:
    """Without loading them; a misspelt one is answered with what was meant."""
    listed = invoke(pristine, "--help").output
    for command in ("init", "generate", "check", "explain", "routes", "override", "dev", "schema"):
        assert f"  {command} " in listed
    assert invoke(pristine, "--version").output.startswith("apiwright 0.")
    assert "Did you mean 'generate'?" in invoke(pristine, "genarate").output


def test_output_has_no_colour_where_it_is_no_terminal(invoke: Invoke, project: Path) -> None:
    """Neither tables nor problems."""
    (project / "specs" / "openapi.yaml").write_text("openapi: 3.1.0\n")
    assert "\x1b" not in invoke(project, "check").output
    assert "\x1b" not in invoke(project, "routes").output

"""`apiwright plan`: what a run would do, told before it is done."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.support.command import called, reference_project, tree

NOTHING, PROBLEMS, SAFE, DECIDE = 0, 1, 3, 4
TITLE = "    Title:\n      description: What the item is, in a few words\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the reference project."""
    return reference_project(tmp_path)


def edit(project: Path, *replacements: tuple[str, str]) -> None:
    """Replace texts of the contract; each has to be there."""
    spec = project / "specs" / "openapi.yaml"
    text = spec.read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    spec.write_text(text)


def planned(project: Path, code: int, *arguments: str) -> Result:
    """What `plan` says, which has to end with `code` and to leave everything as it is."""
    before = tree(project)
    result = called(project, "plan", *arguments)
    assert result.exit_code == code, result.output
    assert tree(project) == before
    return result


def data(project: Path, code: int, *arguments: str) -> dict[str, Any]:
    """What `plan` tells programs."""
    found: dict[str, Any] = json.loads(planned(project, code, "--json", *arguments).stdout)
    return found


def git(project: Path, *arguments: str) -> None:
    """Let git do something in the project."""
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)


def test_nothing_changes(project: Path) -> None:
    """What was generated is what the contract gives."""
    assert "Nothing changes." in planned(project, NOTHING).output
    found = data(project, NOTHING)
    assert found["verdict"] == "nothing"
    assert found["api"] == found["decisions"] == found["database"]["revisions"] == []


def test_what_was_generated_is_not_rendered_again(project: Path) -> None:
    """Where `generate` would find nothing to do, files are compared as they are."""
    called(project, "generate", "--no-verify")
    assert "  render " not in planned(project, NOTHING, "--timings").output
    (project / "generated" / "app" / "main.py").write_text("# by hand\n")
    found = planned(project, DECIDE, "--timings").output
    assert "  render " in found
    assert "app/main.py" in found


def test_a_safe_change_does_what_was_shown(project: Path) -> None:
    """A new index and an optional parameter: nobody has to decide, and `generate` does just it."""
    sort = "        - name: max_price\n"
    parameter = (
        "        - name: quantity\n          in: query\n          description: How many there are\n"
        "          schema: {type: integer, minimum: 0, maximum: 2147483647}\n"
    )
    edit(project, (sort, parameter + sort))
    found = data(project, SAFE)
    assert {change["id"] for change in found["api"]} == {"new-optional-request-parameter"}
    assert [step["lock"] for step in found["database"]["steps"]] == ["SHARE UPDATE EXCLUSIVE"]
    [revision] = found["database"]["revisions"]
    assert "CREATE INDEX CONCURRENTLY" in revision["sql"]
    assert "Safe: `apiwright generate` does this." in planned(project, SAFE).output
    done = called(project, "generate", "--no-verify")
    assert done.exit_code == 0, done.output
    for path in (*found["files"]["created"], *found["files"]["changed"]):
        assert path in done.output
    assert f"{len(found['files']['created'])} created" in done.output
    assert (project / "generated" / revision["file"]).is_file()
    assert data(project, NOTHING)["files"]["changed"] == []


def test_what_breaks_clients_needs_a_decision(project: Path) -> None:
    """Shown once for each line of the contract, with the operations that it shows in."""
    edit(project, ("      maximum: 1000000\n", "      maximum: 900000\n"))
    result = planned(project, DECIDE)
    assert "breaking  request-property-max-decreased" in result.output
    assert "POST /items/ requestBody/application/json/quantity, and 2 other" in result.output
    assert "specs/openapi.yaml:" in result.output
    assert "check the rows for ck_items_quantity_maximum" in result.output
    assert "NOT VALID" in result.output
    assert "NOT VALID" not in planned(project, DECIDE, "--no-sql").output
    found = data(project, DECIDE)
    assert [decision["kind"] for decision in found["decisions"]] == ["api"]


def test_overrides_that_no_longer_fit_are_told(project: Path) -> None:
    """With their place, and everything else beside it: the report does not end there."""
    edit(project, ("      operationId: reserveItem\n", "      operationId: bookItem\n"))
    result = planned(project, DECIDE)
    assert "ItemService has no operation 'reserve_item'" in result.output
    assert "overrides/items.py:" in result.output
    assert "~ app/services/item_service.py" in result.output
    kinds = {decision["kind"] for decision in data(project, DECIDE)["decisions"]}
    assert "override" in kinds


def test_an_operation_that_nobody_answers_needs_a_decision(project: Path) -> None:
    """One that is new, or has lost its override; with its place and what to do."""
    git(project, "init", "--initial-branch", "main")
    git(project, "add", ".")
    git(project, "commit", "--message", "first")
    ring = """paths:
  /bell:
    post:
      operationId: ringBell
      security: []
      responses:
        '204':
          description: It has rung
"""
    edit(project, ("paths:\n", ring))
    (project / "overrides" / "items.py").unlink()
    found = data(project, DECIDE)
    told = [d["message"].partition(" ")[0] for d in found["decisions"] if d["kind"] == "override"]
    assert told == ["ringBell"], "what had an override before the last run is not known"
    (new,) = (problem for problem in found["overrides"] if problem["severity"] == "warning")
    assert (new["file"], new["hint"]) == ("specs/openapi.yaml", "apiwright override ringBell")
    lost = data(project, DECIDE, "--against", "main")
    told = [d["message"].partition(" ")[0] for d in lost["decisions"] if d["kind"] == "override"]
    assert sorted(told) == ["reserveItem", "ringBell"]


def test_what_was_served_and_cannot_be_read_is_not_taken_for_nothing(project: Path) -> None:
    """Nobody knows then whom a change breaks."""
    (project / "generated" / "app" / "contract" / "openapi.json").write_text("{")
    result = planned(project, DECIDE)
    assert "what was served can't be read" in result.output
    assert "generated/app/contract/openapi.json:1:2" in result.output
    assert "everything is new" not in result.output


def test_files_that_somebody_edited_are_told(project: Path) -> None:
    """A run would refuse them."""
    (project / "generated" / "app" / "main.py").write_text("mine\n")
    found = data(project, DECIDE)
    assert found["files"]["edited"] == ["app/main.py"]
    assert found["decisions"][0]["name"] == "app/main.py"


def test_a_contract_with_errors_is_told_like_everywhere(project: Path) -> None:
    """There is nothing to plan with it."""
    edit(project, ("openapi: 3.1.0", "openapi: 3.1.0\nopenapi: 3.1.0"))
    assert "specs/openapi.yaml:" in planned(project, PROBLEMS).output


def test_a_branch_is_compared_with_another(project: Path) -> None:
    """With what stands in git, whatever has been generated since."""
    git(project, "init", "--initial-branch", "main")
    git(project, "add", ".")
    git(project, "commit", "--message", "first")
    edit(project, ("      maxLength: 5000\n", "      maxLength: 6000\n"))
    assert called(project, "generate", "--no-verify").exit_code == 0
    assert data(project, NOTHING)["api"] == []
    found = data(project, DECIDE, "--against", "main")
    assert found["against"] == "main"
    assert "response-property-max-length-increased" in {c["id"] for c in found["api"]}
    assert [r["file"].split("_")[1] for r in found["database"]["revisions"]] == ["expand", "build"]
    assert "app/models/item.py" in found["files"]["changed"]


@pytest.mark.parametrize("reference", ["nothing", "--output=x", "main:specs"])
def test_a_revision_that_is_none_is_told(project: Path, reference: str) -> None:
    """By its name, and no name is an option of git."""
    git(project, "init", "--initial-branch", "main")
    git(project, "add", ".")
    git(project, "commit", "--message", "first")
    result = planned(project, PROBLEMS, f"--against={reference}")
    assert f"git knows no revision {reference}" in result.output


def test_without_a_repository_there_is_nothing_to_compare_with(project: Path) -> None:
    """And that is what is said."""
    result = planned(project, PROBLEMS, "--against", "main")
    assert "is in no repository of git" in result.output


def test_no_text_of_a_contract_is_markdown(project: Path) -> None:
    """A pull request shows what stands there, and nobody is called by it."""
    named = "        - name: max_price\n"
    hostile = "        - {in: query, schema: {type: string}, name: '<img src=x>|@all`'}\n"
    edit(project, (named, hostile + named))
    text = planned(project, DECIDE, "--markdown").stdout
    assert text.startswith("## Needs a decision\n")
    assert "| info | `new-optional-request-parameter` |" in text
    assert r"\<img src=x\>" in text
    assert "<img" not in text.replace(r"\<img", "")
    assert "@all" not in text

"""`apiwright migrate verify`, and `generate`, which proves what it is about to write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from apiwright.migrate import trial
from apiwright.migrate.revisions import Part
from tests.migrate.migrate_helpers import change, command, only_file, replace, revisions
from tests.support.command import (
    apiwright_process,
    called,
    reference_project,
    succeeded,
    tree,
)
from tests.support.contracts import TEXT, things


def test_the_reference_service_is_proven(tmp_path: Path) -> None:
    """What was proven is told, in words and for programs."""
    project = reference_project(tmp_path)
    done = succeeded(command(project, "migrate", "verify", "--json"))
    found = json.loads(done.out)
    head = revisions(project).head
    assert found == {
        "ok": True,
        "from": "base",
        "to": head,
        "error": "",
        "proven": [
            f"up to {head} from base: every revision runs",
            "the models and the database are the same: `alembic check` finds nothing",
            "the snapshots and the database are the same: tables, columns, constraints, indexes",
            "down to base leaves nothing",
            f"up to {head} again gives the same schema",
        ],
        "difference": "",
    }
    assert "down to base leaves nothing\n" in done.err


def test_one_revision_is_proven_alone(project: Path) -> None:
    """Those before it are run once, the way back from it is not the way to the base."""
    first, second = revisions(project).pending(())
    done = succeeded(command(project, "migrate", "verify", "--revision", second.id))
    assert f"down to {first.id} leads back to the schema before" in done.err
    assert done.out == f"the revisions up to {second.id} hold\n"
    early = succeeded(command(project, "migrate", "verify", "--revision", first.id))
    assert "alembic check" not in early.err


def test_the_project_has_a_server_for_proofs(small: Path) -> None:
    """As people run it: in the folder of the project, apart from that of development."""
    done = succeeded(apiwright_process(small, "migrate", "verify"))
    assert done.out == f"the revisions up to {revisions(small).head} hold\n"
    assert (small / ".apiwright" / "test" / "postgres").is_dir()
    assert not (small / ".apiwright" / "postgres").exists()


def test_a_way_down_that_forgets_something_is_shown(project: Path) -> None:
    """With the difference of the two schemas."""
    file = only_file(project)
    replace(file, 'op.drop_column("things", "colour")', "pass")
    first = revisions(project).pending(())[0]
    done = command(project, "migrate", "verify", "--revision", "head")
    assert done.code == 1
    assert f"the way down to {first.id} does not lead back" in done.err
    assert "+  column colour text" in done.out


def test_a_way_down_that_leaves_a_table_is_shown(small: Path) -> None:
    replace(only_file(small), 'op.drop_table("things")', "pass")
    done = command(small, "migrate", "verify", "--json")
    found = json.loads(done.out)
    assert (done.code, found["ok"]) == (1, False)
    assert found["error"] == "the way down to base does not lead back"
    assert "+table things" in found["difference"]


def test_a_way_down_that_fails_is_named(project: Path) -> None:
    replace(only_file(project), 'op.drop_column("things", "colour")', 'op.drop_table("nothing")')
    done = command(project, "migrate", "verify")
    assert done.code == 1
    assert 'table "nothing" does not exist' in done.err


def test_models_that_differ_are_told(project: Path) -> None:
    replace(only_file(project), 'sa.Column("colour", sa.Text(), nullable=True)',
            'sa.Column("color", sa.Text(), nullable=True)')  # fmt: skip
    done = command(project, "migrate", "verify")
    assert done.code == 1
    assert "the models and the migrated database differ: New upgrade operations" in done.err


def test_snapshots_that_differ_are_told(project: Path) -> None:
    file = project / "generated/alembic/schema/things.json"
    found = json.loads(file.read_text())
    found["checks"] = [{"name": "ck_things_more", "condition": "id > 0"}]
    file.write_text(json.dumps(found))
    done = command(project, "migrate", "verify")
    assert done.code == 1
    assert "the snapshots and the migrated database differ:\n" in done.err
    assert "  the constraint ck_things_more of things is missing" in done.err


def test_a_retained_column_is_no_difference(project: Path) -> None:
    """It is in the snapshot and in the database, and in no model."""
    model = project / "generated/app/models/thing.py"
    lines = model.read_text().splitlines(keepends=True)
    model.write_text("".join(line for line in lines if "colour" not in line))
    file = project / "generated/alembic/schema/things.json"
    found = json.loads(file.read_text())
    assert command(project, "migrate", "verify").code == 1
    (colour,) = (column for column in found["columns"] if column["name"] == "colour")
    colour["retained"] = True
    file.write_text(json.dumps(found))
    done = command(project, "migrate", "verify")
    assert "the models and the database are the same" in done.err


def test_generate_refuses_a_revision_that_does_not_hold(small: Path) -> None:
    """A template of one's own forgets the way down: nothing is written, unless that is meant."""
    templates = small / "templates/alembic/versions"
    templates.mkdir(parents=True)
    builtin = Path(__file__).parents[2] / "templates/alembic/versions/revision.py.j2"
    head, _, _ = builtin.read_text().partition("def downgrade()")
    (templates / "revision.py.j2").write_text(
        f'{head}def downgrade() -> None:\n    """Go back to the revision before."""\n'
    )
    change(small, things({"note": TEXT, "colour": TEXT}))
    before = tree(small / "generated")
    done = command(small, "generate")
    assert done.code == 1
    assert "the new revision does not hold, and nothing was written: the way down to" in done.err
    assert "+  column colour text" in done.err
    assert "--no-verify` writes it as it is" in done.err
    assert tree(small / "generated") == before
    succeeded(command(small, "generate", "--no-verify"))
    assert len(revisions(small).by_id) == 2


def test_generate_proves_only_what_is_new(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new revision with the way back to the one before; without one, nothing runs."""
    first = revisions(small).head
    parts: list[Part] = []
    proven = trial.try_out

    def listen(root: Path, files: Mapping[str, str], part: Part) -> None:
        parts.append(part)
        proven(root, files, part)

    monkeypatch.setattr(trial, "try_out", listen)
    change(small, things({"note": TEXT, "colour": TEXT}))
    result = called(small, "generate", "--timings")
    assert result.exit_code == 0, result.output
    assert "  verify " in result.output
    assert [(part.lower, part.upper) for part in parts] == [(first, revisions(small).head)]
    change(small, things({"note": {**TEXT, "description": "a"}, "colour": TEXT}))
    assert called(small, "generate").exit_code == 0
    assert len(parts) == 1


def test_generate_without_the_packages_says_so(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apiwright.cli.verifying._NEEDED", ("no_such_package",))
    change(small, things({"note": TEXT, "colour": TEXT}))
    result = called(small, "generate")
    assert result.exit_code == 0
    assert "the new revision is not verified: no_such_package is not installed" in result.output

"""`apiwright migrate merge`: two branches that both added revisions, and both ways out."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.history import HistoryError, read_history
from tests.migrate.migrate_helpers import (
    change,
    command,
    git,
    migrate,
    replace,
    revisions,
    status,
    versions,
)
from tests.support.command import succeeded, tree
from tests.support.contracts import TEXT, things

BOTH = things({"note": TEXT, "mine": TEXT, "yours": TEXT})


@pytest.fixture
def merged(small: Path) -> Path:
    """A repository after the merge of `main` into `feature`; both had added a column.

    The conflict of contract and generated files is solved as people do: the contract by hand, the
    code by taking one side of it, to be generated again.
    """
    git(small, "init", "--quiet", "--initial-branch", "main")
    git(small, "add", "--all")
    git(small, "commit", "--quiet", "--message", "one")
    for branch, column in (("feature", "mine"), ("main", "yours")):
        git(small, "checkout", "--quiet", "-B", branch, "main")
        change(small, things({"note": TEXT, column: TEXT}))
        succeeded(command(small, "generate", "--no-verify"))
        git(small, "add", "--all")
        git(small, "commit", "--quiet", "--message", column)
    git(small, "checkout", "--quiet", "feature")
    git(small, "merge", "--quiet", "--no-commit", "--strategy-option", "ours", "main")
    change(small, BOTH)
    return small


def sides(project: Path) -> tuple[str, str]:
    """The heads, ours first."""
    found = revisions(project)
    mine, yours = "", ""
    for head in found.heads:
        if '"mine"' in found.by_id[head].text:
            mine = head
        else:
            yours = head
    assert mine
    assert yours
    return mine, yours


def both_in_the_snapshot(project: Path) -> None:
    """The snapshot as a merge leaves it that keeps what both sides added."""
    file = project / "generated/alembic/schema/things.json"
    text = file.read_text()
    start = text.index('    {\n      "name": "mine"')
    end = text.index("    }", start) + len("    }")
    one = text[start:end]
    file.write_text(text.replace(one, one + ",\n" + one.replace('"mine"', '"yours"')))


def test_generate_names_the_way_out(merged: Path) -> None:
    with pytest.raises(HistoryError, match="`apiwright migrate merge` says which"):
        read_history(merged / "generated")
    done = command(merged, "generate")
    assert done.code == 1
    assert "`apiwright migrate merge`" in done.err


def test_the_sides_are_explained_and_nothing_is_done(merged: Path, database_url: str) -> None:
    """What the base has is told; the way out that fits is named; the exit code is 1."""
    mine, yours = sides(merged)
    before = tree(merged / "generated")
    done = command(merged, "migrate", "merge", "--base", "main")
    assert done.code == 1
    assert f"    {mine}  change things\n" in done.out
    assert f"    {yours}  change things, on main\n" in done.out
    assert f"  apiwright migrate merge --onto {yours}\n" in done.out
    assert f"--onto {mine}" not in done.out
    assert tree(merged / "generated") == before
    for words in (["up"], ["verify"]):
        refused = migrate(merged, database_url, *words)
        assert refused.code == 1
        assert "run `apiwright migrate merge`" in refused.err
    assert len(status(merged, database_url)["heads"]) == 2


def test_without_a_base_both_ways_are_shown(merged: Path) -> None:
    mine, yours = sides(merged)
    done = command(merged, "migrate", "merge")
    assert "git names no shared branch" in done.out
    assert f"--onto {mine}" in done.out
    assert f"--onto {yours}" in done.out
    unknown = command(merged, "migrate", "merge", "--base", "nowhere")
    assert (unknown.code, "git knows no nowhere here" in unknown.err) == (1, True)


def test_ours_follows_theirs(merged: Path, database_url: str) -> None:
    """It gets a new id, a new number and a new parent; the whole then holds."""
    mine, yours = sides(merged)
    succeeded(migrate(merged, database_url, "up", yours))
    done = succeeded(command(merged, "migrate", "merge", "--onto", yours, "--base", "main"))
    found = revisions(merged)
    moved = found.by_id[found.head]
    assert moved.parents == (yours,)
    assert moved.id != mine
    assert mine not in moved.text
    assert moved.file.startswith("0003_change_things_")
    assert f"Revises: {yours}\n" in moved.text
    assert f"{mine} is {moved.id} now" in done.out
    assert sorted(found.by_id) == sorted(file.stem[-12:] for file in versions(merged).iterdir())
    both_in_the_snapshot(merged)
    succeeded(command(merged, "generate", "--force"))
    assert revisions(merged).head == moved.id
    assert command(merged, "migrate", "verify").code == 0
    succeeded(migrate(merged, database_url, "up"))
    assert status(merged, database_url)["ok"]


def test_a_database_that_ran_the_old_one_is_not_taken_for_new(
    merged: Path, database_url: str
) -> None:
    """It is at a revision that no file has any more, and nothing happens to it."""
    mine, yours = sides(merged)
    git(merged, "stash", "--quiet", "--include-untracked")
    succeeded(migrate(merged, database_url, "up"))
    git(merged, "stash", "pop", "--quiet")
    assert status(merged, database_url)["revisions"] == [mine]
    succeeded(command(merged, "migrate", "merge", "--onto", yours))
    done = migrate(merged, database_url, "up")
    assert done.code == 1
    assert f"the database is at {mine}, which no file here has" in done.err


def test_what_others_have_is_never_rewritten(merged: Path) -> None:
    mine, _ = sides(merged)
    before = tree(merged / "generated")
    done = command(merged, "migrate", "merge", "--onto", mine, "--base", "main")
    assert done.code == 1
    assert "can't be rewritten: others have it already" in done.err
    assert tree(merged / "generated") == before


def test_heads_can_be_joined(merged: Path, database_url: str) -> None:
    """Both stay as they are; databases of both sides come together."""
    mine, yours = sides(merged)
    succeeded(migrate(merged, database_url, "up", mine))
    done = succeeded(command(merged, "migrate", "merge", "--join"))
    found = revisions(merged)
    assert found.by_id[found.head].parents == tuple(sorted((mine, yours)))
    assert f"0004_join_{min(mine, yours)}" in done.out
    both_in_the_snapshot(merged)
    succeeded(command(merged, "generate", "--force"))
    assert revisions(merged).head == found.head
    assert command(merged, "migrate", "verify").code == 0
    succeeded(migrate(merged, database_url, "up"))
    assert status(merged, database_url)["ok"]


def test_the_same_merge_gives_the_same_files(merged: Path) -> None:
    """Whoever does it, wherever."""
    _, yours = sides(merged)
    git(merged, "stash", "--quiet", "--include-untracked")
    results = []
    for _ in range(2):
        git(merged, "stash", "apply", "--quiet")
        succeeded(command(merged, "migrate", "merge", "--onto", yours))
        results.append(tree(versions(merged)))
        git(merged, "reset", "--quiet", "--hard")
        git(merged, "clean", "--quiet", "-fd", "generated")
    assert results[0] == results[1]


def test_conflicted_files_are_named(merged: Path) -> None:
    file = merged / "generated/alembic/schema/things.json"
    name = '"name": "things",'
    replace(file, name, f"<<<<<<< HEAD\n  {name}\n=======\n  {name}\n>>>>>>> m")
    done = command(merged, "migrate", "merge")
    assert done.code == 1
    assert "generated/alembic/schema/things.json: there are marks of a merge" in done.err


def test_one_head_needs_nothing(small: Path) -> None:
    done = succeeded(command(small, "migrate", "merge"))
    assert done.out == f"there is one head, {revisions(small).head}: nothing has to be merged\n"


def test_two_ways_at_once_are_wrong_use(merged: Path) -> None:
    mine, _ = sides(merged)
    assert command(merged, "migrate", "merge", "--onto", mine, "--join").code == 2
    assert "is no head" in command(merged, "migrate", "merge", "--onto", _first(merged)).err


def _first(project: Path) -> str:
    return revisions(project).pending(())[0].id

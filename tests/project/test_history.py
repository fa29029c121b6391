"""The history of a database, as earlier runs left it behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apiwright.history import HistoryError, read_history
from apiwright.plan import History, plan
from apiwright.plan.storage.build import build_tables
from apiwright.render import render
from tests.support.contracts import TEXT, things, understood

EMPTY = {
    "place": 1,
    "name": "a",
    "columns": [],
    "key": [],
    "checks": [],
    "foreign_keys": [],
    "indexes": [],
}


def revision(name: str, parent: str | None) -> str:
    """A file of a revision."""
    return f"revision = {name!r}\ndown_revision = {parent!r}\n\n\ndef upgrade() -> None: ...\n"


def versions(output: Path, **files: str) -> Path:
    """A folder with revisions."""
    folder = output / "alembic" / "versions"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return output


def test_nothing_is_an_empty_history(tmp_path: Path) -> None:
    assert read_history(tmp_path) == History()


def test_what_was_generated_is_read_again(tmp_path: Path) -> None:
    service = understood(things({"note": TEXT}))
    for path, text in render(plan(service, History(), {})).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    found = read_history(tmp_path)
    assert found.tables == build_tables(service)
    assert [name for name, _ in found.files] == [f"0001_create_things_{found.head}.py"]
    again = render(plan(service, found, {}))
    assert {path: (tmp_path / path).read_text(encoding="utf-8") for path in again} == again


def test_the_head_is_the_revision_that_no_other_one_follows(tmp_path: Path) -> None:
    output = versions(tmp_path, a=revision("1", None), b=revision("3", "2"), c=revision("2", "1"))
    assert read_history(output).head == "3"


def test_helpers_among_the_revisions_do_not_matter(tmp_path: Path) -> None:
    output = versions(tmp_path, a=revision("1", None), helper="X = revision = 5\ny: int = 1\n")
    assert read_history(output).head == "1"
    assert read_history(output).files[1][0] == "helper.py"


def test_an_annotated_revision_counts_too(tmp_path: Path) -> None:
    annotated = 'revision: str = "2"\ndown_revision: str | None = "1"\n'
    output = versions(tmp_path, a=revision("1", None), b=annotated)
    assert read_history(output).head == "2"


def test_a_merge_of_branches_is_their_successor(tmp_path: Path) -> None:
    merge = 'revision = "4"\ndown_revision = ("2", "3")\n'
    output = versions(
        tmp_path, a=revision("1", None), b=revision("2", "1"), c=revision("3", "1"), d=merge
    )
    assert read_history(output).head == "4"


def test_two_heads_are_refused_with_their_names(tmp_path: Path) -> None:
    output = versions(tmp_path, a=revision("1", None), b=revision("2", "1"), c=revision("3", "1"))
    with pytest.raises(HistoryError, match=r"several heads \(2, 3\)"):
        read_history(output)


def test_a_revision_that_is_no_python_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"versions/bad\.py is no Python"):
        read_history(versions(tmp_path, bad="def"))
    with pytest.raises(HistoryError, match=r"versions/zero\.py is no Python"):
        read_history(versions(tmp_path / "other", zero="x = '\0'"))


def test_a_revision_that_is_no_text_is_named(tmp_path: Path) -> None:
    output = versions(tmp_path)
    (output / "alembic" / "versions" / "odd.py").write_bytes(b"\xff")
    with pytest.raises(HistoryError, match=r"versions/odd\.py"):
        read_history(output)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"place": 1}',
        '{"place": "x", "name": "a"}',
        json.dumps({**EMPTY, "columns": [{"what": 1}]}),
        "null",
    ],
)
def test_a_snapshot_that_is_broken_is_named(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "alembic" / "schema"
    folder.mkdir(parents=True)
    (folder / "things.json").write_text(text, encoding="utf-8")
    with pytest.raises(HistoryError, match=r"alembic/schema/things\.json is no snapshot"):
        read_history(tmp_path)

"""What `compare` finds, and the diffs that it can show."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from apiwright.plan.files import Policy
from apiwright.write import MANIFEST, WriteError, compare, recorded_inputs, write
from apiwright.write import differ as differ_module
from tests.write.write_helpers import NEW, OLD, POLICIES, World, put, snapshot, texts


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "generated"


def test_everything_is_new_where_there_is_nothing(target: Path) -> None:
    changes = compare(target, OLD)
    assert changes.created == tuple(sorted(OLD))
    assert (changes.changed, changes.unchanged, changes.removed, changes.edited) == ((), (), (), ())
    assert not changes.clean
    assert not target.exists()


def test_nothing_is_to_do_after_a_run(target: Path) -> None:
    write(compare(target, OLD))
    changes = compare(target, OLD)
    assert changes.clean
    assert changes.unchanged == tuple(sorted(OLD))
    assert changes.paths == ()


def test_each_path_is_in_one_list(tmp_path: Path) -> None:
    world = World.made(tmp_path)
    before = snapshot(tmp_path)
    changes = compare(world.target, NEW, POLICIES)
    assert changes.created == (
        "alembic/versions/0002.py",
        "app/models/__init__.py",
        "app/models/order.py",
        "app/page",
        "fresh.toml",
    )
    assert changes.changed == ("Dockerfile", "app/main.py")
    assert changes.unchanged == ("app/__init__.py", "app/same.py", "pyproject.toml")
    assert changes.removed == (
        "app/gone/__init__.py",
        "app/gone/deep/thing.py",
        "app/models",
        "app/page/view.py",
    )
    assert changes.edited == ()
    assert snapshot(tmp_path) == before


def test_hand_edits_are_found_wherever_they_are(target: Path) -> None:
    write(compare(target, {"a.py": "1\n", "b.py": "1\n", "stale.py": "1\n", "same.py": "1\n"}))
    put(target / "a.py", "mine\n")
    put(target / "stale.py", "mine\n")
    put(target / "unknown.py", "mine\n")
    put(target / "same.py", "2\n")
    (target / "b.py").unlink()
    files = {"a.py": "1\n", "b.py": "2\n", "unknown.py": "2\n", "same.py": "2\n"}
    changes = compare(target, files)
    assert changes.edited == ("a.py", "stale.py", "unknown.py")
    assert changes.created == ("b.py",)
    assert changes.unchanged == ("same.py",)


def test_a_file_that_is_already_as_it_should_be_is_no_edit(target: Path) -> None:
    put(target / "a.py", "1\n")
    changes = compare(target, {"a.py": "1\n"})
    assert (changes.unchanged, changes.edited) == (("a.py",), ())
    assert not changes.clean, "the record is missing"


@pytest.mark.parametrize("policy", [Policy.SEEDED, Policy.APPEND_ONLY])
def test_files_that_became_a_persons_are_left_alone(target: Path, policy: Policy) -> None:
    write(compare(target, {"a": "1\n"}, {"a": policy}))
    put(target / "a", "mine\n")
    for files in ({"a": "2\n"}, {}):
        changes = compare(target, files, {"a": policy})
        assert changes.clean
        write(changes)
        assert texts(target) == {"a": "mine\n"}
    (target / "a").unlink()
    assert compare(target, {"a": "2\n"}, {"a": policy}).created == ("a",)


def test_a_seeded_file_may_be_a_link(target: Path) -> None:
    target.mkdir()
    (target / "a").symlink_to("nowhere")
    assert compare(target, {"a": "1\n"}, {"a": Policy.SEEDED}).unchanged == ("a",)


def test_a_file_can_change_hands(target: Path) -> None:
    write(compare(target, {"a": "1\n"}))
    write(compare(target, {"a": "2\n"}, {"a": Policy.SEEDED}))
    assert texts(target) == {"a": "1\n"}
    write(compare(target, {}))
    assert texts(target) == {"a": "1\n"}
    assert compare(target, {"a": "2\n"}).edited == ("a",)


def test_a_lost_record_is_something_to_do(target: Path) -> None:
    write(compare(target, OLD))
    (target / MANIFEST).unlink()
    changes = compare(target, OLD)
    assert (changes.paths, changes.outdated, changes.clean) == ((), True, False)
    write(changes)
    assert compare(target, OLD).clean


def test_a_record_with_both_sides_of_a_merge_is_written_anew(target: Path) -> None:
    write(compare(target, OLD))
    record = (target / MANIFEST).read_text()
    sides = f"{{\n<<<<<<< HEAD\n{record}=======\n{record}>>>>>>> other\n"
    (target / MANIFEST).write_text(sides)
    (target / "a").write_text("mine\n")
    changes = compare(target, {**OLD, "a": "1\n"})
    assert (changes.edited, changes.outdated) == (("a",), True)
    write(changes, force=True)
    assert (target / MANIFEST).read_text() != sides
    assert compare(target, {**OLD, "a": "1\n"}).clean


@pytest.mark.parametrize("kind", ["folder with a file", "empty folder", "pipe", "folder in a way"])
def test_what_is_in_the_way_is_named(target: Path, kind: str) -> None:
    path, told = "app/x", "generated/app/x is a folder, but a file has to be there"
    match kind:
        case "folder with a file":
            put(target / "app/x/mine", "")
            told += ", and 'app/x/mine' in it was not generated"
        case "empty folder":
            (target / "app/x/empty").mkdir(parents=True)
            told += ", and 'app/x/empty' in it was not generated"
        case "pipe":
            (target / "app").mkdir(parents=True)
            os.mkfifo(target / path)
            told = "generated/app/x is neither a file nor a folder, but a file has to be there"
        case _:
            put(target / path, "mine")
            path, told = f"{path}/y", "generated/app/x is a file, but a folder has to be there"
    with pytest.raises(WriteError, match=told):
        compare(target, {path: ""})
    if kind == "folder in a way":
        with pytest.raises(WriteError, match=told):
            compare(target, {path: ""}, {path: Policy.SEEDED})


def test_a_socket_is_in_the_way_as_well(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target.mkdir()
    monkeypatch.chdir(target)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("x")
        with pytest.raises(WriteError, match="neither a file nor a folder"):
            compare(target, {"x": ""})


def test_a_folder_of_stale_files_is_not_in_the_way(target: Path) -> None:
    write(compare(target, {"app/x/y/z.py": "1\n", "app/x/w.py": "1\n"}))
    put(target / "app/x/y/__pycache__/z.pyc", "")
    put(target / "app/x/__pycache__/w.pyc", "")
    write(compare(target, {"app/x": "a file\n"}))
    assert texts(target) == {"app/x": "a file\n"}


def test_a_stale_file_is_not_in_the_way_of_a_folder(target: Path) -> None:
    write(compare(target, {"app": "a file\n"}))
    files = {"app/seeded": "1\n", "app/owned": "2\n"}
    write(compare(target, files, {"app/seeded": Policy.SEEDED}))
    assert texts(target) == files
    shutil.rmtree(target / "app")
    put(target / "app", "mine\n")
    write(compare(target, {}))
    assert texts(target) == {"app": "mine\n"}
    assert recorded_inputs(target) == ""


def test_a_folder_that_took_the_place_of_a_stale_file_is_a_persons(target: Path) -> None:
    write(compare(target, {"a": "1\n"}))
    (target / "a").unlink()
    put(target / "a/mine", "mine")
    write(compare(target, {"b": "1\n"}))
    assert texts(target) == {"a/mine": "mine", "b": "1\n"}


@pytest.mark.parametrize("link", ["", "app", "app/inner", "app/inner/a.py", "stale.py", MANIFEST])
def test_links_are_refused_and_never_followed(target: Path, tmp_path: Path, link: str) -> None:
    files = {"app/inner/a.py": "1\n", "stale.py": "1\n"}
    write(compare(target, files))
    outside = tmp_path / "outside"
    (target / link).rename(outside)
    (target / link).symlink_to(outside)
    before = snapshot(tmp_path)
    with pytest.raises(WriteError, match="is a symbolic link"):
        write(compare(target, {"app/inner/a.py": "2\n"}), force=True)
    assert snapshot(tmp_path) == before
    assert recorded_inputs(target) is None


def test_a_link_above_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(compare(tmp_path / "link/generated", {"a": "1\n"}))
    assert texts(tmp_path / "real/generated") == {"a": "1\n"}


def test_the_folder_may_be_a_file(tmp_path: Path) -> None:
    put(tmp_path / "a", "mine")
    with pytest.raises(WriteError, match="a is a file, but a folder has to be there"):
        compare(tmp_path / "a", {})
    with pytest.raises(WriteError, match=r"cannot write .*a/b: "):
        write(compare(tmp_path / "a" / "b", {}))


def test_the_folder_may_be_where_we_are(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (target / "inner").mkdir(parents=True)
    monkeypatch.chdir(target)
    write(compare(Path(), {"a": "1\n"}))
    monkeypatch.chdir(target / "inner")
    assert compare(Path(".."), {"a": "1\n"}).clean
    with pytest.raises(WriteError, match="cannot be an output folder"):
        compare(Path("/"), {})


def test_text_that_is_no_text_is_refused(target: Path) -> None:
    with pytest.raises(WriteError, match="the text of 'a' has a lone surrogate"):
        compare(target, {"a": "\ud800"})


class TestInputs:
    def test_are_those_of_the_last_run(self, target: Path) -> None:
        assert recorded_inputs(target) is None
        write(compare(target, OLD, POLICIES), inputs="abc")
        assert recorded_inputs(target) == "abc"

    @pytest.mark.parametrize("path", ["app/main.py", "pyproject.toml", MANIFEST])
    def test_are_none_when_a_file_is_missing(self, target: Path, path: str) -> None:
        write(compare(target, OLD, POLICIES), inputs="abc")
        (target / path).unlink()
        assert recorded_inputs(target) is None

    @pytest.mark.parametrize("path", ["app/main.py", MANIFEST])
    def test_are_none_when_a_file_differs(self, target: Path, path: str) -> None:
        write(compare(target, OLD, POLICIES), inputs="abc")
        put(target / path, "?")
        assert recorded_inputs(target) is None

    def test_are_there_when_a_persons_file_differs(self, target: Path) -> None:
        write(compare(target, OLD, POLICIES), inputs="abc")
        put(target / "pyproject.toml", "mine")
        assert recorded_inputs(target) == "abc"

    def test_come_back_when_a_person_gave_up_a_file_for_good(self, target: Path) -> None:
        write(compare(target, OLD, POLICIES), inputs="abc")
        (target / "alembic/versions/0001.py").unlink()
        files = {path: text for path, text in OLD.items() if "0001" not in path}
        assert compare(target, files, POLICIES).clean
        write(compare(target, files, POLICIES), inputs="abc")
        assert recorded_inputs(target) == "abc"

    def test_are_none_for_a_target_that_cannot_be(self) -> None:
        assert recorded_inputs(Path("/")) is None

    def test_have_to_be_plain(self, target: Path) -> None:
        for inputs in ("é", "x" * 2_000):
            with pytest.raises(WriteError, match="digest of the inputs"):
                write(compare(target, {}), inputs=inputs)


class TestDiff:
    def test_shows_changes(self, target: Path) -> None:
        write(compare(target, {"a.py": "1\n2\n"}))
        assert compare(target, {"a.py": "1\n3\n"}).diff("a.py") == (
            "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n"
        )

    def test_shows_files_that_come_and_go(self, target: Path) -> None:
        write(compare(target, {"old": "1\n", "empty": ""}))
        changes = compare(target, {"new": "2\n", "void": ""})
        assert changes.diff("old") == "--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"
        assert changes.diff("new") == "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+2\n"
        assert changes.diff("void") == "--- /dev/null\n+++ b/void\n"
        assert changes.diff("empty") == "--- a/empty\n+++ /dev/null\n"
        assert changes.diff("other") == ""

    def test_shows_a_first_run(self, target: Path) -> None:
        assert compare(target, {"a": "1\n"}).diff("a").startswith("--- /dev/null\n")

    def test_is_empty_when_the_file_was_put_right_since(self, target: Path) -> None:
        put(target / "a", "1\n")
        changes = compare(target, {"a": "2\n"})
        put(target / "a", "2\n")
        assert changes.diff("a") == ""

    @pytest.mark.parametrize("data", [b"\0", b"\xff"])
    def test_says_of_binary_files_that_they_differ(self, target: Path, data: bytes) -> None:
        put(target / "a", data)
        told = "Binary files a/a and b/a differ\n"
        assert compare(target, {"a": "1\n"}).diff("a") == told

    def test_says_of_large_files_that_they_differ(self, target: Path) -> None:
        put(target / "a", b"a\n" * differ_module.MAX_BYTES)
        told = "Large files a/a and b/a differ\n"
        assert compare(target, {"a": "1\n"}).diff("a") == told

    def test_follows_no_link(self, target: Path, tmp_path: Path) -> None:
        put(tmp_path / "outside", "secret\n")
        put(target / "a", "1\n")
        changes = compare(target, {"a": "2\n"})
        (target / "a").unlink()
        (target / "a").symlink_to(tmp_path / "outside")
        with pytest.raises(WriteError, match="symbolic link"):
            changes.diff("a")

    def test_is_what_git_applies(self, target: Path) -> None:
        old = {
            "lines": "".join(f"{n}\n" for n in range(50)),
            "ragged": "1\n2",
            "feeds": "a\x0cb\u2028c\x85d\r\nrest\n",
            "gone": "x",
            "end": "1\n",
        }
        new = {
            "lines": old["lines"].replace("7\n", "seven\n"),
            "ragged": "1\n3",
            "feeds": "a\x0cb\u2028c\x85d\nrest\n",
            "new": "y\n\n",
            "end": "1",
        }
        write(compare(target, old))
        changes = compare(target, new)
        patch = "".join(changes.diff(path) for path in changes.paths)
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, cwd=target, input=patch.encode(), check=True)
        assert texts(target) == new

"""Formatted files are kept by what they were made of, and are the same as if they were not."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.kept import keep, kept, kept_folder
from apiwright.render.formatting import Formatter, FormattingError, formatted

FILES = {
    "app/a.py": "import os, sys\nfrom app.b import B\nimport alembic\nx = {  'a':1 }\nprint(sys)\n",
    "app/b.py": "from overrides.items import Items as B\nimport tests.c\n__all__=['B']\n",
    "app/__init__.py": "from app.b import B\n",
    "tests/c.py": "from __future__ import annotations\nimport pytest\nc: 'int' = 1\n",
    "text.md": "*  as it is\n",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own for what can be made again."""
    found = tmp_path / "cache"
    found.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(found))
    return found


def test_a_file_by_itself_is_formatted_as_among_others() -> None:
    whole = formatted(FILES)
    alone = {path: formatted({path: text})[path] for path, text in FILES.items()}
    assert alone == whole


def test_what_was_formatted_is_known_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Formatter("service")
    assert not any(first.knows(path, text) for path, text in FILES.items())
    once = first.formatted(FILES)
    edited = {**FILES, "app/a.py": "y  = 2\n"}
    edited.pop("tests/c.py")
    again = Formatter("service")
    assert again.knows("app/b.py", FILES["app/b.py"])
    assert not again.knows("app/a.py", FILES["app/b.py"])
    assert again.formatted(edited) == {
        **{path: once[path] for path in edited},
        "app/a.py": "y = 2\n",
    }
    monkeypatch.setattr("apiwright.render.formatting.formatted", dict)
    assert Formatter("service").formatted(edited)["app/a.py"] == "y = 2\n"
    assert not Formatter("service").knows("tests/c.py", FILES["tests/c.py"])
    assert not Formatter("another").knows("app/b.py", FILES["app/b.py"])
    assert not Formatter().knows("app/b.py", FILES["app/b.py"])


def test_what_is_no_python_is_not_kept() -> None:
    with pytest.raises(FormattingError):
        Formatter("service").formatted({"a.py": "def"})
    assert not Formatter("service").knows("a.py", "def")


def test_what_is_damaged_is_not_there(home: Path) -> None:
    keep("things", "a", b"1\n2", entries=2)
    assert kept("things", "a") == b"1\n2"
    file = home / "apiwright" / "things" / "a"
    file.write_bytes(file.read_bytes()[:-1] + b"3")
    assert kept("things", "a") is None
    assert kept("things", "b") is None


def test_only_the_newest_stay(home: Path) -> None:
    for key in ("a", "b", "c"):
        keep("things", key, key.encode(), entries=2)
    folder = home / "apiwright" / "things"
    assert len(list(folder.iterdir())) == 2
    assert kept("things", "c") == b"c"


def test_nothing_is_kept_where_others_can_write(home: Path) -> None:
    home.chmod(0o777)
    keep("things", "a", b"1", entries=2)
    assert kept_folder("things") is None
    assert kept("things", "a") is None

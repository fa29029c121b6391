"""Compiled templates are kept where nobody else can write, and never outlive what they are of."""

from __future__ import annotations

from pathlib import Path

import pytest

from apiwright.code import constant
from apiwright.render.engine import environment
from apiwright.render.kept import kept_templates


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own for what can be made again."""
    found = tmp_path / "cache"
    found.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(found))
    return found


def rendered(folder: Path) -> str:
    """What the only template gives."""
    return environment((folder,)).get_template("a.j2").render(word=constant("word"))


def test_a_template_is_compiled_once_and_again_after_a_change(home: Path, tmp_path: Path) -> None:
    template = tmp_path / "a.j2"
    template.write_text("one {{ word }}")
    assert rendered(tmp_path) == "one word"
    (kept,) = home.glob("apiwright/templates-*/*")
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    before = kept.stat().st_mtime_ns
    assert rendered(tmp_path) == "one word"
    assert kept.stat().st_mtime_ns == before
    template.write_text("two {{ word }}")
    assert rendered(tmp_path) == "two word"
    kept.write_bytes(b"nothing that could be run")
    assert rendered(tmp_path) == "two word"


@pytest.mark.parametrize("place", [".", "apiwright"])
def test_nothing_is_kept_where_others_can_write(home: Path, tmp_path: Path, place: str) -> None:
    (home / "apiwright").mkdir()
    (home / place).chmod(0o777)
    assert kept_templates(Path(__file__)) is None
    (tmp_path / "a.j2").write_text("one {{ word }}")
    assert rendered(tmp_path) == "one word"
    assert list(home.glob("apiwright/templates-*/*")) == []


def test_another_engine_has_templates_of_its_own(home: Path, tmp_path: Path) -> None:
    engine = tmp_path / "engine.py"
    for text in ("one", "two"):
        engine.write_text(text)
        assert kept_templates(engine) is not None
    assert len(list(home.glob("apiwright/templates-*"))) == 2
    assert kept_templates(tmp_path / "nowhere.py") is None

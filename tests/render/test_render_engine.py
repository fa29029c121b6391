"""The engine prints code and nothing else; what it can't print or parse it tells of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apiwright.code import Code, compose, constant, literal
from apiwright.plan.files import DataFile, Plan, PlannedFile
from apiwright.render import RenderError, render
from apiwright.render.engine import environment
from apiwright.render.formatting import FormattingError, formatted
from apiwright.render.templates import builtin_templates
from tests.support.running import ROOT

CONTEXT = {
    "text": "raw'); import os; ('",
    "number": 5,
    "code": constant("x = 1"),
    "codes": (constant("a"), constant("b")),
    "words": ("a", "b"),
    "mapping": {"items": "own"},
    "none": None,
}


def printed(template: str, folder: Path, path: str = "a.txt") -> str:
    """What a template of a project's own gives."""
    (folder / "t.j2").write_text(template, encoding="utf-8")
    plan = Plan((PlannedFile(path, "t.j2", CONTEXT),), ())
    return render(plan, folder)[path]


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ code }}", "x = 1"),
        ("{{ text | py }}", repr("raw'); import os; ('")),
        ("{{ number | py }} {{ none | py }}", "5 None"),
        ("{% for one in codes %}{{ one }};{% endfor %}", "a;b;"),
        ("{% if text %}yes{% endif %}", "yes"),
        ("{{ 'word' | ident }}", "word"),
        ("# {{ 'a\\nb' | comment }}", "# a b"),
        ("{% set x = code %}{{ x }}", "x = 1"),
        ("{{ mapping['items'] | py }}", '"own"'),
    ],
)
def test_code_is_printed(template: str, wanted: str, tmp_path: Path) -> None:
    assert printed(template, tmp_path).replace('"', "'") == wanted.replace('"', "'")


@pytest.mark.parametrize(
    "template",
    [
        "{{ text }}",
        "{{ number }}",
        "{{ none }}",
        "{{ words }}",
        "{{ mapping }}",
        "{{ mapping.items }}",
        "{{ 'constant' }}",
        "{{ 5 }}",
        "{{ code ~ text }}",
        "{{ code ~ code }}",
        "{{ code + text }}",
        "{{ code[0] }}",
        "{{ code.upper() }}",
        "{{ text.replace('a', 'b') }}",
        "{% set x %}{{ code }}{% endset %}{{ x }}",
        "{% macro m() %}{{ code }}{% endmacro %}{{ m() }}",
        "{% for one in words %}{{ one }}{% endfor %}",
        "{{ loop }}",
        "{{ missing }}",
        "{{ code.missing }}",
        "{% if missing %}{% endif %}",
        "{% for one in missing %}{% endfor %}",
        "{{ text | upper }}",
        "{{ words | join }}",
        "{{ text | safe }}",
        "{{ text | ident }}",
        "{{ 'class' | ident }}",
        "{% include 'other.j2' %}",
        "{{ unclosed",
    ],
)
def test_anything_else_is_refused(template: str, tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        printed(template, tmp_path)
    assert "(for a.txt)" in str(caught.value) or "other.j2" in str(caught.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"^there is no template nowhere\.j2 \(for a\.txt\)$"):
        render(Plan((PlannedFile("a.txt", "nowhere.j2"),), ()), tmp_path)


def test_the_line_of_a_broken_template_is_told(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"^template t\.j2:3 \(for a\.txt\): "):
        printed("a\nb\n{% if %}", tmp_path)


def test_python_that_is_none_is_told_of_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        printed("x = 1\ny = = 2\n", tmp_path, "a.py")
    assert str(caught.value) == (
        "template t.j2 gives no valid Python for a.py, line 2: invalid syntax: y = = 2"
    )
    with pytest.raises(RenderError, match=r"gives no valid Python for a\.py"):
        printed("'''", tmp_path, "a.py")


def test_a_projects_own_template_takes_the_place_of_the_built_in(tmp_path: Path) -> None:
    name = "app/utils/__init__.py"
    own = tmp_path / f"{name}.j2"
    own.parent.mkdir(parents=True)
    own.write_text('"""Mine."""\n', encoding="utf-8")
    plan = Plan((PlannedFile(name, f"{name}.j2"),), (DataFile("a.json", "{}\n"),))
    assert render(plan, tmp_path) == {name: '"""Mine."""\n', "a.json": "{}\n"}
    assert render(plan)[name] != '"""Mine."""\n'


def test_the_templates_come_with_the_tool() -> None:
    assert builtin_templates() == ROOT / "templates"
    assert environment((builtin_templates(),)).filters.keys() == {"py", "ident", "comment"}


def test_python_is_laid_out_and_its_imports_pruned() -> None:
    files = {
        "app/a.py": "from app.b import z\nimport os,  sys\nfrom typing import Any\n"
        "x = {'a':sys.path,\n 'b' : z}\ndef f( a:'Any' ) :\n  return a\n",
        "notes.md": "from  x  import  y\n",
    }
    done = formatted(files)
    assert done["notes.md"] == files["notes.md"]
    assert done["app/a.py"] == (
        "import sys\nfrom typing import Any\n\nfrom app.b import z\n\n"
        'x = {"a": sys.path, "b": z}\n\n\ndef f(a: "Any"):\n    return a\n'
    )
    assert formatted(done) == done
    assert formatted({"a.md": "x"}) == {"a.md": "x"}


def test_the_formatter_is_not_swayed_by_files_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "line-length = 20\n[format]\nquote-style = 'single'\n"
    for name in ("ruff.toml", ".ruff.toml"):
        (tmp_path / name).write_text(config, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("RUFF_CONFIG", str(tmp_path / "ruff.toml"))
    text = 'x = ["a", "b", "c", "d", "e", "f", "g"]\n'
    assert formatted({"a.py": text}) == {"a.py": text}


def test_what_the_formatter_refuses_is_told_of() -> None:
    with pytest.raises(FormattingError, match=r"a\.py"):
        formatted({"a.py": "x = ("})


def test_rendering_takes_no_import_of_what_it_renders_for() -> None:
    """A service's own libraries are not the generator's."""
    program = (
        "import sys; from apiwright.render import render; from apiwright.plan import plan;"
        "print([m for m in ('fastapi', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_code_is_made_by_one_module() -> None:
    """Nobody else calls the class that the engine trusts."""
    callers = [
        file.relative_to(ROOT).as_posix()
        for file in sorted((ROOT / "generator").rglob("*.py"))
        if "Code(" in file.read_text(encoding="utf-8").replace("-> Code(", "")
    ]
    assert callers == ["generator/apiwright/code.py"]
    assert isinstance(compose("{}", literal("a")), Code)

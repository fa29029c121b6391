"""Problems as text, as data and as commands of GitHub."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from apiwright.cli.printer import (
    print_problems,
    problems_as_github,
    problems_as_json,
    summary,
)
from apiwright.load import Source, load
from apiwright.problems import Position, Report
from tests.load.load_helpers import write


def printed(report: Report, *texts: str, color: bool = False) -> str:
    """What is printed of a report about the files a.yaml, b.yaml and so on."""
    sources = {
        f"{name}.yaml": Source(f"{name}.yaml", text)
        for name, text in zip("abc", texts, strict=False)
    }
    stream = io.StringIO()
    print_problems(report, sources, stream, color=color)
    return stream.getvalue()


def excerpt(text: str, column: int) -> tuple[str, str]:
    """The line and the carets that are shown for a column of a one-line file."""
    report = Report()
    report.error("code", "message", Position("a.yaml", 1, column))
    _, _, _, line, carets, *_ = printed(report, text).splitlines()
    return line.removeprefix("1 | "), carets.removeprefix("  | ")


def test_an_error_with_its_line(tmp_path: Path) -> None:
    text = """openapi: 3.1.0
info: {title: T, version: "1"}
paths: {}
components:
  schemas:
    Item: {}
    Other:
      $ref: '#/components/schemas/Itm'
"""
    write(tmp_path, {"openapi.yaml": text})
    report = Report()
    document = load(tmp_path / "openapi.yaml", report, base=tmp_path)
    assert document is not None
    stream = io.StringIO()
    print_problems(report, document.sources, stream, color=False)
    assert (
        stream.getvalue()
        == """\
error[unresolved-reference]: there is no schema 'Itm'
 --> openapi.yaml:8:13
  |
8 |       $ref: '#/components/schemas/Itm'
  |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
  = hint: did you mean '#/components/schemas/Item'?

1 error
"""
    )


def test_related_places_severities_and_the_count() -> None:
    report = Report()
    report.error(
        "twice", "again", Position("a.yaml", 12, 1), related=[(Position("b.yaml", 1, 1), "first")]
    )
    report.error("nowhere", "no place", None)
    report.warning("careful", "hm", Position("c.yaml", 3, 1))
    report.note("by-the-way", "so", Position("a.yaml", 1, 1), hint="do")
    assert (
        printed(report, "x: 1\n" * 12, "y: 1\n")
        == """\
note[by-the-way]: so
 --> a.yaml:1:1
  |
1 | x: 1
  | ^
  = hint: do

warning[careful]: hm
 --> c.yaml:3:1

error[twice]: again
  --> a.yaml:12:1
   |
12 | x: 1
   | ^
note: first
  --> b.yaml:1:1
   |
 1 | y: 1
   | ^

error[nowhere]: no place

2 errors, 1 warning, 1 note
"""
    )
    assert summary(Report()) == "no problems"
    assert printed(Report()) == ""


@pytest.mark.parametrize(
    ("text", "column", "marked"),
    [
        ("key: value # note", 1, "key"),
        ("key: value # note", 6, "value"),
        ("key: some words  ", 6, "some words"),
        ('{"key": "a \\" b", "c": 12}', 2, '"key"'),
        ('{"key": "a \\" b", "c": 12}', 9, '"a \\" b"'),
        ('{"key": "a \\" b", "c": 12}', 24, "12"),
        ("a: 'it''s' b", 4, "'it''s'"),
        ("a: 'open", 4, "'open"),
        ("a: http://x:80/#y", 4, "http://x:80/#y"),
        ("a: {b: c}", 4, "{"),
        ("a: {b: c}", 8, "c"),
        ("a: [{b: [c, 5]}, d]", 13, "5"),
        ("a: [{b: [c, 5]}, d]", 5, "{"),
        ("/a/{id}/[x]: {}", 1, "/a/{id}/[x]"),
        ("a: /b/{id}", 4, "/b/{id}"),
        ("- x", 1, "-"),
        ("a: |", 4, "|"),
        ("a: &x y", 4, "&"),
        ("a:", 3, " "),
        ("a:", 30, " "),
        ("- -1", 3, "-1"),
    ],
)
def test_carets_mark_what_stands_there(text: str, column: int, marked: str) -> None:
    line, carets = excerpt(text, column)
    assert line == text
    assert carets == " " * min(column - 1, len(text)) + "^" * len(marked)


def test_wide_and_combining_characters_are_counted_as_they_are_shown() -> None:
    assert excerpt("😀漢: e\u0301 x", 5) == ("😀漢: e\u0301 x", " " * 6 + "^^^")
    assert excerpt("a: 漢字", 4) == ("a: 漢字", "   ^^^^")


def test_no_character_of_a_file_reaches_the_terminal_as_a_command() -> None:
    nasty = "\x1b[31mred\x07\x9b\u202eabc\u200b\ufeff\x7f\ttab\u2028\r\x00"
    report = Report()
    report.error(
        nasty and "code",
        nasty,
        Position("a\x1b.yaml", 1, 2),
        hint=nasty,
        related=[(Position("a.yaml", 1, 3), nasty)],
    )
    text = printed(report, nasty)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202e\ufeff]", text)
    assert "\u241b[31mred\u2407" in text
    line, carets = excerpt("a\tb: \x1bc", 6)
    assert (line, carets) == ("a b: \u241bc", "     ^^")


def test_long_lines_and_messages_are_cut() -> None:
    line, carets = excerpt("x" * 500 + " here " + "y" * 500, 502)
    assert len(line) < 120
    assert line.startswith("...")
    assert line.endswith("...")
    assert line[len(carets) - carets.count("^") :].startswith("here")
    start, _ = excerpt("x" * 500, 1)
    assert start == "x" * 100 + "..."
    end, carets = excerpt("x" * 500, 499)
    assert end == "..." + "x" * 32
    assert carets == " " * 33 + "^^"
    report = Report()
    report.error("code", "m" * 5000, None)
    assert len(printed(report)) < 1100


def test_colours_only_on_request() -> None:
    report = Report()
    report.error("code", "message", Position("a.yaml", 1, 1), hint="hint")
    coloured = printed(report, "x: 1", color=True)
    assert coloured.startswith("\x1b[1;31merror[code]\x1b[0m")
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == printed(report, "x: 1")


def test_a_stream_that_lacks_a_character_gets_an_escape() -> None:
    report = Report()
    report.error("code", "ä 😀", Position("a.yaml", 1, 1))
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    print_problems(report, {"a.yaml": Source("a.yaml", "漢")}, stream, color=False)
    stream.flush()
    assert "\\xe4 \\U0001f600" in raw.getvalue().decode("ascii")


def test_problems_as_data() -> None:
    report = Report()
    related = [(Position("b.yaml", 3, 4), "there")]
    report.error("code", "message", Position("a.yaml", 1, 2), hint="hint", related=related)
    report.note("other", "text", None)
    assert json.loads(json.dumps(problems_as_json(report))) == [
        {
            "code": "code",
            "severity": "error",
            "message": "message",
            "hint": "hint",
            "file": "a.yaml",
            "line": 1,
            "column": 2,
            "related": [{"file": "b.yaml", "line": 3, "column": 4, "message": "there"}],
        },
        {
            "code": "other",
            "severity": "note",
            "message": "text",
            "hint": "",
            "file": None,
            "line": None,
            "column": None,
            "related": [],
        },
    ]


def test_problems_as_commands_of_github() -> None:
    report = Report()
    report.error("code", "100%,\n::error::x\r", Position("a,b:c.yaml", 1, 2), hint="do")
    report.warning("careful", "hm", None)
    report.note("by-the-way", "so", Position("d", 1, 1))
    assert problems_as_github(report) == (
        "::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=code::"
        "100%25,%0A::error::x\u240d%0Ado\n"
        "::notice file=d,line=1,col=1,title=by-the-way::so\n"
        "::warning title=careful::hm\n"
    )
    assert problems_as_github(Report()) == ""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from apiwright.load import Source
from apiwright.load.yaml_reader import read_yaml
from apiwright.problems import Report
from tests.load.load_helpers import hints, told, value, yaml_of

TYPES: list[tuple[str, Any]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("nUll", "nUll"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("tRue", "tRue"),
    ("false", False),
    ("no", "no"),
    ("No", "No"),
    ("on", "on"),
    ("y", "y"),
    ("0", 0),
    ("-0", 0),
    ("+12", 12),
    ("012", 12),
    ("0777", 777),
    ("0o17", 15),
    ("0o8", "0o8"),
    ("0x1F", 31),
    ("-0x1F", "-0x1F"),
    ("0b1", "0b1"),
    ("1_000", "1_000"),
    ("12:30:45", "12:30:45"),
    ("2020-01-01", "2020-01-01"),
    ("2020-13-45", "2020-13-45"),
    ("1.5", 1.5),
    ("1.", 1.0),
    (".5", 0.5),
    ("-1e3", -1000.0),
    ("1e3", 1000.0),
    ("1.0.0", "1.0.0"),
    (".", "."),
    ("+", "+"),
    ("=", "="),
    ("'12'", "12"),
    ('"true"', "true"),
    ("! 12", "12"),
    ("!!str 12", "12"),
    ("!!str", ""),
    ("!!int 12", 12),
    ("!!float 12", 12.0),
    ("!!float 1.5", 1.5),
    ("!!bool true", True),
    ("!!null ''", None),
    ("!!map {}", {}),
    ("!!seq []", []),
]


@pytest.mark.parametrize(("text", "expected"), TYPES)
def test_scalars_have_the_types_of_the_core_schema(text: str, expected: Any) -> None:
    node, report = yaml_of(f"a: {text}\n")
    found = value(node)
    assert not len(report)
    assert found == {"a": expected}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(expected)


def test_keys_are_always_text() -> None:
    node, report = yaml_of("200: a\n1.0: b\nnull: c\non: d\n2020-01-01: e\n~: f\n? \n: g\n")
    assert node is not None
    assert list(node.mapping) == ["200", "1.0", "null", "on", "2020-01-01", "~", ""]
    assert not len(report)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: .inf", "number-not-finite f.yaml:1:4"),
        ("a: -.INF", "number-not-finite f.yaml:1:4"),
        ("a: .nan", "number-not-finite f.yaml:1:4"),
        ("a: 1e400", "number-not-finite f.yaml:1:4"),
        ("a: " + "1" * 4301, "number-too-long f.yaml:1:4"),
        ("a: -" + "1" * 4301, "number-too-long f.yaml:1:4"),
        ("a: 0x" + "f" * 5000, "number-too-long f.yaml:1:4"),
        ("a: 0x" + "f" * 4000, "number-too-long f.yaml:1:4"),
        ("a: !!float " + "1" * 4000, "number-not-finite f.yaml:1:4"),
        ("a:\n  - !!int x", "bad-tag f.yaml:2:5"),
        ("a: !!bool yes", "bad-tag f.yaml:1:4"),
        ("a: !!python/object/apply:os.system [id]", "unsupported-tag f.yaml:1:4"),
        ("a: !foo x", "unsupported-tag f.yaml:1:4"),
        ("a: !!binary aGk=", "unsupported-tag f.yaml:1:4"),
        ("a: !!set {x}", "unsupported-tag f.yaml:1:4"),
        ("a: 1\nb: 2\na: 3", "duplicate-key f.yaml:3:1"),
        ("{a: 1, a: 2}", "duplicate-key f.yaml:1:8"),
        ("<<: {a: 1}\n<<: {b: 1}", "duplicate-key f.yaml:2:1"),
        ("<<: text", "bad-merge f.yaml:1:5"),
        ("<<: [{a: 1}, 2]", "bad-merge f.yaml:1:14"),
    ],
)
def test_lesser_faults_are_reported_and_the_rest_is_read(text: str, expected: str) -> None:
    node, report = yaml_of(text)
    assert node is not None
    assert told(report) == [f"error {expected}"]
    assert hints(report)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty-file f.yaml:1:1"),
        ("# nothing\n", "empty-file f.yaml:1:1"),
        ("a: 1\n---\nb: 2\n", "several-documents f.yaml:2:1"),
        ("%TAG ! tag:x,2000:\n---\na: !b c\n", "yaml-directive f.yaml:1:1"),
        ("%A\n" * 17 + "---\na: 1\n", "yaml-directive f.yaml:17:1"),
        ("? [a]\n: 1", "key-not-text f.yaml:1:3"),
        ("{a: 1}: 2", "key-not-text f.yaml:1:1"),
        ("path: {{id}}", "key-not-text f.yaml:1:8"),
        ("a: &x [1]\n*x : 2", "key-not-text f.yaml:2:1"),
        ("a: *nope", "unknown-alias f.yaml:1:4"),
        ("*nope", "unknown-alias f.yaml:1:1"),
        ("a: &x {b: *x}", "alias-cycle f.yaml:1:11"),
        ("a: \x07", "control-character f.yaml:1:4"),
        ("a: b\ufeffc", "control-character f.yaml:1:5"),
        ("[" * 101 + "]" * 101, "too-deep f.yaml:1:101"),
        ("a: " + "[" * 100, "too-deep f.yaml:1:103"),
    ],
)
def test_what_cannot_be_read_at_all(text: str, expected: str) -> None:
    node, report = yaml_of(text)
    assert node is None
    assert told(report) == [f"error {expected}"]


def test_the_deepest_document_that_is_read() -> None:
    node, report = yaml_of("[" * 100 + "]" * 100)
    assert node is not None
    assert not len(report)


def test_a_duplicate_names_the_first_one_which_stays() -> None:
    node, report = yaml_of("a: 1\nb: 2\na: 3\n")
    (problem,) = report
    assert value(node) == {"a": 1, "b": 2}
    assert str(problem.related[0][0]) == "f.yaml:1:1"


def test_the_nearest_anchor_is_offered() -> None:
    _, report = yaml_of("a: &item 1\nb: *itme\n")
    assert hints(report) == "did you mean 'item'?"


def test_merged_entries_come_first_and_lose_to_own_ones() -> None:
    text = """
base: &base {a: 1, b: 2}
more: &more {b: 3, c: 4}
one: {b: 9, <<: *base, d: 5}
two:
  <<: [*base, *more]
"<<": {x: 1}
quoted: {"<<": *base}
"""
    node, report = yaml_of(text)
    found = value(node)
    assert isinstance(found, dict)
    assert not len(report)
    assert found["one"] == {"a": 1, "b": 9, "d": 5}
    assert list(found["one"]) == ["a", "b", "d"]
    assert found["two"] == {"a": 1, "b": 2, "c": 4}
    assert found["<<"] == {"x": 1}
    assert found["quoted"] == {"<<": {"a": 1, "b": 2}}


def test_an_alias_is_the_node_that_it_names() -> None:
    node, report = yaml_of("a: &x {k: 1}\nb: [*x]\nc: &s text\n*s : 2\n&k d: *k\n")
    assert node is not None
    assert node.get("a") is node.mapping["b"].items[0]
    assert value(node) == {"a": {"k": 1}, "b": [{"k": 1}], "c": "text", "text": 2, "d": "d"}
    assert not len(report)


def test_aliases_are_counted_with_what_they_stand_for() -> None:
    report = Report()
    assert read_yaml(Source("f.yaml", "a: &x [1, 2]\nb: [*x, *x]\n"), report, 11) is not None
    assert read_yaml(Source("f.yaml", "a: &x [1, 2]\nb: [*x, *x]\n"), report, 10) is None
    assert told(report) == ["error alias-bomb f.yaml:2:9"]


def test_aliases_cannot_build_depth() -> None:
    steps = [f"b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 200)]
    node, report = yaml_of("b0: &b0 [x]\n" + "".join(steps))
    assert node is None
    assert told(report) == ["error too-deep f.yaml:100:12"]


def test_positions_of_keys_and_values() -> None:
    node, _ = yaml_of("a:\n  - b: |\n      text\n    ç: 😀 x\n  - *k\n".replace("*k", "'k'"))
    assert node is not None
    first, second = node.mapping["a"].items
    assert str(node.mapping["a"].position) == "f.yaml:2:3"
    assert str(node.mapping["a"].key_position) == "f.yaml:1:1"
    assert str(first.mapping["b"].position) == "f.yaml:2:8"
    assert str(first.mapping["ç"].position) == "f.yaml:4:8"
    assert str(first.mapping["ç"].key_position) == "f.yaml:4:5"
    assert str(second.key_position) == str(second.position) == "f.yaml:5:5"


def test_line_breaks_of_old_yaml_are_characters() -> None:
    node, report = yaml_of("a: x\u2028y\nb: \"p\u2029q\x85r\ue000\"\r\nc\u2028: 'd'\re: f\n")
    assert value(node) == {"a": "x\u2028y", "b": "p\u2029q\x85r\ue000", "c\u2028": "d", "e": "f"}
    assert node is not None
    assert str(node.mapping["e"].position) == "f.yaml:4:4"
    assert not len(report)


def test_after_very_many_problems_reading_stops() -> None:
    node, report = yaml_of("- .inf\n" * 2000)
    assert node is None
    assert len(report) == 1001
    assert "too-many-problems" in {problem.code for problem in report}


def test_the_parser_in_python_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [1, 'x', {b: no}]\nc: &x 2\nd: *x\n"
    fast = yaml_of(text)
    monkeypatch.delattr(yaml, "CSafeLoader")
    slow = yaml_of(text)
    assert value(fast[0]) == value(slow[0])
    node, report = yaml_of('a: "\\ud83d\\ude00"')
    assert node is None
    assert told(report) == ["error lone-surrogate f.yaml:1:4"]


SYNTAX: list[tuple[str, str, str]] = [
    ("a:\n\tb: 1\n", "yaml-tab f.yaml:2:1", "a tab stands"),
    ("a: |\n\tx\n", "yaml-tab f.yaml:2:1", "a tab stands"),
    ("a: @x\n", "yaml-syntax f.yaml:1:4", "cannot begin with '@'"),
    ("a: `x`\n", "yaml-syntax f.yaml:1:4", "cannot begin with '`'"),
    ("a: b: c\n", "yaml-syntax f.yaml:1:5", "': ' is not allowed"),
    ("k" * 1100 + ": 1\n", "yaml-syntax f.yaml:1:1101", "longer than 1024"),
    ("a: 1\nfoo\nb: 2\n", "yaml-syntax f.yaml:2:1", "no 'key: value'"),
    ('a: "foo\nb: 1\n', "yaml-syntax f.yaml:1:4", "never closed"),
    ("a: 'it's'\n", "yaml-syntax f.yaml:1:8", "follows the closing quote"),
    ('a: "x" y\n', "yaml-syntax f.yaml:1:8", "follows the closing quote"),
    ('a: "x\n--- y"\n', "yaml-syntax f.yaml:1:4", "not closed before"),
    ('a: "\\d"\n', "yaml-syntax f.yaml:1:5", "no escape"),
    ('a: "\\ud83d\\ude00"\n', "yaml-syntax f.yaml:1:7", "names no character"),
    ('a: "\\xzz"\n', "yaml-syntax f.yaml:1:7", "too few hexadecimal"),
    ("a:\n  b: 1\n c: 2\n", "yaml-syntax f.yaml:3:2", "does not continue the mapping"),
    ("- a\nb: 1\n", "yaml-syntax f.yaml:2:1", "does not continue the list"),
    ("a: - b\n", "yaml-syntax f.yaml:1:4", "cannot begin on the line"),
    ("a: ? b\n", "yaml-syntax f.yaml:1:4", "'? ' is not allowed"),
    ("a: [1\nb: 1\n", "yaml-syntax f.yaml:2:2", "']' is missing"),
    ("a: {x: 1\nb: 1\n", "yaml-syntax f.yaml:2:2", "'}' is missing"),
    ("a: [1]]\n", "yaml-syntax f.yaml:1:7", "closes nothing"),
    ("a: , b\n", "yaml-syntax f.yaml:1:4", "a value is missing"),
    ("a: *.json\n", "yaml-syntax f.yaml:1:4", "no name follows"),
    ("a: !e!foo 1\n", "unsupported-tag f.yaml:1:4", "not known"),
    ("a: |foo\n  x\n", "yaml-syntax f.yaml:1:5", "may follow '|'"),
    ("a: 1\n... foo\n", "yaml-syntax f.yaml:2:5", "outside of the document"),
    ("%YAML 2.0\n---\na: 1\n", "yaml-syntax f.yaml:1:1", "version of YAML"),
    ("%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "yaml-syntax f.yaml:2:1", "may stand once"),
    ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\n>>>>>>> x\n", "yaml-syntax f.yaml:2:1", "conflict"),
]


@pytest.mark.parametrize(("text", "expected", "words"), SYNTAX)
@pytest.mark.parametrize("fast", [True, False])
def test_syntax_errors_are_put_into_words(
    text: str, expected: str, words: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fast:
        monkeypatch.delattr(yaml, "CSafeLoader")
    node, report = yaml_of(text)
    (problem,) = report
    if not fast and "\\ud8" in text:
        expected, words = "lone-surrogate f.yaml:1:4", "half of a character"
    assert node is None
    assert words in problem.message
    assert problem.code == expected.split()[0]
    if fast:
        assert told(report) == [f"error {expected}"]


class _OtherError(yaml.YAMLError):
    pass


def test_faults_without_a_place_or_a_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(yaml, "parse", fail)
    error: Exception = _OtherError("?")
    _, report = yaml_of("a: 1")
    assert told(report) == ["error yaml-syntax f.yaml:1:1"]
    mark = yaml.Mark("f", 0, 0, 2, "", 0)
    error = yaml.MarkedYAMLError("while dreaming", None, "no such thing", mark)
    _, report = yaml_of("a: 1")
    assert told(report) == ["error yaml-syntax f.yaml:1:3"]
    error = yaml.MarkedYAMLError("while parsing a block mapping", None, "what", mark)
    _, report = yaml_of("a: 1")
    assert told(report) == ["error yaml-syntax f.yaml:1:3"]

from __future__ import annotations

import json
from typing import Any

import pytest

from apiwright.load import Source
from apiwright.load.json_reader import read_json
from apiwright.problems import Report
from tests.load.load_helpers import hints, json_of, told, value

GOOD: list[str] = [
    "{}",
    "[]",
    " [ ] ",
    "0",
    "-0",
    '"x"',
    "null",
    '\t{"a" : [1, -2.5, 1e5, 1E-2, true, false, null, "x"], "b": {"c": {}}}\r\n',
    '"\\ud83d\\ude00 \\u00e9 \\" \\\\ \\/ \\b\\f\\n\\r\\t"',
    '{"\\u0061\\n": 1, "": 2}',
    "[" * 100 + "]" * 100,
    "[" + "1" * 4300 + "]",
    "[1.7976931348623157e308, 5e-324, 1e-400]",
    '"' + "k" * 5000 + '"',
    '"\u2028\x7f\ufeff"',
]


@pytest.mark.parametrize("text", GOOD)
def test_reads_what_the_standard_library_reads(text: str) -> None:
    node, report = json_of(text)
    assert value(node) == json.loads(text)
    assert not len(report)


BAD: list[tuple[str, str, str]] = [
    ("", "empty-file f.json:1:1", "nothing in this file"),
    (" \n", "empty-file f.json:1:1", "nothing in this file"),
    ('{"a": [1', "json-syntax f.json:1:9", "ends in the middle"),
    ('{"a"', "json-syntax f.json:1:2", "':' is missing"),
    ('{"a":', "json-syntax f.json:1:6", "ends in the middle"),
    ('{"a":1,\n}', "json-syntax f.json:1:7", "comma must not stand after the last"),
    ("[1,]", "json-syntax f.json:1:3", "comma must not stand after the last"),
    ("[1,,2]", "json-syntax f.json:1:4", "a value is expected"),
    ('{"a":}', "json-syntax f.json:1:6", "a value is expected"),
    ("[1 2]", "json-syntax f.json:1:4", "comma is missing"),
    ('{"a":1\n"b":2}', "json-syntax f.json:2:1", "comma is missing"),
    ('["a": 1]', "json-syntax f.json:1:5", "comma or a closing bracket"),
    ('{"a" 1}', "json-syntax f.json:1:2", "':' is missing"),
    ("{,}", "json-syntax f.json:1:2", "key in double quotes"),
    ("{a: 1}", "json-syntax f.json:1:2", "key stands in double quotes"),
    ("{'a': 1}", "json-syntax f.json:1:2", "double quotes"),
    ("['a']", "json-syntax f.json:1:2", "double quotes"),
    ("[1}", "json-syntax f.json:1:3", "'}' cannot close '['"),
    ("{}]", "json-syntax f.json:1:3", "closes nothing"),
    ("]", "json-syntax f.json:1:1", "a value is expected"),
    ("{} {}", "json-syntax f.json:1:4", "nothing may follow"),
    ("// x\n{}", "json-syntax f.json:1:1", "no comments"),
    ('{"a": 1 /* x */}', "json-syntax f.json:1:9", "no comments"),
    ("[1, # x\n2]", "json-syntax f.json:1:5", "no comments"),
    ("[NaN]", "number-not-finite f.json:1:2", "no word 'NaN'"),
    ("[-Infinity]", "number-not-finite f.json:1:2", "no word '-Infinity'"),
    ("[True]", "json-syntax f.json:1:2", "no word 'True'"),
    ("[None]", "json-syntax f.json:1:2", "no word 'None'"),
    ("[undefined]", "json-syntax f.json:1:2", "no word 'undefined'"),
    ("[truex]", "json-syntax f.json:1:2", "no word 'truex'"),
    ("[01]", "json-syntax f.json:1:2", "no number"),
    ("[+1]", "json-syntax f.json:1:2", "no number"),
    ("[.5]", "json-syntax f.json:1:2", "no number"),
    ("[1.]", "json-syntax f.json:1:2", "no number"),
    ("[0x1F]", "json-syntax f.json:1:2", "no number"),
    ("[1abc]", "json-syntax f.json:1:2", "no number"),
    ("[-]", "json-syntax f.json:1:2", "a value is expected"),
    ("[\u0661]", "json-syntax f.json:1:2", "a value is expected"),
    ('["a\nb"]', "json-syntax f.json:1:2", "not closed on its line"),
    ('["a', "json-syntax f.json:1:2", "not closed on its line"),
    ('["a\tb"]', "json-syntax f.json:1:4", "control character"),
    ('["\\d"]', "json-syntax f.json:1:3", "no escape"),
    ('["\\u12"]', "json-syntax f.json:1:3", "no escape"),
    ('{"a\\d": 1}', "json-syntax f.json:1:4", "no escape"),
    ("[" * 101, "too-deep f.json:1:101", "inside each other"),
    ("[\x0b1]", "json-syntax f.json:1:2", "a value is expected"),
]


@pytest.mark.parametrize(("text", "expected", "words"), BAD)
def test_what_is_not_json_is_refused_in_words(text: str, expected: str, words: str) -> None:
    node, report = json_of(text)
    (problem,) = report
    assert node is None
    assert words in problem.message
    assert told(report) == [f"error {expected}"]


@pytest.mark.parametrize(
    ("text", "expected", "read"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "duplicate-key f.json:1:18", {"a": 1, "b": 2}),
        ('{"a": 1, "\\u0061": 3}', "duplicate-key f.json:1:10", {"a": 1}),
        ("[1e400]", "number-not-finite f.json:1:2", ["1e400"]),
        ("[-" + "1" * 4301 + "]", "number-too-long f.json:1:2", ["-" + "1" * 4301]),
        ('["a\\ud83db"]', "lone-surrogate f.json:1:4", ["a\ufffdb"]),
        ('["\\ude00\\ud83d"]', "lone-surrogate f.json:1:3", None),
    ],
)
def test_lesser_faults_are_reported_and_the_rest_is_read(
    text: str, expected: str, read: Any
) -> None:
    node, report = json_of(text)
    assert told(report)[0] == f"error {expected}"
    assert hints(report)
    if read is not None:
        assert value(node) == read


def test_what_is_open_is_shown_where_the_file_ends() -> None:
    _, report = json_of('{"a": [1')
    (problem,) = report
    assert [str(place) for place, _ in problem.related] == ["f.json:1:7"]


def test_positions_of_keys_and_values() -> None:
    node, _ = json_of('{\r\n  "ä": [1,\r "😀" ,{"k":\n null}]\n}')
    assert node is not None
    items = node.mapping["ä"].items
    assert str(node.position) == "f.json:1:1"
    assert str(node.mapping["ä"].key_position) == "f.json:2:3"
    assert str(node.mapping["ä"].position) == "f.json:2:8"
    assert [str(item.position) for item in items] == ["f.json:2:9", "f.json:3:2", "f.json:3:7"]
    assert str(items[0].key_position) == "f.json:2:9"
    assert str(items[2].mapping["k"].key_position) == "f.json:3:8"
    assert str(items[2].mapping["k"].position) == "f.json:4:2"


def test_values_are_counted() -> None:
    report = Report()
    assert read_json(Source("f.json", "[1, 2]"), report, 3) is not None
    assert read_json(Source("f.json", "[1, 2]"), report, 2) is None
    assert told(report) == ["error too-large f.json:1:5"]


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1e999," * 2000 + "0]",
        "{" + '"a":1,' * 2000 + '"a":1}',
        '["' + "\\ud800" * 2000 + '"]',
    ],
)
def test_after_very_many_problems_reading_stops(text: str) -> None:
    node, report = json_of(text)
    assert node is None
    assert len(report) == 1001

from __future__ import annotations

import os
from pathlib import Path

import pytest

from apiwright.load import Node, Source, load, plain, pointer
from apiwright.load.reader import read_nodes, read_source
from apiwright.problems import Position, Report
from tests.load.load_helpers import hints, json_of, minimal, refused, told, write


def source_of(path: Path) -> tuple[Source | None, Report]:
    report = Report()
    return read_source(path, path.name, report), report


def test_the_format_goes_by_the_name_and_else_by_the_first_bracket() -> None:
    report = Report()
    texts = {
        "a.json": '{"a": "\\ud83d\\ude00"}',
        "a.JSON": '{"a": "\\ud83d\\ude00"}',
        "a": '\n {"a": "\\ud83d\\ude00"}',
        "a.yaml": "a: 😀",
        "a.YML": "{a: 😀}",
        "a.txt": "a: 😀",
    }
    for name, text in texts.items():
        node = read_nodes(Source(name, text), report)
        assert node is not None
        assert plain(node) == {"a": "😀"}
    assert not len(report)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": b"\xef\xbb\xbf{}"})
    source, report = source_of(tmp_path / "a.json")
    assert source is not None
    assert source.text == "{}"
    assert not len(report)


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"a: 1\nb: \xff", "2:4", "not UTF-8 text"),
        (b"\xef\xbb\xbf\xc3\xa4 \xff", "1:3", "not UTF-8 text"),
        ("a: ä".encode("utf-16"), "1:1", "UTF-16"),
        (b"\x1f\x8b\x08\x00", "1:2", "gzip"),
        (b"PK\x03\x04\xff", "1:5", "zip"),
        (b"a: \xed\xa0\x80", "1:4", "not UTF-8 text"),
    ],
)
def test_other_encodings_are_refused(tmp_path: Path, data: bytes, place: str, words: str) -> None:
    write(tmp_path, {"a.yaml": data})
    source, report = source_of(tmp_path / "a.yaml")
    (problem,) = report
    assert source is None
    assert told(report) == [f"error not-utf-8 a.yaml:{place}"]
    assert words in problem.message


def test_a_missing_file_is_named_with_its_nearest_neighbour(tmp_path: Path) -> None:
    write(tmp_path, {"openapi.yaml": "", "readme.md": ""})
    source, report = source_of(tmp_path / "openapi.yml")
    assert source is None
    assert told(report) == ["error missing-file openapi.yml:1:1"]
    assert hints(report) == "did you mean 'openapi.yaml'?"
    source, report = source_of(tmp_path / "nowhere" / "openapi.yml")
    assert told(report) == ["error missing-file openapi.yml:1:1"]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, words in {".": "a folder", "pipe": "a device or a pipe"}.items():
        report = Report()
        assert read_source(tmp_path / name, name, report, Position("x", 2, 3)) is None
        (problem,) = report
        assert words in problem.message
        assert told(report) == ["error not-a-file x:2:3"]


def test_a_folder_that_cannot_be_opened_is_told_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[type[OSError]] = [IsADirectoryError, PermissionError]

    def fail(*_: object) -> int:
        raise raised.pop(0)

    monkeypatch.setattr(os, "open", fail)
    assert told(source_of(tmp_path / "a")[1]) == ["error not-a-file a:1:1"]
    assert told(source_of(tmp_path / "a")[1]) == ["error unreadable-file a:1:1"]


def test_impossible_names_are_told(tmp_path: Path) -> None:
    assert told(source_of(tmp_path / "a\0b")[1]) == ["error unreadable-file a\0b:1:1"]
    report = Report()
    assert load(tmp_path / "a\0b", report, base=tmp_path) is None
    assert told(report) == ["error unreadable-file a\0b:1:1"]
    long = "x" * 300
    assert told(source_of(tmp_path / long)[1]) == [f"error unreadable-file {long}:1:1"]


def test_large_files_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(32 * 1024 * 1024 + 1)
    assert told(source_of(tmp_path / "a.yaml")[1]) == ["error too-large a.yaml:1:1"]
    write(tmp_path, {"b.yaml": "\n" * 2_000_001})
    assert told(source_of(tmp_path / "b.yaml")[1]) == ["error too-large b.yaml:1:1"]


def test_hints_stop_after_many_problems(tmp_path: Path) -> None:
    write(tmp_path, {"openapi.yaml": ""})
    report = Report()
    for number in range(60):
        read_source(tmp_path / "openapi.yml", "openapi.yml", report, Position("x", number))
    assert len([problem for problem in report if problem.hint]) == 50


def test_files_are_named_from_the_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"specs/openapi.json": minimal(x=1), "other/x": ""})
    root = tmp_path / "specs" / "openapi.json"
    monkeypatch.chdir(tmp_path)
    names = {
        (root, None): "specs/openapi.json",
        (Path("specs/openapi.json"), None): "specs/openapi.json",
        (root, tmp_path / "specs"): "openapi.json",
        (root, tmp_path / "other"): root.as_posix(),
        (Path("other/../specs/openapi.json"), tmp_path / "other"): "other/../specs/openapi.json",
    }
    for (path, base), name in names.items():
        document = load(path, Report(), base=base)
        assert document is not None
        assert document.root.file == name
        assert list(document.sources) == [name]
        assert document.files == (path,)


def test_a_root_that_is_no_mapping(tmp_path: Path) -> None:
    told_of = refused(tmp_path, {"openapi.yaml": "- a\n"})
    assert told_of == ["error not-a-contract openapi.yaml:1:1"]


def test_sources_are_there_when_there_is_no_document(tmp_path: Path) -> None:
    write(tmp_path, {"openapi.yaml": "a: [\n"})
    sources: dict[str, Source] = {}
    assert load(tmp_path / "openapi.yaml", Report(), base=tmp_path, sources=sources) is None
    assert sources["openapi.yaml"].line(1) == "a: ["


def test_a_source_knows_its_lines() -> None:
    source = Source("f", "a\r\nb\rc\u2028d\n")
    assert [source.line(number) for number in range(6)] == ["", "a", "b", "c\u2028d", "", ""]
    assert str(source.position(0)) == "f:1:1"
    assert str(source.position(3)) == "f:2:1"
    assert str(source.position(5)) == "f:3:1"
    assert str(source.position(9)) == "f:4:1"


def test_a_node_answers_for_what_it_is_not() -> None:
    node = Node({"a": Node("x", "f", 1, 1, 1, 1), "b": Node([], "f", 1, 1, 1, 1)}, "f", 1, 1, 1, 1)
    text = node.get("a")
    assert text is not None
    assert (text.text, text.mapping, text.items, text.get("x")) == ("x", {}, [], None)
    assert node.get("a", "b", "c") is None
    assert (node.text, node.items) == ("", [])


def test_a_node_is_asked_for_what_is_in_it() -> None:
    node, _ = json_of('{"a": "x", "b": true, "c": [1], "d": {"e": 2}, "f": 1}')
    assert node is not None
    assert (node.string("a"), node.string("b"), node.string("z")) == ("x", "", "")
    assert (node.flag("b"), node.flag("f"), node.flag("z")) == (True, False, False)
    assert ([item.value for item in node.list_of("c")], node.list_of("z")) == ([1], [])
    assert (list(node.entries("d")), node.entries("z")) == (["e"], {})


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        ("/", ("",)),
        ("/a~1b/~0~01", ("a/b", "~~1")),
        ("/a//b", ("a", "", "b")),
        ("a", None),
        ("/~", None),
        ("/~2", None),
        ("/" + "a" * 5000, None),
    ],
)
def test_pointers(text: str, keys: tuple[str, ...] | None) -> None:
    assert pointer.parse(text) == keys
    if keys is not None:
        assert pointer.build(keys) == text


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("/%7Bid%7D/%25", ("{id}", "%")),
        ("%2Fa", ("a",)),
        ("/%C3%A4", ("ä",)),
        ("/%C3", None),
        ("/%zz", None),
        ("/%", None),
    ],
)
def test_pointers_in_fragments(text: str, keys: tuple[str, ...] | None) -> None:
    assert pointer.parse_fragment(text) == keys
    if keys is not None:
        assert pointer.parse_fragment(pointer.fragment(keys)) == keys

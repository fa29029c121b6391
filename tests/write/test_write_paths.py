"""Paths and records that somebody made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apiwright.write import MANIFEST, WriteError, compare, recorded_inputs, write
from tests.write.write_helpers import put, snapshot, texts

UNFIT = [
    ("/etc/passwd", "is absolute"),
    ("//host/x", "is absolute"),
    ("../x", r"has '\.\.' in it"),
    ("a/../../x", r"has '\.\.' in it"),
    ("./x", r"has '\.' in it"),
    ("a/./x", r"has '\.' in it"),
    ("..\\x", "one of the characters"),
    ("C:/x", "one of the characters"),
    ("a?", "one of the characters"),
    ("a\0b", "invisible character"),
    ("a\nb", "invisible character"),
    ("a\x1b[31m", "invisible character"),
    ("a\u202eb", "invisible character"),
    ("a\ud800", "invisible character"),
    ("", "empty part"),
    ("a//b", "empty part"),
    ("a/", "empty part"),
    ("a.", "ends with a dot or a space"),
    ("a /b", "ends with a dot or a space"),
    ("...", "ends with a dot or a space"),
    ("x" * 201, "longer than 200 bytes"),
    ("/".join(["x" * 100] * 11), "longer than 1,024 bytes"),
    (MANIFEST, "kept for apiwright itself"),
    (".APIwright.json", "kept for apiwright itself"),
    (f"{MANIFEST}/x", "kept for apiwright itself"),
]


@pytest.mark.parametrize(("path", "told"), UNFIT)
def test_unfit_paths_are_refused(tmp_path: Path, path: str, told: str) -> None:
    with pytest.raises(WriteError, match=told) as caught:
        compare(tmp_path / "generated", {path: ""})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["~", "%2e%2e%2f", ".env.example", "é/ß.py", "a b"])
def test_odd_paths_are_just_names(tmp_path: Path, path: str) -> None:
    write(compare(tmp_path / "generated", {path: "1\n"}))
    assert texts(tmp_path / "generated") == {path: "1\n"}


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (("a", "a/b"), "'a' would be a file and a folder"),
        (("A", "a/b"), "'A' would be a file and a folder"),
        (("a.py", "A.py"), "'A.py' and 'a.py' differ in case only"),
        (("app/a", "App/b"), "'App' and 'app' differ in case only"),
        (("stra\u00dfe", "STRASSE"), "differ in case only"),
        (("e\u0301", "\u00e9"), "differ in case only"),
    ],
)
def test_paths_that_cannot_be_together_are_refused(
    tmp_path: Path, paths: tuple[str, ...], told: str
) -> None:
    with pytest.raises(WriteError, match=told):
        compare(tmp_path, dict.fromkeys(paths, ""))


DIGEST = "0" * 64
GOOD: dict[str, Any] = {"format": 1, "inputs": "", "files": {}, "kept": []}
BROKEN: list[tuple[str, str]] = [
    ("", "not what apiwright wrote"),
    ("<<<<<<< HEAD\n", "not what apiwright wrote"),
    ("[" * 100_000, "nests too deep"),
    ('{"format": ' + "1" * 5_000 + "}", "not what apiwright wrote"),
    ('{"format": 1, "format": 1}', "a key is there twice"),
    ("é", "it is not ASCII"),
    ("[]", "not the keys"),
    ("{}", "not the keys"),
    (json.dumps({**GOOD, "more": 1}), "not the keys"),
    (json.dumps({**GOOD, "format": 2}), "another version of apiwright"),
    (json.dumps({**GOOD, "inputs": 1}), "digest of the inputs"),
    (json.dumps({**GOOD, "inputs": "x" * 2_000}), "digest of the inputs"),
    (json.dumps({**GOOD, "files": []}), "'files' is no mapping"),
    (json.dumps({**GOOD, "kept": {}}), "'kept' is no list"),
    (json.dumps({**GOOD, "kept": [1]}), "the path '1' is no text"),
    (json.dumps({**GOOD, "kept": ["../x"]}), "has '..' in it"),
    (json.dumps({**GOOD, "files": {"a": 1}}), "'a' has no SHA-256"),
    (json.dumps({**GOOD, "files": {"a": DIGEST[1:]}}), "'a' has no SHA-256"),
    (" " * 17 * 1024 * 1024, "larger than"),
    *(
        (json.dumps({**GOOD, "files": {path: DIGEST}}), told.replace("\\", ""))
        for path, told in UNFIT
    ),
]


@pytest.mark.parametrize(("text", "told"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_record_is_an_error_with_a_hint(tmp_path: Path, text: str, told: str) -> None:
    put(tmp_path / "generated" / MANIFEST, text)
    with pytest.raises(WriteError) as caught:
        compare(tmp_path / "generated", {})
    assert told in caught.value.message
    assert "version control" in caught.value.hint
    assert recorded_inputs(tmp_path / "generated") is None


def test_a_record_with_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apiwright.write.manifest._MAX_FILES", 1)
    put(tmp_path / MANIFEST, json.dumps({**GOOD, "files": {"a": DIGEST, "b": DIGEST}}))
    with pytest.raises(WriteError, match="no mapping of up to 1 paths"):
        compare(tmp_path, {})


@pytest.mark.parametrize("claim", [lambda data: DIGEST, lambda data: "f" * 64])
def test_a_record_that_claims_a_persons_file_does_not_get_it_removed(
    tmp_path: Path, claim: Callable[[bytes], str]
) -> None:
    target = tmp_path / "generated"
    put(target / ".env", "SECRET=1\n")
    put(target / MANIFEST, json.dumps({**GOOD, "files": {".env": claim(b"")}}))
    before = snapshot(tmp_path)
    changes = compare(target, {"a": "1\n"})
    assert changes.edited == (".env",)
    with pytest.raises(WriteError, match=r"generated/\.env"):
        write(changes)
    assert snapshot(tmp_path) == before


def test_a_record_that_names_what_is_not_there_is_put_right(tmp_path: Path) -> None:
    put(tmp_path / "x" / MANIFEST, json.dumps({**GOOD, "files": {"a": DIGEST, "b/c": DIGEST}}))
    changes = compare(tmp_path / "x", {})
    assert (changes.paths, changes.outdated) == ((), True)
    write(changes)
    assert json.loads((tmp_path / "x" / MANIFEST).read_text()) == GOOD

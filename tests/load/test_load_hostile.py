"""Contracts made to exhaust the machine: refused in seconds and within half a gigabyte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.load.load_helpers import minimal, write

MIB = 1024 * 1024
SECONDS = 5
# Reads a contract under limits of the operating system, without any file or socket of its own.
PROGRAM = f"""
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({512 * MIB}, {512 * MIB}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("socket.") else None)
from pathlib import Path
from apiwright.load import load
from apiwright.problems import Report
report = Report()
load(Path(sys.argv[1]), report)
print(json.dumps([
    [(problem.code, problem.position.line, problem.position.column) for problem in report][:1100],
    seen,
    sorted({{"socket", "http", "urllib.request", "ssl"}} & set(sys.modules)),
]))
"""


def found(path: Path) -> list[tuple[str, int, int]]:
    """What is reported of a contract, read by a process of its own."""
    # a measurement of coverage would take more of the time than the reading
    environment = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    problems, events, modules = json.loads(done.stdout)
    assert events == []
    assert modules == []
    return [tuple(problem) for problem in problems]


def chained(anchored: str, repeat: str, levels: int) -> str:
    """YAML in which every level repeats the one before it nine times."""
    lines = [f"a0: &a0 {anchored}"]
    for level in range(1, levels):
        names = ",".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {repeat.format(names)}")
    return "\n".join(lines) + "\n"


BOMBS: dict[str, tuple[str, Callable[[], str], str]] = {
    "nested lists": ("yaml", lambda: "[" * (10 * MIB), "too-deep 1 101"),
    "nested mappings": ("yaml", lambda: "{a: " * (3 * MIB), "too-deep 1 401"),
    "nested block lists": ("yaml", lambda: "- " * (5 * MIB), "too-deep 1 201"),
    "nested braces": ("yaml", lambda: "{" * (10 * MIB), "key-not-text 1 2"),
    "nested keys": ("yaml", lambda: "? " * (5 * MIB), "key-not-text 1 3"),
    "nested JSON": ("json", lambda: '{"a":' + "[" * (10 * MIB), "too-deep 1 105"),
    "nested JSON objects": ("json", lambda: '{"a":' * (2 * MIB), "too-deep 1 501"),
    "aliases of aliases": ("yaml", lambda: chained("[x]", "[{}]", 30), "alias-bomb 7 10"),
    "merges of merges": (
        "yaml", lambda: chained("{x: 1}", "{{<<: [{}], y: 1}}", 30), "alias-bomb 7 15",
    ),
    "a cycle of aliases": ("yaml", lambda: "a: &x {b: *x}\n", "alias-cycle 1 11"),
    "depth by aliases": (
        "yaml",
        lambda: "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 9999)),
        "too-deep 100 12",
    ),
    "many aliases": ("yaml", lambda: "a: &a x\nb: [" + "*a," * (5 * MIB) + "]", "alias-bomb 2 "),
    "many values": ("yaml", lambda: "a: [" + "a," * (10 * MIB) + "]", "too-large 1 "),
    "many JSON values": ("json", lambda: '{"a":[' + "[]," * (8 * MIB) + "[]]}", "too-large 1 "),
    "many lines": ("yaml", lambda: "\n" * (30 * MIB) + "a: [", "too-large 1 1"),
    "many tag handles": (
        "yaml",
        lambda: "".join(f"%TAG !{i}! tag:x\n" for i in range(10**6)) + "---\na: 1\n",
        "yaml-directive 17 1",
    ),
    "a large file": ("yaml", lambda: "a" * (100 * MIB), "too-large 1 1"),
    "a long integer": ("yaml", lambda: "a: " + "1" * (20 * MIB), "number-too-long 1 4"),
    "a long JSON integer": (
        "json", lambda: '{"a": ' + "1" * (20 * MIB) + "}", "number-too-long 1 7",
    ),
    "a long hexadecimal": ("yaml", lambda: "a: 0x" + "f" * (20 * MIB), "number-too-long 1 4"),
    "an open quote": ("yaml", lambda: 'a: "' + "x y\n" * (2 * MIB), "too-large 1 1"),
    "the same key": ("json", lambda: "{" + '"a":1,' * MIB + '"a":1}', "duplicate-key 1 8"),
    "wrong references": (
        "json",
        lambda: json.dumps(
            minimal(components={"schemas": {"ab" * 25 + str(i): {"$ref": "#/components/schemas/"
            + "ba" * 25 + str(i)} for i in range(30000)}})
        ),
        "unresolved-reference 1 ",
    ),
    "missing files": (
        "json",
        lambda: json.dumps(
            minimal(components={"schemas": {f"x{i}": {"$ref": f"x{i}.json"} for i in range(50000)}})
        ),
        "missing-file 1 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(tmp_path: Path, name: str) -> None:
    suffix, text, expected = BOMBS[name]
    path = tmp_path / f"openapi.{suffix}"
    path.write_text(text(), encoding="utf-8")
    problems = found(path)
    assert problems
    assert " ".join(str(part) for part in problems[0]).startswith(expected)


def test_a_large_and_honest_contract_is_read(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(50)}}
    schemas = {f"S{i}": schema for i in range(600)}
    write(tmp_path, {"openapi.json": minimal(components={"schemas": schemas})})
    assert found(tmp_path / "openapi.json") == []


def test_an_overlay_that_asks_for_too_much(tmp_path: Path) -> None:
    deep: Any = {"x": list(range(200))}
    for _ in range(15):
        deep = {"a": deep, "b": [1] * 20}
    actions = [
        {"target": "$" + "..*" * 8, "remove": True},
        {"target": "$[?count($..*) > 0]" * 5, "remove": True},
        {"target": "$..*[?search(@, '(a|aa)+$')]", "remove": True},
        {"target": "$..*", "update": deep},
    ]
    overlay = {"overlay": "1.0.0", "info": {"title": "O", "version": "1"}, "actions": actions}
    contract = minimal(components={"schemas": {"A": deep, "B": {"title": ["a" * 60 + "!"]}}})
    write(tmp_path, {"openapi.json": contract, "openapi.overlay.json": overlay})
    assert {code for code, *_ in found(tmp_path / "openapi.json")} <= {
        "overlay-target", "overlay-target-missing", "overlay-shape", "too-large",
    }  # fmt: skip


@pytest.mark.parametrize(("beside", "codes"), [({}, set()), ({"head": {}}, {"too-large"})])
def test_files_that_refer_to_each_other_on_and_on(
    tmp_path: Path, beside: dict[str, Any], codes: set[str]
) -> None:
    def item(number: int) -> dict[str, Any]:
        inside = {f"c{i}": {"{$url}": {"$ref": f"{i}.json", **beside}} for i in range(12)}
        return {"summary": str(number), "get": {"callbacks": inside}}

    files: dict[str, Any] = {f"{number}.json": item(number) for number in range(12)}
    paths = {f"/{i}": {"$ref": f"{i}.json", "description": "beside"} for i in range(12)}
    files["openapi.json"] = {**minimal(paths=paths), "openapi": "3.0.3"}
    write(tmp_path, files)
    assert {problem[0] for problem in found(tmp_path / "openapi.json")} == codes

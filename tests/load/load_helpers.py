"""Small contracts for the tests of the load stage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apiwright.load import Document, Node, Plain, Source, load, plain
from apiwright.load.json_reader import read_json
from apiwright.load.yaml_reader import read_yaml
from apiwright.problems import Report, Severity


def write(folder: Path, files: dict[str, Any]) -> None:
    """Write files: text as it is, bytes as they are, anything else as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=1)
            path.write_text(text, encoding="utf-8")


def loaded(
    folder: Path, files: dict[str, Any], root: str = "openapi.yaml"
) -> tuple[Document, Report]:
    """The document of a contract that is written into `folder` first, and what was reported."""
    report = Report()
    write(folder, files)
    document = load(folder / root, report, base=folder)
    assert document is not None, told(report)
    return document, report


def refused(folder: Path, files: dict[str, Any], root: str = "openapi.yaml") -> list[str]:
    """What is reported of a contract that gives no document at all."""
    report = Report()
    write(folder, files)
    assert load(folder / root, report, base=folder) is None
    assert report.failed
    return told(report)


def told(report: Report) -> list[str]:
    """The problems in short: "error code file:line:column"."""
    return [f"{problem.severity.value} {problem.code} {problem.position}" for problem in report]


def errors(report: Report) -> list[str]:
    """The codes of the errors."""
    return [problem.code for problem in report if problem.severity is Severity.ERROR]


def hints(report: Report) -> str:
    """All hints, one a line."""
    return "\n".join(problem.hint for problem in report)


def yaml_of(text: str) -> tuple[Node | None, Report]:
    """The nodes of YAML text, and what was reported."""
    report = Report()
    return read_yaml(Source("f.yaml", text), report), report


def json_of(text: str) -> tuple[Node | None, Report]:
    """The nodes of JSON text, and what was reported."""
    report = Report()
    return read_json(Source("f.json", text), report), report


def value(node: Node | None) -> Plain:
    """The plain value of a node that must be there."""
    assert node is not None
    return plain(node)


def minimal(**more: Any) -> dict[str, Any]:
    """A complete contract of 3.1 with nothing in it but what is given."""
    return {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}, **more}

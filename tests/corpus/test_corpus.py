"""Contracts of other people: every valid one is understood, and of the others is said why not.

APIWRIGHT_CORPUS names a folder of public contracts, with an index of what is in it. Where there is
none, contracts of this repository are walked in the same way.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from apiwright.check import check
from apiwright.ir.operations import CustomAction
from apiwright.ir.service import Service
from apiwright.load import Document, load, plain, walk
from apiwright.pipeline import bind
from apiwright.problems import Problem, Report, Severity
from apiwright.project import Project
from apiwright.understand import understand
from tests.support.running import ROOT

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
OWN = ("specs/openapi.yaml", "tests/projects/library.yaml", "tests/broken/odd/all_of_3_2.yaml")


@dataclass(frozen=True)
class Sample:
    """A contract, the folder that it and its parts stand in, and whether it is valid."""

    folder: Path
    file: str
    valid: bool


def samples() -> Iterator[Sample]:
    folder = Path(os.environ.get("APIWRIGHT_CORPUS") or ROOT.parent / "shared" / "corpus")
    index = folder / "index.csv"
    if index.is_file():
        with index.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield Sample(folder, row["file"], row["valid"] == "yes")
    else:
        yield from (Sample(ROOT, file, valid=True) for file in OWN)
        broken = (ROOT / "tests/broken/contracts").glob("*.yaml")
        yield from (Sample(file.parent, file.name, valid=False) for file in sorted(broken))


def test_there_are_contracts() -> None:
    found = list(samples())
    assert len(found) > 50
    assert any(sample.valid for sample in found)


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.file)
def test_contracts_are_understood(sample: Sample, tmp_path: Path) -> None:
    project = Project(
        sample.folder, sample.folder / sample.file, tmp_path / "out", tmp_path / "overrides", None
    )
    report = Report()
    began = time.process_time()
    document = load(project.spec, report, base=project.root)
    if document is None:
        assert not sample.valid
        assert_told(report)
        return
    broken = report.failed
    check(document, report)
    service = None if report.failed else understand(document)
    assert time.process_time() - began < 30
    assert_read(document, sample, broken=broken)
    if not sample.valid:
        assert_told(report)
        return
    assert placed(report, Severity.ERROR) == []
    assert service is not None
    bind(project, service, report)
    assert_understood(service, document, report)


def placed(report: Report, *severities: Severity) -> list[Problem]:
    """The problems of some severities, each with a position."""
    found = [problem for problem in report if problem.code != "too-many-problems"]
    assert all(problem.position is not None for problem in found)
    return [problem for problem in found if problem.severity in severities]


def assert_told(report: Report) -> None:
    """There are errors, and all that was found has its place."""
    assert placed(report, Severity.ERROR)


def assert_understood(service: Service, document: Document, report: Report) -> None:
    """Every operation that is written is known, and what has no default is told of."""
    written = [
        (path, method)
        for path, item in document.root.entries("paths").items()
        for method in document.resolve(item).mapping
        if method in METHODS and not path.startswith("x-")
    ]
    known = {
        (operation.path, operation.method): operation for operation in service.operations.values()
    }
    assert len(known) == len(service.operations) == len(written)
    told = {problem.position for problem in report if problem.code == "needs-override"}
    for operation in service.operations.values():
        if isinstance(operation.action, CustomAction):
            assert operation.action.reason
            assert operation.position in told


def assert_read(document: Document, sample: Sample, *, broken: bool) -> None:
    """References lead somewhere, and values are those that were written."""
    if not broken:
        for place in walk(document.root):
            if place.reference is not None:
                assert document.at(place.reference.text) is not None
    if sample.file.endswith(".json") and len(document.files) == 1:
        text = (sample.folder / sample.file).read_text(encoding="utf-8")
        assert plain(document.root) == json.loads(text)

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

from apiwright.ir.operations import CustomAction
from apiwright.load import load, plain, walk
from apiwright.pipeline import Timings, comprehend
from apiwright.problems import Report, Severity
from apiwright.project import Project
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
    spec = sample.folder / sample.file
    project = Project(sample.folder, spec, tmp_path / "generated", tmp_path / "overrides", None)
    report = Report()
    began = time.process_time()
    understood = comprehend(project, report, Timings())
    assert time.process_time() - began < 30
    placed = [problem for problem in report if problem.code != "too-many-problems"]
    assert all(problem.position is not None for problem in placed)
    errors = [problem for problem in placed if problem.severity is Severity.ERROR]
    if not sample.valid:
        assert errors
        return
    assert errors == []
    assert understood is not None
    service = understood.service
    root = understood.document.root
    written = [
        (path, method)
        for path, item in root.entries("paths").items()
        for method in understood.document.resolve(item).mapping
        if method in METHODS and not path.startswith("x-")
    ]
    known = {
        (operation.path, operation.method): operation for operation in service.operations.values()
    }
    assert len(known) == len(service.operations) == len(written)
    told = {problem.position for problem in placed if problem.code == "needs-override"}
    for operation in service.operations.values():
        if isinstance(operation.action, CustomAction):
            assert operation.action.reason
            assert operation.position in told


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.file)
def test_contracts_are_read(sample: Sample) -> None:
    report = Report()
    document = load(sample.folder / sample.file, report, base=sample.folder)
    if document is None:
        assert not sample.valid
        assert report.failed
        return
    if not report.failed:
        for place in walk(document.root):
            if place.reference is not None:
                assert document.at(place.reference.text) is not None
    if sample.file.endswith(".json") and len(document.files) == 1:
        text = (sample.folder / sample.file).read_text(encoding="utf-8")
        assert plain(document.root) == json.loads(text)

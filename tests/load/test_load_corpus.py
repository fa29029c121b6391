"""Public contracts, where they are at hand: set APIWRIGHT_CORPUS to their folder."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apiwright.load import load, plain, walk
from apiwright.problems import Report
from tests.load.load_helpers import told

VARIABLE = "APIWRIGHT_CORPUS"


def rows() -> Iterator[tuple[str, bool]]:
    """The files of the corpus, and whether each is valid; or one row without a file."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        yield "", False
        return
    with (Path(folder) / "index.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["file"], row["valid"] == "yes"


@pytest.mark.parametrize(("name", "valid"), list(rows()))
def test_public_contracts_are_read(name: str, valid: bool) -> None:
    if not name:
        pytest.skip(f"no corpus of public contracts: {VARIABLE} is not set")
    folder = Path(os.environ[VARIABLE])
    report = Report()
    began = time.process_time()
    document = load(folder / name, report, base=folder)
    assert time.process_time() - began < 10
    assert document is not None
    if valid:
        assert not report.failed, told(report)
    if not report.failed:
        for place in walk(document.root):
            if place.reference is not None:
                assert document.at(place.reference.text) is not None
    if name.endswith(".json") and len(document.files) == 1:
        assert plain(document.root) == json.loads((folder / name).read_text(encoding="utf-8"))

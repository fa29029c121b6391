"""The same contract gives the same bytes, wherever and whenever it is generated."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.contracts import Contract, project, rendered
from tests.support.running import ROOT

PROGRAM = """
import json, sys
from pathlib import Path
from apiwright.load import load
from apiwright.plan import History, plan
from apiwright.problems import Report
from apiwright.render import render
from apiwright.understand import understand
file = Path(sys.argv[1])
document = load(file, Report(), base=file.parent)
json.dump(render(plan(understand(document), History(), {})), sys.stdout)
"""


def digest(files: dict[str, str]) -> str:
    """What tells one set of files from another."""
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


@pytest.fixture(scope="module")
def library() -> Contract:
    return project("library")


@pytest.fixture(scope="module")
def first(library: Contract) -> dict[str, str]:
    return rendered(library)


def test_once_more_in_the_same_process(library: Contract, first: dict[str, str]) -> None:
    assert rendered(library) == first


@pytest.mark.parametrize(
    ("folder", "environ"),
    [
        ("one", {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"}),
        ("tw o/\u00e9", {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}),
    ],
)
def test_in_another_process_and_another_folder(
    folder: str,
    environ: dict[str, str],
    library: Contract,
    first: dict[str, str],
    tmp_path: Path,
) -> None:
    file = tmp_path / folder / "openapi.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(library), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)],
        cwd=file.parent,
        env=environ,
        capture_output=True,
        check=True,
    )
    files = json.loads(done.stdout)
    assert digest(files) == digest(first)


def test_nothing_tells_where_or_when_it_was_made(first: dict[str, str]) -> None:
    text = json.dumps(first)
    for trace in (str(ROOT), "/tmp/", "apiwright generate on"):
        assert trace not in text


def test_what_is_added_to_a_contract_renames_nothing(
    library: Contract, first: dict[str, str]
) -> None:
    """An edit shows in the files that it is about, and in those that list everything."""
    more = json.loads(json.dumps(library))
    more["paths"]["/zebras"] = {
        "get": {
            "operationId": "countZebras",
            "tags": ["Zebras"],
            "summary": "Count zebras",
            "responses": {"200": {"description": "How many there are"}},
        }
    }
    files = rendered(more)
    assert first.keys() < files.keys()
    changed = {path for path in first if files[path] != first[path]}
    assert {path for path in changed if not path.startswith("tests/")} == {
        "app/api/dependencies.py",
        "app/api/router.py",
        "app/contract/openapi.json",
        "app/contract/requests.json",
        "app/paths.py",
        "app/services/bindings.py",
        "monitoring/dashboard.json",
    }
    assert all("zebra" in path for path in files.keys() - first.keys())

"""The walks of docs/evolving.md, each step as it is documented, on a fresh project."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import called
from tests.support.running import ROOT

DOCUMENT = ROOT / "docs" / "evolving.md"
CONTRACT = ROOT / "tests" / "projects" / "library.yaml"
BLOCK = re.compile(r"^```(diff|bash|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"--- (\S+)\n\+\+\+ \1\n")
TOOLS = ("cp", "mkdir", "rm")
ENDS = re.compile(r"# exits with (\d)")
WALKS = {
    title: BLOCK.findall(text)
    for title, _, text in (part.partition("\n") for part in DOCUMENT.read_text().split("\n## ")[1:])
}


def edit(project: Path, diff: str) -> None:
    """Change a contract as a diff says, the old text of which stands there once."""
    spec = project / "specs" / "library.yaml"
    named = NAMED.match(diff)
    if named is not None:
        spec, diff = project / named[1], diff[named.end() :]
    old, new = (
        "".join(f"{line[1:]}\n" for line in diff.splitlines() if line[:1] in kept)
        for kept in (" -", " +")
    )
    text = spec.read_text()
    assert text.count(old) == 1, old
    spec.write_text(text.replace(old, new))


def run(project: Path, commands: str) -> str:
    """What the commands say; each has to end as it is documented, or well."""
    said = []
    for line in commands.splitlines():
        command, _, comment = line.partition("  #")
        program, *arguments = command.split()
        if program in TOOLS:
            subprocess.run([program, *arguments], cwd=project, check=True)
            continue
        assert program == "apiwright"
        if arguments[0] == "generate":
            # That revisions hold is shown by tests of their own.
            arguments.append("--no-verify")
        result = called(project, *arguments)
        ends = ENDS.search(f"#{comment}")
        assert result.exit_code == (int(ends[1]) if ends else 0), result.output
        said.append(result.output)
    return "".join(said)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that every walk begins with, made once and copied."""
    folder = tmp_path_factory.mktemp("fresh")
    assert called(folder, "init", "library", "--from", str(CONTRACT)).exit_code == 0
    return folder / "library"


def test_there_are_ten() -> None:
    """One for each kind of edit that a week has."""
    assert len(WALKS) == 10


@pytest.mark.parametrize("title", WALKS)
def test_a_walk_goes_as_documented(title: str, fresh: Path, tmp_path: Path) -> None:
    """Edits, commands, and what they say."""
    project, said = Path(shutil.copytree(fresh, tmp_path / "library")), ""
    for kind, text in WALKS[title]:
        if kind == "diff":
            edit(project, text)
        elif kind == "bash":
            said = run(project, text)
        else:
            for line in text.splitlines():
                assert line in said, f"{line!r} is not in\n{said}"

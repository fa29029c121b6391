"""What a forecast compares with: what was generated last, or a revision of git."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from apiwright.check import check
from apiwright.git import NoGitError, git
from apiwright.history import read_history
from apiwright.load import Document, load
from apiwright.plan import History
from apiwright.problems import Problem, Report
from apiwright.project import Project, older_contracts
from apiwright.served import served_contracts
from apiwright.understand import completed
from apiwright.understand.versions import announce


class BaselineError(Exception):
    """There is nothing to compare with; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was there before: the contracts (none, if there were none), history, folders.

    `faults` tell why a contract that there was can't be read.
    """

    name: str
    documents: tuple[Document, ...]
    history: History
    output: Path
    overrides: Path
    faults: tuple[Problem, ...] = ()


def last_generated(project: Project) -> Baseline:
    """What the last run of `generate` left behind."""
    faults = Report()
    documents, history = served_contracts(project, faults), read_history(project.output)
    return Baseline(
        "what was generated last",
        documents,
        history,
        project.output,
        project.overrides,
        tuple(faults),
    )


@contextmanager
def revision_of_git(project: Project, reference: str) -> Iterator[Baseline]:
    """The project as it stands in a revision of git, unpacked for as long as it is needed.

    BaselineError where there is no repository, no such revision, or no such project in it.
    """
    with tempfile.TemporaryDirectory(prefix="apiwright-") as folder:
        _unpack(project, reference, Path(folder))
        root = Path(folder).resolve()
        spec, output = (root / path.relative_to(project.root) for path in _places(project))
        if not spec.is_file():
            raise BaselineError(f"{reference} has no {project.shown(project.spec)}")
        older = older_contracts(root, spec)
        documents = tuple(_loaded(contract, root) for contract in (spec, *older))
        overrides = project.overrides
        if overrides.is_relative_to(project.root):
            overrides = root / overrides.relative_to(project.root)
        yield Baseline(reference, documents, read_history(output), output, overrides)


def _places(project: Project) -> tuple[Path, Path]:
    for path in (project.spec, project.output):
        if not path.is_relative_to(project.root):
            raise BaselineError(f"{path} stands outside of the project, which git can't show")
    return project.spec, project.output


def _unpack(project: Project, reference: str, folder: Path) -> None:
    """The files of the project in a revision; the name of one can't be taken for an option."""
    commit = _git(
        project.root,
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{reference}^{{commit}}",
    )
    if commit is None:
        if _git(project.root, "rev-parse", "--is-inside-work-tree") is None:
            raise BaselineError(f"{project.root} is in no repository of git")
        raise BaselineError(
            f"git knows no revision {reference}", "in a shallow clone, fetch it first"
        )
    prefix = (_git(project.root, "rev-parse", "--show-prefix") or b"").decode().strip()
    archive = _git(project.root, "archive", "--format=tar", f"{commit.decode().strip()}:{prefix}")
    if archive is None:
        raise BaselineError(f"{reference} has no folder {prefix or '.'}")
    folders = [
        p.relative_to(project.root)
        for p in (project.output, project.overrides)
        if p.is_relative_to(project.root)
    ]
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        needed = (file for file in packed if _is_needed(PurePosixPath(file.name), folders))
        packed.extractall(folder, needed, filter="data")


def _is_needed(file: PurePosixPath, folders: Iterable[Path]) -> bool:
    """Whether a file has a say: parts of contracts, settings, and what is in some folders."""
    of_contracts = file.suffix in (".yaml", ".yml", ".json")
    return (
        of_contracts
        or str(file) == "pyproject.toml"
        or any(file.is_relative_to(folder) for folder in folders)
    )


def _git(folder: Path, *arguments: str) -> bytes | None:
    try:
        return git(folder, *arguments)
    except NoGitError as error:
        raise BaselineError(str(error)) from error


def _loaded(contract: Path, base: Path) -> Document:
    report = Report()
    document = load(contract, report, base=base)
    if document is None or report.failed:
        problem = next(iter(report))
        raise BaselineError(f"the contract to compare with can't be read: {problem.message}")
    announce(document)
    faults = Report()
    # What is served by now is not judged again: our own rules say whether it can be understood.
    check(document, faults, second_opinion=False)
    return document if faults.failed else completed(document)

"""Looking at an output folder: what is there, and whose work it is. Nothing is ever changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from apiwright.plan.files import Policy
from apiwright.write.changes import Changes
from apiwright.write.errors import Kind, ObstacleError, WriteError
from apiwright.write.folder import Folder, opened_if_any
from apiwright.write.manifest import Manifest, read_manifest
from apiwright.write.paths import ancestors, check, shown
from apiwright.write.place import Place, locate
from apiwright.write.prune import is_cache

_NO_POLICIES: Mapping[str, Policy] = MappingProxyType({})
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left behind: texts by their paths, and who owns each."""

    files: Mapping[str, str]
    policies: Mapping[str, Policy]


def compare(
    target: Path, files: Mapping[str, str], policies: Mapping[str, Policy] = _NO_POLICIES
) -> Changes:
    """What it takes to make the folder `target` hold `files`, texts by their paths below it.

    A path without a policy is OWNED. Raises WriteError if a path is unfit, if the folder cannot be
    read, or if something in it is in the way.
    """
    place = locate(target)
    check(files)
    with explained(place, "read"), opened_if_any(place.path, place.shown) as folder:
        before = read_manifest(folder) if folder else None
        comparison = _Comparison(target, files, policies, before)
        if folder is not None:
            comparison.look(folder)
        return comparison.changes()


def recorded_inputs(target: Path) -> str | None:
    """The digest of the inputs of the last run, if the folder is still as that run left it.

    None if a recorded file is missing or differs, if there is no usable record, and after a run
    that was killed: then only another run shows, and makes, what the folder should be.
    """
    try:
        place = locate(target)
        if os.path.lexists(place.lock):
            return None
        with opened_if_any(place.path, place.shown) as folder:
            record = read_manifest(folder) if folder else None
            if folder is None or record is None or not _holds(folder, record):
                return None
            return record.inputs
    except (WriteError, OSError):
        return None


def left_behind(target: Path, inputs: str) -> Left | None:
    """What the last run left in the folder, if it was made of these `inputs`.

    None where `recorded_inputs` is None or another digest, and where a file is no text.
    """
    try:
        place = locate(target)
        if os.path.lexists(place.lock):
            return None
        with opened_if_any(place.path, place.shown) as folder:
            record = read_manifest(folder) if folder else None
            if folder is None or record is None or record.inputs != inputs:
                return None
            texts = {path: folder.read(path, _MAX_BYTES) for path in (*record.files, *record.kept)}
        return _left(record, {path: text for path, text in texts.items() if text is not None})
    except (WriteError, OSError, UnicodeDecodeError):
        return None


def _left(record: Manifest, texts: Mapping[str, bytes]) -> Left | None:
    """The files of a record; None if one is missing or is not what the record says."""
    if len(texts) < len(record.files) + len(record.kept):
        return None
    if any(sha256(texts[path]).hexdigest() != digest for path, digest in record.files.items()):
        return None
    # Which of the two policies a kept file has makes no difference to whoever compares.
    kept = dict.fromkeys(record.kept, Policy.APPEND_ONLY)
    return Left(
        {path: text.decode() for path, text in texts.items()},
        {**dict.fromkeys(record.files, Policy.OWNED), **kept},
    )


@contextmanager
def explained(place: Place, verb: str) -> Iterator[None]:
    """Turn what the operating system says into a WriteError."""
    try:
        yield
    except OSError as error:
        name = f": {os.fsdecode(error.filename)}" if error.filename else ""
        raise WriteError(f"cannot {verb} {place.shown}: {error.strerror or error}{name}") from error


def _holds(folder: Folder, record: Manifest) -> bool:
    same = all(folder.digest(path) == digest for path, digest in record.files.items())
    return same and all(folder.status(path) is not None for path in record.kept)


class _Comparison:
    """Sorts paths by what has to be done about them."""

    def __init__(
        self,
        target: Path,
        files: Mapping[str, str],
        policies: Mapping[str, Policy],
        before: Manifest | None,
    ) -> None:
        self._target = target
        self._files = dict(files)
        self._policies = dict(policies)
        self._before = before
        self._recorded = before.files if before else {}
        self._stale = frozenset(self._recorded) - files.keys()
        self._owned = {
            path: sha256(_encoded(path, text)).hexdigest()
            for path, text in files.items()
            if self._policies.get(path, Policy.OWNED) is Policy.OWNED
        }
        self._kept = files.keys() - self._owned
        self._unchanged: list[str] = []
        self._changed: list[str] = []
        self._removed: list[str] = []
        self._edited: list[str] = []
        self._found: dict[str, str] = {}

    def look(self, folder: Folder) -> None:
        """Look at every file that is or was generated."""
        for path, digest in self._owned.items():
            self._look_at_owned(folder, path, digest)
        for path in self._files.keys() - self._owned:
            if self._exists(folder, path):
                self._unchanged.append(path)
        for path in self._stale:
            self._look_at_stale(folder, path)
        once_kept = set(self._before.kept if self._before else ()) - self._files.keys()
        self._kept |= {path for path in once_kept if _is_there(folder, path)}

    def changes(self) -> Changes:
        """The result."""
        seen = {*self._unchanged, *self._changed, *self._edited}
        inputs = self._before.inputs if self._before else ""
        return Changes(
            target=self._target,
            files=self._files,
            policies=self._policies,
            created=tuple(sorted(self._files.keys() - seen)),
            changed=tuple(sorted(self._changed)),
            unchanged=tuple(sorted(self._unchanged)),
            removed=tuple(sorted(self._removed)),
            edited=tuple(sorted(self._edited)),
            outdated=self._before is None or self._recorded != self._owned,
            found=self._found,
            before=self._before,
            after=Manifest(self._owned, tuple(sorted(self._kept)), inputs),
        )

    def _look_at_owned(self, folder: Folder, path: str, digest: str) -> None:
        try:
            found = folder.digest(path)
        except ObstacleError as obstacle:
            self._check_that_it_goes(folder, obstacle, path)
            return
        if found is None:
            return
        if found == digest:
            self._unchanged.append(path)
            return
        self._found[path] = found
        known = found == self._recorded.get(path)
        (self._changed if known else self._edited).append(path)

    def _look_at_stale(self, folder: Folder, path: str) -> None:
        try:
            found = folder.digest(path)
        except ObstacleError as obstacle:
            if obstacle.kind is Kind.LINK:
                raise
            return  # something of a person's that happens to have the name
        if found is not None:
            self._found[path] = found
            known = found == self._recorded[path]
            (self._removed if known else self._edited).append(path)

    def _exists(self, folder: Folder, path: str) -> bool:
        try:
            return folder.status(path) is not None
        except ObstacleError as obstacle:
            self._check_that_it_goes(folder, obstacle, path)
            return False

    def _check_that_it_goes(self, folder: Folder, obstacle: ObstacleError, path: str) -> None:
        """Raise the obstacle to `path`, unless all of it is removed by the same run."""
        if obstacle.kind is Kind.FILE and obstacle.path in self._stale:
            return
        if obstacle.kind is not Kind.FOLDER or obstacle.path != path:
            raise obstacle
        stranger = next(_strangers(folder, path, self._stale), None)
        if stranger is not None:
            raise WriteError(
                f"{obstacle.message}, and {shown(stranger)} in it was not generated", obstacle.hint
            ) from obstacle


def _strangers(folder: Folder, path: str, stale: frozenset[str]) -> Iterator[str]:
    """What is in a folder and stays there when the stale files are gone."""
    leaving = {above for file in stale for above in ancestors(file)}
    with folder.inside(path) as descriptor, os.scandir(descriptor) as entries:
        for entry in entries:
            inner = f"{path}/{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                if inner not in stale:
                    yield inner
            elif inner in leaving:
                yield from _strangers(folder, inner, stale)
            elif not is_cache(folder, inner):
                yield inner


def _is_there(folder: Folder, path: str) -> bool:
    try:
        return folder.status(path) is not None
    except ObstacleError:
        return False


def _encoded(path: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise WriteError(f"the text of {shown(path)} has a lone surrogate") from error

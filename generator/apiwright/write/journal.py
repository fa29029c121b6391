"""What a run is about to do, on disk before it does it, so that another run can end it.

A journal is a file of lines, each a JSON object with facts that were not known before; a line that
was cut off by a crash does not count. It lies where a stranger's archive may have put one, so what
is read back is checked; it names nothing but siblings of the output folder and paths below it.
"""

from __future__ import annotations

import json
import os
from collections.abc import ItemsView, Mapping
from dataclasses import fields

from apiwright.write.errors import WriteError
from apiwright.write.paths import fault
from apiwright.write.place import Place
from apiwright.write.run import Run, Signature, Step

_MAX_BYTES = 256 * 1024 * 1024

_NAMES = tuple(item.name for item in fields(Run))


class Journal:
    """The journal in an open file."""

    def __init__(self, descriptor: int, place: Place) -> None:
        """Read what is there; raises WriteError if no run has written it."""
        self._descriptor = descriptor
        self.run = self._read(place)

    def begin(self, run: Run) -> None:
        """Begin a run."""
        self._append({"staging": run.staging})
        self.run = run

    def add(self, run: Run, *, durable: bool = False) -> None:
        """Write down what has become known; with `durable` so that a power failure spares it."""
        pairs = {name: (getattr(self.run, name), getattr(run, name)) for name in _NAMES}
        self._append({name: new for name, (old, new) in pairs.items() if new is not old})
        if durable:
            os.fsync(self._descriptor)
        self.run = run

    def clear(self) -> None:
        """End the run."""
        os.ftruncate(self._descriptor, 0)
        self.run = None

    def _append(self, facts: Mapping[str, object]) -> None:
        data = memoryview(json.dumps(facts).encode() + b"\n")
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            os.ftruncate(self._descriptor, end)  # what comes after half a line could not be read
            raise

    def _read(self, place: Place) -> Run | None:
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            data = stream.read(_MAX_BYTES)
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            os.ftruncate(self._descriptor, len(whole))
        facts: dict[str, object] = {}
        try:
            for line in whole.splitlines():
                facts.update(json.loads(line))
            return _checked(facts, place) if facts else None
        except (ValueError, TypeError, RecursionError) as error:
            message = f"{place.lock} is not what a run of apiwright left behind"
            raise WriteError(message, "remove it") from error


def _checked(facts: Mapping[str, object], place: Place) -> Run:
    """The facts as a run; raises ValueError if they cannot be those of one."""
    staging = facts.get("staging")
    if not isinstance(staging, str) or not place.is_staging(staging):
        raise ValueError("no staging folder of this output folder")
    return Run(
        staging=staging,
        original=_inode(facts.get("original")),
        staged=_inode(facts.get("staged")),
        steps={path: _step(path, value) for path, value in _mapping(facts.get("steps"))},
        signatures={path: _signature(value) for path, value in _mapping(facts.get("signatures"))},
        in_place=facts.get("in_place") is True,
        settled=facts.get("settled") is True,
        rescued=facts.get("rescued") is True,
    )


def _mapping(value: object) -> ItemsView[str, object]:
    match value:
        case None | dict():
            return (value or {}).items()
    raise ValueError("no mapping")


def _inode(value: object) -> int | None:
    match value:
        case None | int():
            return value
    raise ValueError("no inode")


def _step(path: str, value: object) -> Step:
    match value:
        case [str() | None as before, str() | None as after] if not fault(path):
            return before, after
    raise ValueError("no step")


def _signature(value: object) -> Signature:
    match value:
        case [int(inode), int(changed), int(size)]:
            return inode, changed, size
    raise ValueError("no signature")

"""What a process and its children use: CPU time, and memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cpu:
    """The CPU time that a process and its children have had: each by its id, and the ended."""

    alive: Mapping[int, float]
    ended: float

    def since(self, before: Cpu) -> float:
        """Seconds of CPU time since another look at the same processes.

        The time of a child that has ended in between is only known as a whole, so that what it had
        before has to be taken off; never more than there is, for systems that don't tell it.
        """
        gone = sum(used for pid, used in before.alive.items() if pid not in self.alive)
        living = sum(used - before.alive.get(pid, 0.0) for pid, used in self.alive.items())
        return living + max(0.0, self.ended - before.ended - gone)


def cpu(pid: int) -> Cpu:
    """A look at the CPU time of a process and its children."""
    alive: dict[int, float] = {}
    ended = 0.0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            alive[process.pid] = times.user + times.system
            # Linux and macOS add up the children that were waited for.
            ended += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return Cpu(alive, ended)


def memory(pid: int) -> int:
    """The bytes of memory that a process and its children hold."""
    total = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


def _family(pid: int) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)

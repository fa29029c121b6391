"""CPU time and memory of a process with its children."""

from __future__ import annotations

import os
import subprocess
import sys

from apiwright.bench.usage import Cpu, cpu, memory


def test_children_are_counted_while_they_live_and_afterwards() -> None:
    """What a child has used is not lost with it."""
    before = cpu(os.getpid())
    busy = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert cpu(os.getpid()).since(before) > 0.2
        assert memory(os.getpid()) > memory(child.pid) > 1_000_000
        child.communicate(b"\n")
    assert cpu(os.getpid()).since(before) > 0.2


def test_the_time_of_ended_children_is_not_counted_twice() -> None:
    """What they had before is taken off; where a system does not tell it, nothing is."""
    before = Cpu({1: 1.0, 2: 5.0}, ended=10.0)
    assert Cpu({1: 1.5, 3: 0.25}, ended=16.0).since(before) == 1.75
    assert Cpu({1: 1.5}, ended=10.0).since(before) == 0.5


def test_a_process_that_is_gone_uses_nothing() -> None:
    """No error: it may end at any moment."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert cpu(child.pid) == Cpu({}, 0.0)
    assert memory(child.pid) == 0

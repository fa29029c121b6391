"""Reads that are the same are run by few for all, and nobody gets anything older than their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app.sharing import AT_ONCE, SharedReads

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATEMENT = "SELECT $1"


class Database:
    """Answers with how many statements have begun, one after the other, when it is let."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, *tuple[Any, ...]]] = []
        self.gates: list[asyncio.Event] = []
        self.reads = SharedReads(self.run)

    async def run(self, statement: str, arguments: Sequence[Any]) -> int:
        """One statement."""
        self.begun.append((statement, *arguments))
        number, gate = len(self.begun), asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        if "wrong" in arguments:
            raise ValueError(number)
        return number

    async def asked(self, *arguments: Any, times: int = 1) -> list[asyncio.Task[int]]:
        """So many who ask for the same."""
        coming = [self.reads.rows(STATEMENT, arguments) for _ in range(times)]
        tasks = [asyncio.create_task(one) for one in coming]
        await asyncio.sleep(0)
        return tasks

    async def answer(self) -> None:
        """Let everything that has begun end."""
        for gate in self.gates:
            gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def idle(self) -> bool:
        """Whether nothing is left of what was asked."""
        return not (self.reads._running or self.reads._waiting or self.reads._tasks)


async def test_who_asks_meanwhile_gets_what_is_read_next() -> None:
    """That begins after they have asked; what runs already would be too old for them."""
    database = Database()
    first = await database.asked(1, times=AT_ONCE)
    others = await database.asked(1, times=10)
    assert len(database.begun) == AT_ONCE
    await database.answer()
    assert await asyncio.gather(*first) == [1, 2]
    late = await database.asked(1)
    assert len(database.begun) == AT_ONCE + 2
    await database.answer()
    assert await asyncio.gather(*others) == [AT_ONCE + 1] * 10
    assert await asyncio.gather(*late) == [AT_ONCE + 2]
    assert database.idle()


async def test_reads_that_differ_do_not_meet() -> None:
    """Neither in their arguments nor in lists among them."""
    database = Database()
    tasks = [task for value in ([1], [2], [1, 2], 1) for task in await database.asked(value)]
    assert len(database.begun) == len(tasks)
    await database.answer()
    assert await asyncio.gather(*tasks) == [1, 2, 3, 4]
    assert database.idle()


async def test_what_goes_wrong_goes_wrong_for_all_who_waited() -> None:
    """And the next one begins anew."""
    database = Database()
    tasks = await database.asked("wrong", times=AT_ONCE + 3)
    await database.answer()
    await database.answer()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(error) for error in found] == ["1", "2", "3", "3", "3"]
    assert database.idle()


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    """Whether they ran a statement themselves or waited for one."""
    database = Database()
    tasks = await database.asked(1, times=AT_ONCE + 3)
    tasks.pop(AT_ONCE).cancel()
    tasks.pop(0).cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(database.begun) == AT_ONCE + 1
    await database.answer()
    assert await asyncio.gather(*tasks) == [2, 3, 3]
    assert database.idle()

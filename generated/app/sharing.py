"""Reads that are the same: run by few, for all who ask at the same time (single flight)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

Rows = TypeVar("Rows")
Run: TypeAlias = Callable[[str, Sequence[Any]], Awaitable[Rows]]
Key: TypeAlias = tuple[Any, ...]

AT_ONCE = 2
"""How many of the same kind run at once. Where one read costs little, nobody waits for another."""


@dataclass(slots=True, eq=False)
class Waiting(Generic[Rows]):
    """Those who wait for the next read of a kind, which runs in the context of the first."""

    context: Context
    turns: list[asyncio.Future[Rows]] = field(default_factory=list)


class SharedReads(Generic[Rows]):
    """Runs statements that only read by `run`; what they return, nobody may change.

    A read that others wait for begins after all of them have asked: each sees at least what was
    committed by then.
    """

    def __init__(self, run: Run[Rows]) -> None:
        self._run = run
        self._running: dict[Key, int] = {}
        self._waiting: dict[Key, Waiting[Rows]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def rows(self, statement: str, arguments: Sequence[Any]) -> Rows:
        """The rows of a statement; whatever `run` raises."""
        key = (statement, *(tuple(a) if isinstance(a, list) else a for a in arguments))
        running = self._running.get(key, 0)
        if running >= AT_ONCE:
            return await self._next(key)
        self._running[key] = running + 1
        try:
            return await self._run(statement, arguments)
        finally:
            self._ended(key, statement, arguments)

    def _next(self, key: Key) -> asyncio.Future[Rows]:
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = Waiting(copy_context())
        turn: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        waiting.turns.append(turn)
        return turn

    def _ended(self, key: Key, statement: str, arguments: Sequence[Any]) -> None:
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            work = self._run_for(waiting, key, statement, arguments)
            task = asyncio.get_running_loop().create_task(work, context=waiting.context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._running[key] > 1:
            self._running[key] -= 1
        else:
            del self._running[key]

    async def _run_for(
        self, waiting: Waiting[Rows], key: Key, statement: str, arguments: Sequence[Any]
    ) -> None:
        try:
            rows = await self._run(statement, arguments)
        except BaseException as error:
            for turn in waiting.turns:
                if not turn.done():
                    turn.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            for turn in waiting.turns:
                if not turn.done():
                    turn.set_result(rows)
        finally:
            self._ended(key, statement, arguments)

"""How a process ends: first it tells that it is not ready, and only later stops to listen.

Whoever spreads requests over processes learns of an end by asking. Until they have, requests go on
to arrive, and have to be answered. So SIGTERM first makes `/health/ready` say no, and reaches the
server when DRAIN_SECONDS have passed; a second SIGTERM reaches it at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

from starlette.datastructures import State

log = logging.getLogger("app.draining")


@asynccontextmanager
async def drained(state: State, seconds: float) -> AsyncIterator[None]:
    """Let SIGTERM set `state.draining`, and the server's own handler wait for some seconds.

    Only the main thread can hear signals: elsewhere, as in tests, nothing changes.
    """
    state.draining = False
    before = signal.getsignal(signal.SIGTERM)
    loop = asyncio.get_running_loop()

    def end(number: int, frame: FrameType | None) -> None:
        if callable(before):
            before(number, frame)

    def begin(number: int, frame: FrameType | None) -> None:
        if state.draining or not callable(before):
            end(number, frame)
            return
        state.draining = True
        loop.call_soon_threadsafe(log.info, "no longer ready; ending in %g s", seconds)
        loop.call_soon_threadsafe(loop.call_later, seconds, end, number, None)

    heard = threading.current_thread() is threading.main_thread() and callable(before)
    if heard:
        signal.signal(signal.SIGTERM, begin)
    try:
        yield
    finally:
        state.draining = True
        if heard and signal.getsignal(signal.SIGTERM) is begin:
            signal.signal(signal.SIGTERM, before)

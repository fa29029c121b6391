"""What is going on, told while it happens: a line for each step, a spinner on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Tells of steps on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Tell that `what` is being done, and how long it took."""
        started = time.perf_counter()
        if self._console.is_terminal:
            with self._console.status(what):
                yield
        else:
            yield
        seconds = time.perf_counter() - started
        self._console.print(f"[green]ok[/green]  {what} [dim]({seconds:.1f} s)[/dim]")

    def say(self, text: str) -> None:
        """Tell something that is done already."""
        self._console.print(text, markup=False)

    def warn(self, text: str) -> None:
        """Tell something that somebody has to look at."""
        self._console.print(text, style="yellow", markup=False)

"""The bars that the generated service is held to, and whether it clears them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.performance.checks import Burst, Storm
from tests.performance.measuring import Summary
from tests.performance.policies import Cost
from tests.performance.variants import ALL_POLICIES, ASYNC_ORM, FLOOR, OFFERS, OURS
from tests.performance.works import CREATE, EMBEDDED, LIST, ONE, TITLES

MEGABYTE = 2**20
MOST_MEMORY = 85 * MEGABYTE
FLAT = 3 * MEGABYTE
START_SECONDS = 1.5
HOLDS_OF_TEN = 0.9

TIMES = {LIST: 7.0, ONE: 4.0, CREATE: 4.0, EMBEDDED: 10.0}
"""How many times the requests a second of the async ORM peer."""

MOST_FOR_POLICIES = 0.35
"""How much more CPU time a request may take with all policies than without any."""

PARTS = {LIST: 0.65, ONE: 0.60}
"""Which part of the requests a second of the floor."""


@dataclass(frozen=True)
class Mark:
    """One bar: what is asked, what was measured, and whether that is enough.

    `by_cpu` is whether CPU time a request says so too, where it says anything about the bar.
    """

    work: str
    asked: str
    measured: str
    hit: bool
    by_cpu: bool | None = None

    @property
    def word(self) -> str:
        """The verdict in a word; a bar is cleared if both figures say so."""
        if self.by_cpu is None or self.by_cpu is self.hit:
            return "hit" if self.hit else "missed"
        return "by rate only" if self.hit else "by CPU only"


def speed(summaries: Sequence[Summary]) -> Iterator[Mark]:
    """The bars that are set by the peers, with one worker."""
    known = {(s.variant, s.work): s for s in summaries if s.workers == 1}
    for work, times in TIMES.items():
        ours = known.get((OFFERS if work == EMBEDDED else OURS, work))
        peer, floor = known.get((ASYNC_ORM, work)), known.get((FLOOR, work))
        if ours is None or peer is None or floor is None:
            continue
        ratio, saved = ours.rate / peer.rate, peer.cpu / ours.cpu
        measured = f"{ratio:.1f} times (CPU a request: {saved:.1f} times less)"
        yield Mark(
            TITLES[work],
            f"{times:g} times the async ORM peer",
            measured,
            ratio >= times,
            saved >= times,
        )
        if work in PARTS:
            part, spent = ours.rate / floor.rate, floor.cpu / ours.cpu
            measured = f"{part:.0%} (by CPU a request: {spent:.0%})"
            asked = f"{PARTS[work]:.0%} of the floor"
            yield Mark(TITLES[work], asked, measured, part >= PARTS[work], spent >= PARTS[work])


def burst(found: Burst) -> Mark:
    """The reference load test."""
    runs = len(found.medians)
    fastest, slowest = min(found.medians), max(found.medians)
    measured = (
        f"{found.held} of {runs} runs hold; medians {fastest:.3f} to {slowest:.3f} s; "
        f"{found.wrong} answers were no 200; {found.items} items each"
    )
    hit = found.held >= HOLDS_OF_TEN * runs and found.wrong == 0 and found.items == 20
    return Mark("reference load test", "median under 0.2 s in 9 of 10 runs, all 200", measured, hit)


def memory(summaries: Sequence[Summary]) -> Mark:
    """One worker after the load."""
    most = max(s.memory for s in summaries if s.variant == OURS and s.workers == 1)
    asked = f"at most {MOST_MEMORY / MEGABYTE:.0f} MB"
    measured = f"{most / MEGABYTE:.0f} MB"
    return Mark("memory of one worker after the load", asked, measured, most <= MOST_MEMORY)


def start(seconds: float) -> Mark:
    """The start of the service."""
    measured = f"{seconds:.2f} s"
    asked = f"under {START_SECONDS:g} s"
    return Mark("start to first answer", asked, measured, seconds < START_SECONDS)


def storm(found: Storm) -> Mark:
    """Many connections for a while."""
    errors = sum(found.errors.values())
    measured = (
        f"{errors} errors, {found.growth / MEGABYTE:+.1f} MB after the warm-up; "
        f"{found.rate:,.0f} requests a second, p99 {found.p99:,.0f} ms"
    )
    title = f"{found.connections:,} connections at once for {found.seconds:g} s"
    return Mark(title, "no error, memory flat", measured, errors == 0 and found.growth <= FLAT)


def policies(costs: Sequence[Cost]) -> Iterator[Mark]:
    """What the policies cost together."""
    for cost in costs:
        if cost.policy == ALL_POLICIES:
            asked = f"at most {MOST_FOR_POLICIES:.0%} more CPU time"
            title = f"all policies, {TITLES[cost.work]}"
            yield Mark(title, asked, f"{cost.more:+.0%}", cost.more <= MOST_FOR_POLICIES)

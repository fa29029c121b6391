"""Differences between schemas, at any depth, each pair of schemas compared once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from apiwright.breaking.alternatives import (
    Alternatives,
    alternative_differences,
    alternative_steps,
    discriminator_differences,
)
from apiwright.breaking.aspects import KEPT
from apiwright.breaking.change import Direction
from apiwright.breaking.difference import Difference, Pair, Step
from apiwright.breaking.effective import Effective, Parts, Schemas
from apiwright.breaking.objects import array_differences, object_differences, object_steps
from apiwright.breaking.sameness import Sameness
from apiwright.breaking.values import unrelated, value_differences
from apiwright.load import Document, Node

# Conditions and negations are told apart as a whole: what they allow changes the other way round.
_WHOLE = ("not", "if")


# The way to a part of a value: that to the whole, and the name of the part.
_Way: TypeAlias = "tuple[_Way | None, str]"


@dataclass(frozen=True, slots=True)
class Found:
    """A difference, and the way to the value that has it.

    `node` is where it stands, or the nearest place that is known; None where that is where the
    search began.
    """

    difference: Difference
    path: tuple[str, ...]
    node: Node | None


@dataclass(frozen=True, slots=True)
class _Compared:
    """What comparing two schemas gave: their own differences, and the ways to those of parts.

    `wholes` are differences that there are if two schemas beside them differ in anything.
    """

    own: tuple[Difference, ...] = ()
    steps: tuple[Step, ...] = ()
    wholes: tuple[tuple[Pair, Difference], ...] = ()
    spot: Node | None = None

    def needed(self) -> Iterator[Pair]:
        """The pairs that have to be compared as well."""
        yield from (step.pair for step in self.steps)
        yield from (pair for pair, _ in self.wholes)


_NOTHING = _Compared()


class Comparison:
    """Compares schemas of two documents, in one direction, written as text or as JSON."""

    def __init__(
        self,
        before: Document,
        after: Document,
        sameness: Sameness,
        direction: Direction,
        *,
        text: bool,
    ) -> None:
        self._before = Schemas(before, direction)
        self._after = Schemas(after, direction)
        self._alternatives = Alternatives(self._before, self._after)
        self._sameness = sameness
        self._direction = direction
        self._text = text
        self._known: dict[Pair, _Compared] = {}
        self._bits: dict[Pair, int] = {}
        self._below: dict[Pair, int] = {}

    def found(self, before: Parts, after: Parts) -> Iterator[Found]:
        """All differences between two schemas; a pair met in several places is told at one.

        That is the nearest. Where everything below has been told, the search doesn't go.
        """
        start = self._meant((before, after))
        self._settle(start)
        told = 0
        waiting: deque[tuple[Pair, _Way | None, Node | None]] = deque([(start, None, None)])
        while waiting:
            pair, way, spot = waiting.popleft()
            if not self._below[pair] & ~told:
                continue
            compared = self._known[pair]
            spot = compared.spot or spot
            own = self._bits.get(pair, 0)
            if own & ~told:
                path = _path(way)
                for difference in self._differences(compared):
                    yield Found(difference, (*path, *difference.path), difference.node or spot)
            told |= own
            waiting.extend(
                (step.pair, (way, step.name), step.node or spot) for step in compared.steps
            )

    def _meant(self, pair: Pair) -> Pair:
        return (self._before.meant(pair[0]), self._after.meant(pair[1]))

    def _differences(self, compared: _Compared) -> Iterator[Difference]:
        yield from compared.own
        yield from (difference for whole, difference in compared.wholes if self._below[whole])

    def _settle(self, start: Pair) -> None:
        """Compare everything that can be reached, and find out what differs from where on."""
        users: dict[Pair, list[Pair]] = {}
        fresh: list[Pair] = []
        stack = [start]
        while stack:
            pair = stack.pop()
            if pair in self._known:
                continue
            self._known[pair] = compared = self._compare(pair)
            self._below[pair] = 0
            fresh.append(pair)
            for needed in compared.needed():
                users.setdefault(needed, []).append(pair)
                stack.append(needed)
        waiting = fresh
        while waiting:
            pair = waiting.pop()
            below = self._differing(pair)
            if below != self._below[pair]:
                self._below[pair] = below
                waiting.extend(users.get(pair, ()))

    def _differing(self, pair: Pair) -> int:
        """The pairs with differences of their own from this one on, each as a bit."""
        compared = self._known[pair]
        if pair not in self._bits and any(self._differences(compared)):
            self._bits[pair] = 1 << len(self._bits)
        below = self._bits.get(pair, 0)
        for step in compared.steps:
            below |= self._below[step.pair]
        return below

    def _compare(self, pair: Pair) -> _Compared:
        if self._sameness.same(*pair):
            return _NOTHING
        before, after = self._before.effective(pair[0]), self._after.effective(pair[1])
        spot = pair[1][0] if pair[1] else None
        own = list(value_differences(before, after, text=self._text))
        if unrelated(before, after):
            return _Compared(tuple(own), spot=spot)
        matched = self._alternatives.match(before, after)
        if matched is None:
            own.append(Difference("alternatives-changed", "has other sets of alternatives"))
            matched = ()
        own += alternative_differences(matched)
        own += discriminator_differences(before, after)
        steps = list(alternative_steps(matched))
        wrapped = matched and len(before.groups) != len(after.groups)
        if not wrapped:
            own += object_differences(before, after, self._direction)
            own += array_differences(before, after)
            own += self._kept(before, after)
            steps += object_steps(before, after)
            steps += self._kept_steps(before, after)
        ways = tuple(replace(step, pair=self._meant(step.pair)) for step in steps)
        wholes = tuple((self._meant(pair), each) for pair, each in self._wholes(before, after))
        return _Compared(tuple(own), ways, wholes, spot)

    @staticmethod
    def _kept(before: Effective, after: Effective) -> Iterator[Difference]:
        """Schemas that are there, or not, beside what describes the value."""
        for keyword, (name, words) in KEPT.items():
            old, new = before.schemas.get(keyword), after.schemas.get(keyword)
            if old is None and new is not None:
                yield Difference(f"{name}-added", f"has {words} now", new[0])
            elif old is not None and new is None:
                yield Difference(f"{name}-removed", f"no longer has {words}")

    @staticmethod
    def _kept_steps(before: Effective, after: Effective) -> Iterator[Step]:
        for keyword in KEPT:
            old, new = before.schemas.get(keyword), after.schemas.get(keyword)
            if keyword not in _WHOLE and old is not None and new is not None:
                yield Step(f"<{keyword}>", (old, new))

    @staticmethod
    def _wholes(before: Effective, after: Effective) -> Iterator[tuple[Pair, Difference]]:
        for keyword in _WHOLE:
            name, words = KEPT[keyword]
            old, new = before.schemas.get(keyword), after.schemas.get(keyword)
            if old is not None and new is not None:
                difference = Difference(f"{name}-changed", f"has {words}, another one", new[0])
                yield (old, new), difference


def _path(way: _Way | None) -> tuple[str, ...]:
    names = []
    while way is not None:
        way, name = way
        names.append(name)
    return tuple(reversed(names))

"""Words for problems: text of the contract cut to size, and the nearest name to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nlargest
from itertools import islice, pairwise

from apiwright.load.limits import MAX_HINTED
from apiwright.problems import Report

_SHOWN = 80
_MAX_CANDIDATES = 2_000
_MAX_COMPARED = 20
_MAX_LENGTH = 60


def shown(text: str) -> str:
    """Text of the contract for a message, cut where it is very long."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def with_article(noun: str) -> str:
    """A noun with its indefinite article: "an operation"."""
    return f"{'an' if noun[:1] in 'aeio' else 'a'} {noun}"


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` was most likely meant to be, or None.

    A name that differs only in case wins over one that differs in letters.
    """
    if len(word) > _MAX_LENGTH:
        return None
    folded = word.casefold()
    alike = (
        name
        for name in candidates
        if name != word and abs(len(name) - len(word)) <= max(3, len(word) // 2)
    )
    names = list(islice(alike, _MAX_CANDIDATES))
    for name in names:
        if name.casefold() == folded:
            return name
    # difflib takes milliseconds for a name, so a rough measure chooses the few that it sees
    pieces = _pieces(word)
    likely = nlargest(_MAX_COMPARED, names, key=lambda name: len(pieces & _pieces(name)))
    found = get_close_matches(word, likely, n=1, cutoff=0.6)
    return found[0] if found else None


def _pieces(word: str) -> set[str]:
    return {*word, *(first + second for first, second in pairwise(word))}


def worth_it(report: Report) -> bool:
    """Whether a search for the nearest name still pays: the first problems get one."""
    return len(report) < MAX_HINTED


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint for people that names the nearest candidate; empty when none is near."""
    name = nearest(word, candidates)
    return f"did you mean '{shown(name)}'?" if name is not None else ""

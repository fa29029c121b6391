"""Differences between sets of alternatives, and in what tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apiwright.breaking.difference import Difference, Step
from apiwright.breaking.effective import Effective, Group, Parts, Schemas
from apiwright.breaking.values import listed
from apiwright.load import Node

_WORDS = {"oneOf": "one-of", "anyOf": "any-of"}
_DEEP, _SHALLOW = 3, 1


@dataclass(frozen=True, slots=True)
class Matched:
    """Alternatives of two versions: those that belong together, and those that stand alone."""

    keyword: str
    both: tuple[tuple[Parts, Parts], ...]
    added: tuple[Parts, ...]
    removed: tuple[Parts, ...]


class Alternatives:
    """Finds which alternatives of two versions belong together."""

    def __init__(self, before: Schemas, after: Schemas) -> None:
        self._before = before
        self._after = after

    def match(self, before: Effective, after: Effective) -> tuple[Matched, ...] | None:
        """The sets of alternatives, paired; None where it can't be told which belong together."""
        if len(before.groups) == len(after.groups):
            return tuple(
                self._match(new.keyword, _each(old), _each(new))
                for old, new in zip(before.groups, after.groups, strict=True)
            )
        if not before.groups and len(after.groups) == 1 and after.bare:
            [group] = after.groups
            return (self._match(group.keyword, (before.nodes,), _each(group)),)
        if not after.groups and len(before.groups) == 1 and before.bare:
            [group] = before.groups
            return (self._match(group.keyword, _each(group), (after.nodes,)),)
        return None

    def _match(self, keyword: str, before: Iterable[Parts], after: Iterable[Parts]) -> Matched:
        old, new = list(before), list(after)
        both: list[tuple[Parts, Parts]] = []
        for key in (self._by_reference, self._by_print(_DEEP), self._by_print(_SHALLOW)):
            waiting: dict[object, list[Parts]] = {}
            for parts in new:
                waiting.setdefault(key(parts, self._after), []).append(parts)
            for parts in list(old):
                found = waiting.get(key(parts, self._before))
                if found and key(parts, self._before) is not None:
                    both.append((parts, found[0]))
                    old.remove(parts)
                    new.remove(found.pop(0))
        for parts in list(old):
            alike = next((other for other in new if self._alike(parts, other)), None)
            if alike is not None:
                both.append((parts, alike))
                old.remove(parts)
                new.remove(alike)
        return Matched(keyword, tuple(both), tuple(new), tuple(old))

    @staticmethod
    def _by_reference(parts: Parts, schemas: Schemas) -> str | None:
        return schemas.reference(parts[0]) or None if len(parts) == 1 else None

    @staticmethod
    def _by_print(depth: int) -> Callable[[Parts, Schemas], int]:
        return lambda parts, schemas: schemas.fingerprint(parts, depth)

    def _alike(self, before: Parts, after: Parts) -> bool:
        """Whether one is probably a changed version of the other."""
        old, new = self._before.effective(before), self._after.effective(after)
        if old.types != new.types:
            return False
        names, others = set(old.properties), set(new.properties)
        return 2 * len(names & others) >= len(names | others)


def _each(group: Group) -> tuple[Parts, ...]:
    return tuple((node,) for node in group.alternatives)


def alternative_differences(matched: Iterable[Matched]) -> Iterator[Difference]:
    """The alternatives that are there no longer, or newly."""
    for group in matched:
        word = _WORDS[group.keyword]
        if group.added:
            names = listed(_name(parts) for parts in group.added)
            spot = group.added[0][0] if group.added[0] else None
            yield Difference(f"{word}-added", f"has more alternatives: {names}", spot)
        if group.removed:
            names = listed(_name(parts) for parts in group.removed)
            yield Difference(f"{word}-removed", f"has fewer alternatives: no longer {names}")


def alternative_steps(matched: Iterable[Matched]) -> Iterator[Step]:
    """The alternatives that both versions have."""
    for group in matched:
        for old, new in group.both:
            yield Step(f"({_name(new)})", (old, new))


def discriminator_differences(before: Effective, after: Effective) -> Iterator[Difference]:
    """What differs in the property that tells alternatives apart, and in its values."""
    old, new = before.keywords.get("discriminator"), after.keywords.get("discriminator")
    if old is None and new is None:
        return
    if old is None:
        yield Difference("discriminator-added", "is told apart by a property now", new)
    elif new is None:
        yield Difference("discriminator-removed", "is told apart by no property any longer")
    else:
        name, was = new.string("propertyName"), old.string("propertyName")
        if name != was:
            detail = f"is told apart by {listed([name])} instead of {listed([was])}"
            yield Difference("discriminator-property-name-changed", detail, new)
        yield from _mapping(_meanings(old, before), _meanings(new, after), new)


def _meanings(node: Node, known: Effective) -> dict[str, str]:
    """The schemas that values of a discriminator mean, by their names (3.1.1 section 4.8.25).

    Those that are given by the names of the alternatives count only as far as both versions have
    the alternative; otherwise that is the difference.
    """
    implied = {
        _name((each,)): _name((each,)) for group in known.groups for each in group.alternatives
    }
    written = {
        value: target.text.rpartition("/")[2] for value, target in node.entries("mapping").items()
    }
    return {**implied, **written}


def _mapping(old: dict[str, str], new: dict[str, str], node: Node) -> Iterator[Difference]:
    targets, others = set(old.values()), set(new.values())
    spot = node.get("mapping") or node
    added = sorted(key for key in new if key not in old and new[key] in targets)
    deleted = sorted(key for key in old if key not in new and old[key] in others)
    changed = sorted(
        key for key in old if key in new and old[key] != new[key] and new[key] in targets
    )
    if added:
        detail = f"is told apart by more values: {listed(added)}"
        yield Difference("discriminator-mapping-added", detail, spot)
    if deleted:
        detail = f"is told apart by fewer values: no longer {listed(deleted)}"
        yield Difference("discriminator-mapping-deleted", detail, spot)
    if changed:
        detail = f"means another schema by the values {listed(changed)}"
        yield Difference("discriminator-mapping-changed", detail, spot)


def _name(parts: Parts) -> str:
    """An alternative for people: the name of the schema it refers to, its title, or its type."""
    for node in parts:
        found = node.string("$ref").rpartition("/")[2] or node.string("title")
        found = found or node.string("type")
        if found:
            return found
    return "an unnamed one"

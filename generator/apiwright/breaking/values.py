"""Differences in what a schema says of a value itself: its type, its bounds, its form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from apiwright.breaking.aspects import BOUNDS
from apiwright.breaking.difference import Difference
from apiwright.breaking.effective import Bound, Effective, Number, key_of
from apiwright.load import Node, plain
from apiwright.load.wording import shown

_LISTED = 5
# Formats that every value of the other one has as well, and those that say nothing of the value.
_WIDER = {"int32": "int64", "float": "double"}
_NO_FORMATS = frozenset({"", "password"})
_SCALARS = frozenset({"integer", "number", "boolean"})
# What a bound is where there is none.
_FREE = {"minLength": 0, "minItems": 0, "minProperties": 0, "minContains": 1}


def value_differences(before: Effective, after: Effective, *, text: bool) -> Iterator[Difference]:
    """What differs in the value itself; `text` says that it is not written as JSON."""
    yield from _types(before, after, text=text)
    yield from _nullable(before, after)
    yield from _enum(before, after)
    yield from _default(before, after)
    yield from _number_bound(before, after, "min")
    yield from _number_bound(before, after, "max")
    yield from _sizes(before, after)
    yield from _multiple_of(before, after)
    yield from _unique(before, after)
    yield from _pattern(before, after)
    yield from _words(before, after)
    yield from _deprecation(before, after)


def unrelated(before: Effective, after: Effective) -> bool:
    """Whether no value but null has both types, so that comparing further tells nothing."""
    return not (before.types & after.types) and bool(before.types or after.types)


def listed(values: Iterable[str]) -> str:
    """Some of the values for a sentence, and how many more there are."""
    every = list(values)
    words = ", ".join(shown(value) for value in islice(every, _LISTED))
    more = len(every) - _LISTED
    return f"{words} and {more:,} more" if more > 0 else words


def _types(before: Effective, after: Effective, *, text: bool) -> Iterator[Difference]:
    old, new = before.types, after.types
    if text:
        old, new = _readable(old), _readable(new)
    if old != new:
        detail = f"is {_named(after.types)} instead of {_named(before.types)}"
        node = after.keywords.get("type")
        several = max(map(_count, (before.types, after.types))) > 1
        yield Difference(_type_kind(old, new, several=several), detail, node)
    elif old:
        yield from _format(before, after)


def _readable(types: frozenset[str]) -> frozenset[str]:
    """The types whose values can be read as text of `types`: as a string, any of them."""
    return types | _SCALARS if "string" in types else types


def _type_kind(old: frozenset[str], new: frozenset[str], *, several: bool) -> str:
    """The aspect that differs; `several` where one of the versions has more than one type."""
    if old < new:
        return "list-of-types-widened" if several and old else "type-generalized"
    if old > new:
        return "list-of-types-narrowed" if several and new else "type-specialized"
    return "type-changed"


def _count(types: frozenset[str]) -> int:
    """How many types somebody would have to write."""
    return len(types - {"integer"} if "number" in types else types)


def _named(types: frozenset[str]) -> str:
    written = sorted(types - {"integer"} if "number" in types else types)
    if not written:
        return "nothing"
    return "of any type" if len(written) == len(_SCALARS) + 2 else " or ".join(written)


def _format(before: Effective, after: Effective) -> Iterator[Difference]:
    old, new = ("" if known.format in _NO_FORMATS else known.format for known in (before, after))
    if old == new:
        return
    node = after.keywords.get("format")
    if not new or _WIDER.get(old) == new:
        kind = "type-generalized"
    elif not old or _WIDER.get(new) == old:
        kind = "type-specialized"
    else:
        kind = "type-changed"
    words = {True: f"has the format {shown(new)}", False: "has no format"}[bool(new)]
    was = f"instead of {shown(old)}" if old else "now"
    yield Difference(kind, f"{words} {was}", node)


def _nullable(before: Effective, after: Effective) -> Iterator[Difference]:
    if before.nullable != after.nullable:
        node = after.keywords.get("type")
        if after.nullable:
            yield Difference("became-nullable", "may be null now", node)
        else:
            yield Difference("became-not-nullable", "must not be null any longer", node)


def _enum(before: Effective, after: Effective) -> Iterator[Difference]:
    node = after.keywords.get("enum") or after.keywords.get("const")
    if before.enum is None and after.enum is None:
        return
    if before.enum is None or after.enum is None:
        if after.enum is not None and not _everything(after):
            detail = f"takes only some values now: {listed(after.enum)}"
            yield Difference("became-enum", detail, node)
        elif before.enum is not None and not _everything(before):
            yield Difference("enum-removed", "no longer takes only the values of a list")
        return
    added = [key for key in after.enum if key not in before.enum]
    removed = [key for key in before.enum if key not in after.enum]
    if removed:
        yield Difference("enum-value-removed", f"no longer takes {listed(removed)}", node)
    if added:
        yield Difference("enum-value-added", f"takes {listed(added)} as well", node)


def _everything(known: Effective) -> bool:
    """Whether a list of values holds all that there are of their types."""
    return known.types == {"boolean"} and known.enum is not None and len(known.enum) == 2


def _default(before: Effective, after: Effective) -> Iterator[Difference]:
    old, new = before.keywords.get("default"), after.keywords.get("default")
    if old is None and new is None:
        return
    if old is None and new is not None:
        yield Difference("default-value-added", f"has the default {_text(new)} now", new)
    elif old is not None and new is None:
        yield Difference("default-value-removed", f"has the default {_text(old)} no longer")
    elif old is not None and new is not None and _text(old) != _text(new):
        detail = f"has the default {_text(new)} instead of {_text(old)}"
        yield Difference("default-value-changed", detail, new)


def _text(node: Node) -> str:
    return shown(key_of(plain(node)))


def _number_bound(before: Effective, after: Effective, name: str) -> Iterator[Difference]:
    old, new = (before.lower, after.lower) if name == "min" else (before.upper, after.upper)
    present = new or old
    if present is None:
        return
    prefix = f"exclusive-{name}" if present.exclusive else name
    if old is None or new is None:
        least = None if old is None else old.value
        now = (None, None) if new is None else (new.value, new.node)
        yield from _limit(prefix, least, *now)
    elif (old.value, old.exclusive) != (new.value, new.exclusive):
        yield _moved(prefix, old, new, lower=name == "min")


def _moved(prefix: str, old: Bound, new: Bound, *, lower: bool) -> Difference:
    """The difference of two bounds, of which one may be allowed itself and the other not."""
    raised = (
        (new.exclusive if lower else old.exclusive)
        if old.value == new.value
        else (new.value > old.value)
    )
    kind = f"{prefix}-increased" if raised else f"{prefix}-decreased"
    words = [f"{shown(str(each.value))}{' (not itself)' * each.exclusive}" for each in (new, old)]
    which = "least" if lower else "greatest"
    return Difference(kind, f"has {words[0]} instead of {words[1]} as its {which} value", new.node)


def _limit(
    name: str, old: Number | None, new: Number | None, node: Node | None
) -> Iterator[Difference]:
    keyword, words = BOUNDS[name]
    if old is None and new is not None:
        yield Difference(f"{name}-set", f"is bounded now: {keyword} is {shown(str(new))}", node)
    elif old is not None and new is None:
        detail = f"is no longer bounded: {keyword} was {shown(str(old))}"
        yield Difference(f"{name}-unset", detail)
    elif old is not None and new is not None and old != new:
        kind = f"{name}-increased" if new > old else f"{name}-decreased"
        detail = f"has {shown(str(new))} instead of {shown(str(old))} as {words}"
        yield Difference(kind, detail, node)


def _sizes(before: Effective, after: Effective) -> Iterator[Difference]:
    for name, (keyword, _) in BOUNDS.items():
        if keyword in before.sizes or keyword in after.sizes:
            free = _FREE.get(keyword)
            old, new = before.sizes.get(keyword, free), after.sizes.get(keyword, free)
            if old == new:
                continue
            node = after.keywords.get(keyword)
            yield from _limit(name, _unless(old, free), _unless(new, free), node)


def _unless(value: int | None, free: int | None) -> int | None:
    return None if value == free else value


def _multiple_of(before: Effective, after: Effective) -> Iterator[Difference]:
    old, new = before.multiple_of, after.multiple_of
    node = after.keywords.get("multipleOf")
    if old == new:
        return
    if old is None:
        detail = f"has to be a multiple of {shown(str(new))} now"
        yield Difference("multiple-of-set", detail, node)
    elif new is None:
        detail = f"no longer has to be a multiple of {shown(str(old))}"
        yield Difference("multiple-of-unset", detail)
    else:
        kind = "multiple-of-changed"
        if _divides(new, old):
            kind = "multiple-of-generalized"
        elif _divides(old, new):
            kind = "multiple-of-specialized"
        detail = f"has to be a multiple of {shown(str(new))} instead of {shown(str(old))}"
        yield Difference(kind, detail, node)


def _divides(small: Number, large: Number) -> bool:
    return bool(small) and (large / small).is_integer()


def _unique(before: Effective, after: Effective) -> Iterator[Difference]:
    if after.unique and not before.unique:
        node = after.keywords.get("uniqueItems")
        yield Difference("unique-items-set", "must not hold an item twice now", node)
    elif before.unique and not after.unique:
        yield Difference("unique-items-unset", "may hold an item twice now")


def _pattern(before: Effective, after: Effective) -> Iterator[Difference]:
    old, new = before.patterns, after.patterns
    node = after.keywords.get("pattern")
    if old == new:
        return
    if old < new:
        detail = f"has to match {listed(sorted(new - old))} now"
        yield Difference("pattern-added", detail, node)
    elif old > new:
        detail = f"no longer has to match {listed(sorted(old - new))}"
        yield Difference("pattern-removed", detail)
    else:
        detail = f"has to match {listed(sorted(new))} instead of {listed(sorted(old))}"
        yield Difference("pattern-changed", detail, node)


def _words(before: Effective, after: Effective) -> Iterator[Difference]:
    kinds: Mapping[str, str] = {
        "contentMediaType": "content-media-type-changed",
        "contentEncoding": "content-encoding-changed",
    }
    for keyword, kind in kinds.items():
        old, new = before.words.get(keyword, ""), after.words.get(keyword, "")
        if old.lower() != new.lower():
            detail = f"has {shown(new) or 'nothing'} instead of {shown(old) or 'nothing'}"
            yield Difference(kind, f"{detail} as its {keyword}", after.keywords.get(keyword))


def _deprecation(before: Effective, after: Effective) -> Iterator[Difference]:
    if after.deprecated and not before.deprecated:
        yield Difference("deprecated", "is deprecated now", after.keywords.get("deprecated"))
    elif before.deprecated and not after.deprecated:
        yield Difference("reactivated", "is no longer deprecated")

"""Differences in the properties of objects and the items of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apiwright.breaking.change import Direction, Level
from apiwright.breaking.difference import Difference, Step
from apiwright.breaking.effective import Effective, Parts
from apiwright.breaking.values import listed
from apiwright.load import Node


def object_differences(
    before: Effective, after: Effective, direction: Direction
) -> Iterator[Difference]:
    """What differs in which properties there are and have to be there."""
    names = {**before.properties, **after.properties}
    for name in names:
        if name in before.properties and name in after.properties:
            yield from _required(name, before, after)
        elif name in after.properties:
            yield _added(name, before, after, direction)
        else:
            yield _removed(name, before, after, direction)
    if after.closed and not before.closed:
        node = after.keywords.get("additionalProperties") or after.keywords.get(
            "unevaluatedProperties"
        )
        detail = "takes no other properties than those named any longer"
        yield Difference("additional-properties-closed", detail, node)
    elif before.closed and not after.closed:
        yield Difference("additional-properties-opened", "may have properties that aren't named")
    yield from _dependent(before, after)


def object_steps(before: Effective, after: Effective) -> Iterator[Step]:
    """The parts of objects and arrays that both versions describe."""
    for name, parts in after.properties.items():
        if name in before.properties:
            yield Step(name, (before.properties[name], parts))
    if not (before.closed or after.closed) and (before.extra or after.extra):
        yield Step("{}", (before.extra, after.extra), after.keywords.get("additionalProperties"))
    for name, parts in after.pattern_properties.items():
        if name in before.pattern_properties:
            yield Step(f"{{{name}}}", (before.pattern_properties[name], parts))
    for name, parts in after.dependent_schemas.items():
        if name in before.dependent_schemas:
            yield Step(f"({name})", (before.dependent_schemas[name], parts))
    if not (before.closed_items or after.closed_items) and (before.items or after.items):
        yield Step("[]", (before.items, after.items), after.keywords.get("items"))
    for index, (old, new) in enumerate(zip(before.prefix, after.prefix, strict=False)):
        yield Step(f"[{index}]", (old, new))


def array_differences(before: Effective, after: Effective) -> Iterator[Difference]:
    """What differs in how the items of an array are described."""
    old, new = len(before.prefix), len(after.prefix)
    node = after.keywords.get("prefixItems")
    if old < new:
        yield Difference("prefix-items-added", f"has {new:,} items described, not {old:,}", node)
    elif old > new:
        yield Difference("prefix-items-removed", f"has {new:,} items described, not {old:,}", node)
    if after.closed_items and not before.closed_items:
        node = after.keywords.get("unevaluatedItems") or after.keywords.get("items")
        yield Difference("unevaluated-items-added", "takes no further items any longer", node)
    elif before.closed_items and not after.closed_items:
        yield Difference("unevaluated-items-removed", "may have further items now")


def _spot(parts: Parts) -> Node | None:
    return parts[0] if parts else None


def _required(name: str, before: Effective, after: Effective) -> Iterator[Difference]:
    node = _spot(after.properties[name])
    if name in after.required and name not in before.required:
        kind = "became-required" + _with_default(after.properties[name])
        yield Difference(kind, "has to be there now", node, (name,))
    elif name in before.required and name not in after.required:
        yield Difference("became-optional", "doesn't have to be there any longer", node, (name,))


def _with_default(parts: Parts) -> str:
    return "-with-default" if any("default" in node.mapping for node in parts) else ""


def _added(name: str, before: Effective, after: Effective, direction: Direction) -> Difference:
    parts = after.properties[name]
    required = name in after.required
    word = "required" if required else "optional"
    if name in before.silent:
        return Difference(f"{word}-starts", _STARTS[direction], _spot(parts), (name,))
    kind = f"added-{word}"
    if required and direction is Direction.REQUEST:
        kind += _with_default(parts)
    level = None
    detail = f"is new, and {'has to be there' if required else 'may be left out'}"
    if direction is Direction.RESPONSE and before.closed:
        level = Level.BREAKING
        detail += ", where there were no other properties than those named"
    return Difference(kind, detail, _spot(parts), (name,), level)


_STARTS = {
    Direction.REQUEST: "is no longer only read, so that requests have it too",
    Direction.RESPONSE: "is no longer only written, so that responses have it too",
}
_STOPS = {
    Direction.REQUEST: "is only read now, so that requests have it no longer",
    Direction.RESPONSE: "is only written now, so that responses have it no longer",
}


def _removed(name: str, before: Effective, after: Effective, direction: Direction) -> Difference:
    required = name in before.required
    word = "required" if required else "optional"
    if name in after.silent:
        node = after.keywords.get("properties")
        spot = node.mapping.get(name) if node is not None else None
        return Difference(f"{word}-stops", _STOPS[direction], spot, (name,))
    spot = _spot(before.properties[name])
    if direction is Direction.RESPONSE:
        return Difference(f"removed-{word}", "is gone", spot, (name,))
    if after.closed:
        detail = "is gone, and no other properties than those named are taken"
        return Difference("removed", detail, spot, (name,), Level.BREAKING)
    return Difference("removed", "is gone", spot, (name,))


def _dependent(before: Effective, after: Effective) -> Iterator[Difference]:
    old, new = before.dependent_required, after.dependent_required
    node = after.keywords.get("dependentRequired")
    for name in {**old, **new}:
        if old.get(name, frozenset()) == new.get(name, frozenset()):
            continue
        missing = listed(sorted(new.get(name, frozenset()) - old.get(name, frozenset())))
        if name not in old or old[name] < new.get(name, frozenset()):
            detail = f"needs {missing} where it has {listed([name])}"
            yield Difference("dependent-required-added", detail, node)
        elif name not in new or old[name] > new[name]:
            detail = f"needs fewer other properties where it has {listed([name])}"
            yield Difference("dependent-required-removed", detail, node)
        else:
            detail = f"needs other properties where it has {listed([name])}: {missing}"
            yield Difference("dependent-required-changed", detail, node)
    yield from _by_name("pattern-property", before.pattern_properties, after.pattern_properties)
    yield from _by_name("dependent-schema", before.dependent_schemas, after.dependent_schemas)


def _by_name(
    kind: str, before: Mapping[str, Parts], after: Mapping[str, Parts]
) -> Iterator[Difference]:
    """Schemas by name, of which each holds only where something else does."""
    added, removed = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    if added:
        detail = f"describes properties that it didn't: {listed(added)}"
        yield Difference(f"{kind}-added", detail, _spot(after[added[0]]))
    if removed:
        detail = f"no longer describes properties: {listed(removed)}"
        yield Difference(f"{kind}-removed", detail)

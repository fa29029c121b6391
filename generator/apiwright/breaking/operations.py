"""Differences in which operations there are, and in what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from apiwright.breaking.addresses import Operation
from apiwright.breaking.findings import Findings
from apiwright.breaking.sunset import announced_end, sunset
from apiwright.load import Document
from apiwright.load.wording import shown

_Index: TypeAlias = "dict[tuple[str, str], Operation]"

_GONE = {
    "without-deprecation": "is gone, and wasn't deprecated",
    "with-deprecation": "is gone, as was announced",
    "before-sunset": "is gone before the day that was announced",
}


@dataclass(frozen=True, slots=True)
class Matching:
    """The operations of two versions: those that both have, and those that only one has.

    `moved` are those of `both` that are no longer below the path of a server, and that path.
    """

    both: tuple[tuple[Operation, Operation], ...]
    added: tuple[Operation, ...]
    removed: tuple[Operation, ...]
    moved: tuple[tuple[str, Operation], ...]


def match(before: Sequence[Operation], after: Sequence[Operation]) -> Matching:
    """Find for each operation the one that answers at the same address now.

    By method and whole path, or by a path of the same shape, because names of parameters don't
    count; else by method and path alone, which means that it moved with the path of its server.
    """
    exact, alike, elsewhere = _index(before, after)
    both, removed, moved = [], [], []
    met: set[Operation] = set()
    for old in before:
        named, shaped = old.addresses(named=True), old.addresses(named=False)
        found = [
            exact.get(name) or alike.get(shape) for name, shape in zip(named, shaped, strict=True)
        ]
        news = [new for new in found if new is not None]
        new = news[0] if news else elsewhere.get((old.method, old.shape))
        if new is None or (not news and new in met):
            removed.append(old)
            continue
        met.update(news or [new])
        both.append((old, new))
        lost = (base for base, there in zip(old.bases, found, strict=True) if there is None)
        moved += [(base, new) for base in lost]
    added = tuple(operation for operation in after if operation not in met)
    return Matching(tuple(both), added, tuple(removed), tuple(moved))


def _index(
    before: Sequence[Operation], after: Sequence[Operation]
) -> tuple[_Index, _Index, _Index]:
    """The newer operations by address, those that have no namesake by shape, and by path alone."""
    old = {address for operation in before for address in operation.addresses(named=True)}
    exact: _Index = {}
    alike: _Index = {}
    elsewhere: _Index = {}
    for operation in after:
        named = operation.addresses(named=True)
        for name, shape in zip(named, operation.addresses(named=False), strict=True):
            exact[name] = operation
            if name not in old:
                alike.setdefault(shape, operation)
        if not any(name in old for name in named):
            elsewhere.setdefault((operation.method, operation.shape), operation)
    return exact, alike, elsewhere


def check_existence(
    matching: Matching,
    before: Iterable[Operation],
    after: Document,
    today: date | None,
    found: Findings,
) -> None:
    """Tell which operations are new, gone, or elsewhere."""
    for operation in matching.added:
        position = operation.node.key_position
        found.add("endpoint-added", operation.name, "", position, f"{_named(operation)} is new")
    gone = {id(operation) for operation in matching.removed}
    staying = {operation.path for operation in before if id(operation) not in gone}
    for operation in matching.removed:
        how = announced_end(operation.node, today)
        what = "api-removed" if operation.path in staying else "api-path-removed"
        position = operation.node.key_position
        message = f"{_named(operation)} {_GONE[how]}"
        found.add(f"{what}-{how}", operation.name, "", position, message)
    _moved(matching, after, found)


def _moved(matching: Matching, after: Document, found: Findings) -> None:
    """One finding for each path of a server that is gone, however many operations were below it."""
    bases: dict[str, list[Operation]] = {}
    for base, operation in matching.moved:
        bases.setdefault(base, []).append(operation)
    for base, below in sorted(bases.items()):
        servers = after.root.get("servers") or below[0].node
        now = ", ".join(sorted({f"{each or '/'}" for op in below for each in op.bases}))
        if len(below) == 1:
            what = below[0].name
            message = (
                f"{_named(below[0])} is no longer below {shown(base or '/')}, but {shown(now)}"
            )
        else:
            what = ""
            message = (
                f"{len(below):,} operations are no longer below {shown(base or '/')}, "
                f"but {shown(now)}"
            )
        found.add("api-base-path-changed", what, "servers", servers.key_position, message)


def check_operation(old: Operation, new: Operation, found: Findings) -> None:
    """Tell what an operation says of itself otherwise: its name, its tags, its end."""
    _lifecycle(old, new, found)
    position = new.node.key_position
    was, now = old.node.string("operationId"), new.node.string("operationId")
    spot = new.node.get("operationId")
    if was != now:
        kind = "api-operation-id-removed" if was else "api-operation-id-added"
        message = f"the operationId is {shown(now) or 'gone'}"
        message += f" instead of {shown(was)}" if was and now else ""
        where = spot.position if spot is not None else position
        found.add(kind, new.name, "operationId", where, message)
    tags = [{item.text for item in each.node.list_of("tags")} for each in (old, new)]
    for kind, names in (("removed", tags[0] - tags[1]), ("added", tags[1] - tags[0])):
        for name in sorted(names):
            message = f"the tag {shown(name)} was {kind}"
            found.add(f"api-tag-{kind}", new.name, "tags", position, message)


def _lifecycle(old: Operation, new: Operation, found: Findings) -> None:
    was, now = old.node.flag("deprecated"), new.node.flag("deprecated")
    spot = new.node.get("deprecated")
    position = spot.key_position if spot is not None else new.node.key_position
    if now and not was:
        day = sunset(new.node)
        kind = "endpoint-deprecated-with-sunset" if day else "endpoint-deprecated"
        until = f", and ends on {day.isoformat()}" if day else ""
        message = f"{_named(new)} is deprecated now{until}"
        found.add(kind, new.name, "deprecated", position, message)
    elif was and not now:
        message = f"{_named(new)} is no longer deprecated"
        found.add("endpoint-reactivated", new.name, "deprecated", position, message)
    elif was and now:
        before, after = sunset(old.node), sunset(new.node)
        if before is not None and after is None:
            message = f"{_named(new)} no longer says that it stays until {before.isoformat()}"
            found.add("sunset-deleted", new.name, "x-sunset", position, message)
        elif before is not None and after is not None and after < before:
            message = (
                f"{_named(new)} ends on {after.isoformat()}, earlier than {before.isoformat()}"
            )
            kind = "api-sunset-date-changed-too-small"
            found.add(kind, new.name, "x-sunset", position, message)


def _named(operation: Operation) -> str:
    return f"{operation.method.upper()} {shown(operation.path)}"

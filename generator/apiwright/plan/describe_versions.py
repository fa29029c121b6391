"""Older versions of the API, in words: for `explain` and `routes`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from apiwright.ir.versions import (
    AdaptedOperation,
    Dropped,
    Filled,
    Joined,
    Nested,
    Renamed,
    Shape,
    Split,
    Step,
    Use,
    Values,
    Version,
)
from apiwright.plan.describe import OperationStory


def describe_versions(
    versions: tuple[Version, ...], stories: tuple[OperationStory, ...]
) -> Iterator[OperationStory]:
    """The story of every operation of older versions, from `stories`, those of the newest."""
    newest = {story.id: story for story in stories}
    for version in versions:
        shapes = {shape.method: shape for shape in version.shapes}
        for known in version.operations:
            yield _story(known, version, newest[known.newer.id], shapes)


def _story(
    known: AdaptedOperation, version: Version, newest: OperationStory, shapes: Mapping[str, Shape]
) -> OperationStory:
    older = known.older
    does = (
        f"{newest.does}; only {version.name} still offers it"
        if known.newer.home
        else f"is answered by {known.newer.id} of {version.newest}"
    )
    return replace(
        newest,
        id=version.operation_id(older.id),
        method=older.method.upper(),
        path=version.service.address(older),
        place=str(older.position),
        does=does,
        details=tuple(_details(known, shapes)),
        evidence=(),
        files=(f"app/versions/{version.name}.py", *newest.files),
    )


def _details(known: AdaptedOperation, shapes: Mapping[str, Shape]) -> Iterator[str]:
    for parameter in known.query:
        if parameter.newer != parameter.name:
            yield f"the parameter {parameter.name} is {parameter.newer}"
        yield from (f"{parameter.name}={old} is {new}" for old, new in parameter.values.items())
        if parameter.default:
            yield f"without {parameter.name}, {', '.join(parameter.default)} is meant"
    if known.status is not None:
        yield f"success is {known.status}"
    changing = False
    for what, use in (("body", known.body), ("answer", known.answer)):
        for shape in _reached(use, shapes):
            changing = True
            told = "; ".join(_tell(step) for step in shape.steps if not isinstance(step, Nested))
            yield f"its {what}, {shape.method}: {told or 'by an override, or further inside'}"
    if not changing:
        yield "body and answer are the same in both"


def _reached(use: Use | None, shapes: Mapping[str, Shape]) -> Iterator[Shape]:
    waiting = [use.shape] if use is not None else []
    seen: set[str] = set()
    while waiting:
        name = waiting.pop(0)
        if name not in seen and name in shapes:
            seen.add(name)
            yield shapes[name]
            waiting += [s.use.shape for s in shapes[name].steps if isinstance(s, Nested)]


def _tell(step: Step) -> str:
    if isinstance(step, Renamed):
        return f"{step.before} becomes {step.after}"
    if isinstance(step, Dropped):
        return f"{step.name} is left out"
    if isinstance(step, Filled):
        return f"{step.name} is {step.value!r} where it is missing"
    if isinstance(step, Split):
        return f"{step.name} is split into {' and '.join(step.into)}"
    if isinstance(step, Joined):
        return f"{step.into} is joined from {' and '.join(step.names)}"
    assert isinstance(step, Values), "what is nested has a shape of its own"
    return f"values of {step.name} change: " + ", ".join(
        f"{old} to {new}" for old, new in step.values.items()
    )

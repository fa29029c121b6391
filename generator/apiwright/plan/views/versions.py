"""Older versions of the API, as the code that puts them in terms of the newest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from apiwright.code import Code, compose, constant, docstring, ident, joined, literal
from apiwright.ir.operations import Location, Operation
from apiwright.ir.schemas import Direction
from apiwright.ir.versions import (
    AdaptedOperation,
    AdaptedParameter,
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
from apiwright.plan.views.routers import route_path
from apiwright.plan.views.service import openness


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method of an adapter: how the values of one schema are changed."""

    name: Code
    docstring: Code
    lines: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation of an older version: the arguments that differ from the defaults."""

    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class VersionView:
    """An older version: its module, its adapter and its operations."""

    name: Code
    text: str
    newest: Code
    base_path: str
    adapter: Code
    import_line: Code
    methods: tuple[MethodView, ...]
    operations: tuple[OperationView, ...]
    changes: bool


def version_view(version: Version) -> VersionView:
    """The view of an older version; concrete paths stand before those with parameters."""
    name = ident(version.name)
    adapter = ident(f"{version.name}_adapter")
    module = "overrides.versions" if version.overridden else "app.versions"
    ordered = sorted(version.operations, key=lambda known: openness(known.older.path))
    return VersionView(
        name=name,
        text=version.name,
        newest=ident(version.newest),
        base_path=version.service.base_path,
        adapter=adapter,
        import_line=compose("from {} import {} as {}", constant(module), name, adapter),
        methods=tuple(_method(shape, version) for shape in version.shapes),
        operations=tuple(OperationView(tuple(_arguments(known, version))) for known in ordered),
        changes=any(shape.steps for shape in version.shapes),
    )


# Adapters -------------------------------------------------------------------------------------


def _method(shape: Shape, version: Version) -> MethodView:
    up = shape.direction is Direction.REQUEST
    here, there = (shape.schema, shape.newer) if up else (shape.newer, shape.schema)
    first, last = (version.name, version.newest) if up else (version.newest, version.name)
    about = f"{_label(here)} of {first}, as {_label(there)} of {last}"
    return MethodView(ident(shape.method), docstring(about, 8), tuple(_lines(shape)))


def _label(schema: str) -> str:
    return schema if schema.isidentifier() else "A value"


def _lines(shape: Shape) -> Iterator[Code]:
    calls = list(_calls(shape.steps))
    for call in calls[:-1]:
        yield compose("value = {}", call)
    yield compose("return {}", calls[-1] if calls else constant("value"))


def _calls(steps: tuple[Step, ...]) -> Iterator[Code]:
    """One call for each step; those that only name things go together."""
    for kind, found in groupby(steps, key=type):
        listed = list(found)
        if kind is Renamed:
            names = {s.before: s.after for s in listed if isinstance(s, Renamed)}
            yield compose("shapes.renamed(value, {})", literal(names))
        elif kind is Dropped:
            dropped = [literal(s.name) for s in listed if isinstance(s, Dropped)]
            yield compose("shapes.without(value, {})", joined(dropped))
        elif kind is Filled:
            values = {s.name: s.value for s in listed if isinstance(s, Filled)}
            yield compose("shapes.filled(value, {})", literal(values))
        else:
            yield from (_call(step) for step in listed)


def _call(step: Step) -> Code:
    if isinstance(step, Nested):
        return compose("shapes.changed(value, {}, {})", literal(step.name), change(step.use))
    if isinstance(step, Values):
        inner = compose("shapes.valued({})", literal(dict(step.values)))
        whole = compose("shapes.many({})", inner) if step.many else inner
        return compose("shapes.changed(value, {}, {})", literal(step.name), whole)
    if isinstance(step, Split):
        return compose(
            "shapes.split(value, {}, {}, {}, empty={})",
            literal(step.name), literal(step.into), literal(step.separator), literal(step.empty),
        )  # fmt: skip
    assert isinstance(step, Joined)
    return compose(
        "shapes.joined(value, {}, {}, {})",
        literal(step.names), literal(step.into), literal(step.separator),
    )  # fmt: skip


def change(use: Use, adapter: str = "self") -> Code:
    """The function that changes a value which is used so."""
    method = compose("{}.{}", ident(adapter), ident(use.shape))
    if use.many:
        return compose("shapes.many({})", method)
    return compose("shapes.each({})", method) if use.each else method


# Operations -----------------------------------------------------------------------------------


def _arguments(known: AdaptedOperation, version: Version) -> Iterator[Code]:
    older, newer = known.older, known.newer
    yield compose("operation_id={}", literal(version.operation_id(older.id)))
    yield compose("method={}", literal(older.method.upper()))
    yield compose("path={}", literal(f"{version.service.base_path}{route_path(older)}"))
    yield compose("newer_path={}", literal(_newer_path(known, version)))
    if newer.method != older.method:
        yield compose("newer_method={}", literal(newer.method.upper()))
    if known.held:
        yield compose("held={}", literal(_binds(newer)))
    for name, use in (("body", known.body), ("answer", known.answer)):
        if use is not None:
            yield compose("{}={}", ident(name), change(use, "adapter"))
    if known.query:
        entries = [compose("{}: {}", literal(p.name), _parameter(p)) for p in known.query]
        yield compose("query={{{}}}", joined(entries))
    if known.status is not None:
        yield compose("status={}", literal(known.status))
    if known.fields:
        yield compose("fields={}", literal(dict(known.fields)))


def _newer_path(known: AdaptedOperation, version: Version) -> str:
    """The path in the newest version, with its parameters called as in the older one."""
    path = f"{known.newer.home or version.newest_path}{route_path(known.newer)}"
    for here, there in zip(
        known.older.located(Location.PATH), known.newer.located(Location.PATH), strict=True
    ):
        path = path.replace(f"{{{there.attribute}}}", f"{{{here.attribute}}}")
    return path


def _binds(newer: Operation) -> str:
    """When the request is held to the older contract: as the newest does, after who calls is known.

    Where the newest has nothing to bind, nothing would ask for it: then at once.
    """
    return "bound" if newer.parameters or newer.body is not None else "at once"


def _parameter(parameter: AdaptedParameter) -> Code:
    extra: Mapping[str, object] = {
        "values": dict(parameter.values),
        "default": parameter.default,
        "separator": parameter.separator,
    }
    given = [compose("{}={}", ident(k), literal(v)) for k, v in extra.items() if v]
    return compose("Parameter({})", joined([literal(parameter.newer), *given]))

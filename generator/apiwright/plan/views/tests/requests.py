"""A request for each operation, and which checks of the contract there is something to do for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apiwright.code import Code, compose, constant, ident, joined, literal
from apiwright.ir.media import FORM, is_json
from apiwright.ir.operations import CustomAction, Location, Operation, ResetRequestAction
from apiwright.ir.service import Service
from apiwright.plan.views.service import openness
from apiwright.plan.views.tests.answers import path_pattern
from apiwright.plan.views.tests.people import Guard, People
from apiwright.plan.views.tests.samples import Pairs, Samples, bytes_literal, in_path, pairs

_RANGE = "*"
_BAD = "no-such-value"


@dataclass(frozen=True, slots=True)
class RequestView:
    """An operation in the table of the tests: the arguments that differ from the defaults."""

    arguments: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ChecksView:
    """Which checks of the contract concern any operation at all."""

    guarded: bool
    anonymous: bool
    scoped: bool
    json: bool
    form: bool
    media_types: bool
    bodies: bool
    refused: bool
    query: bool
    repeatable: bool
    bad_paths: bool
    sent: bool
    get: bool
    paths: bool
    options: bool


@dataclass(frozen=True, slots=True)
class _Request:
    """An operation and a request for it."""

    operation: Operation
    path: str
    query: Pairs
    headers: Pairs
    cookies: Pairs
    body: bytes | None
    media_type: str
    picky: bool
    refused: tuple[bytes, ...]
    bad_paths: tuple[str, ...]
    repeatable: tuple[str, str] | None
    guard: Guard
    role: str | None
    scopes: bool
    by_key: bool
    invalid: int
    methods: tuple[str, ...]


class Requests:
    """The requests that tests of the contract send."""

    def __init__(self, service: Service, samples: Samples, people: People) -> None:
        self._service = service
        self._samples = samples
        self._people = people
        self._paths = _Paths(service)
        made = (self._request(operation) for operation in service.operations.values())
        self._requests = [request for request in made if request is not None]

    def views(self) -> tuple[RequestView, ...]:
        """The table of the operations."""
        return tuple(RequestView(tuple(_arguments(request))) for request in self._requests)

    def has(self, operation: Operation) -> bool:
        """Whether the table has the operation."""
        return any(request.operation is operation for request in self._requests)

    def checks(self, *, matrix: bool = False) -> ChecksView:
        """Which checks there is something to do for; a `matrix` tells who is shut out."""
        everything = self._requests
        open_ = [r for r in everything if r.guard is not Guard.CALLER or r.role is not None]
        return ChecksView(
            guarded=any(r.guard is not Guard.OPEN for r in everything),
            anonymous=not matrix and any(r.guard is not Guard.OPEN for r in everything),
            scoped=any(r.scopes and r.role is not None for r in everything),
            json=any(is_json(r.media_type) for r in open_),
            form=any(r.media_type == FORM for r in open_),
            media_types=any(r.picky for r in open_),
            bodies=any(_needs_body(r) for r in open_),
            refused=any(r.refused for r in open_),
            query=any(r.operation.located(Location.QUERY) for r in open_),
            repeatable=any(r.repeatable for r in open_),
            bad_paths=any(r.bad_paths for r in open_),
            sent=bool(open_),
            get=any(r.operation.method == "get" for r in open_),
            paths=bool(everything),
            options=any("OPTIONS" not in r.methods for r in everything),
        )

    def nowhere(self) -> str:
        """A path that the contract doesn't have, whatever stands for its parameters."""
        longest = max((o.path.count("/") for o in self._service.operations.values()), default=0)
        return self._service.base_path + "/no-such-path" * (longest + 1)

    def address(self, operation: Operation) -> str | None:
        """The path of an operation, with values in it that no row has."""
        return self._filled(operation, operation.path)

    def needed(self, operation: Operation, place: Location) -> Pairs | None:
        """The parameters that an operation can't do without; None where one has no example.

        What needs to be told a version is told that any will do.
        """
        found: list[tuple[str, str]] = []
        conditional = operation.conditional
        if place is Location.HEADER and conditional is not None and conditional.required:
            found.append(("If-Match", "*"))
        for parameter in operation.located(place):
            if not parameter.required:
                continue
            value = self._samples.value(operation, parameter)
            written = pairs(parameter, value[0]) if value else None
            if written is None:
                return None
            found += written
        return tuple(found)

    def _request(self, operation: Operation) -> _Request | None:
        path = self.address(operation)
        places = [
            self.needed(operation, place)
            for place in (Location.QUERY, Location.HEADER, Location.COOKIE)
        ]
        if path is None or None in places:
            return None
        query, headers, cookies = (place or () for place in places)
        payload = self._samples.body(operation)
        contents = operation.body.contents if operation.body is not None else ()
        role = self._people.role(operation)
        guard = self._people.guard(operation)
        return _Request(
            operation=operation,
            path=path,
            query=query,
            headers=headers,
            cookies=cookies,
            body=payload.written if payload is not None else None,
            media_type=self._samples.media_type(operation),
            picky=bool(contents) and not any(_RANGE in c.media_type for c in contents),
            refused=tuple(self._samples.refused(operation)),
            bad_paths=tuple(self._bad_paths(operation)),
            repeatable=self._repeatable(operation),
            guard=guard,
            role=role if guard is Guard.CALLER else None,
            scopes=bool(self._people.scopes(operation)),
            by_key=not self._people.by_token(operation),
            invalid=self._service.errors.statuses.get(operation.id, 422),
            methods=self._paths.methods(path),
        )

    def _bad_paths(self, operation: Operation) -> Iterator[str]:
        """The path with a value that its schema doesn't allow, for each of its parameters."""
        for parameter in operation.located(Location.PATH):
            if not self._samples.breaks(operation, parameter, _BAD):
                continue
            written = self._filled(operation, operation.path.replace(f"{{{parameter.name}}}", _BAD))
            if written is not None and self._paths.template(written) == operation.path:
                yield written

    def _filled(self, operation: Operation, path: str) -> str | None:
        for parameter in operation.located(Location.PATH):
            found = self._samples.absent(operation, parameter)
            written = in_path(parameter, found[0]) if found else None
            if written is None:
                return None
            path = path.replace(f"{{{parameter.name}}}", written)
        return f"{self._service.base_path}{path}"

    def _repeatable(self, operation: Operation) -> tuple[str, str] | None:
        """A parameter of the query that stands for one value, and that value."""
        for parameter in operation.located(Location.QUERY):
            if {"array", "object"} & set(parameter.wire.kinds):
                continue
            value = self._samples.value(operation, parameter)
            written = pairs(parameter, value[0]) if value else None
            if written is not None and len(written) == 1:
                return written[0]
        return None


class _Paths:
    """The paths of a service, found by what is sent."""

    def __init__(self, service: Service) -> None:
        self._base = service.base_path
        self._methods: dict[str, set[str]] = {}
        for operation in service.operations.values():
            self._methods.setdefault(operation.path, set()).add(operation.method.upper())
        self._found: dict[tuple[int, str], list[tuple[re.Pattern[str], str]]] = {}
        for template in sorted(self._methods, key=openness):
            pattern = re.compile(path_pattern(f"{self._base}{template}"))
            self._found.setdefault(_beginning(template), []).append((pattern, template))

    def template(self, path: str) -> str:
        """The path of the contract that a path is matched with."""
        length, first = _beginning(path.removeprefix(self._base))
        fixed, open_ = (self._found.get((length, start), []) for start in (first, ""))
        for pattern, template in (*fixed, *open_):
            if pattern.fullmatch(path):
                return template
        return ""

    def methods(self, path: str) -> tuple[str, ...]:
        """The methods of the contract for a path."""
        found = self._methods.get(self.template(path), set())
        return tuple(sorted(found | ({"HEAD"} if "GET" in found else set())))


def _beginning(path: str) -> tuple[int, str]:
    """How many segments a path has, and the first; an open one is empty, and comes last."""
    segments = path.split("/")
    first = segments[1] if len(segments) > 1 else ""
    return len(segments), "" if "{" in first else first


def _needs_body(request: _Request) -> bool:
    body = request.operation.body
    return body is not None and body.required


def _arguments(request: _Request) -> Iterator[Code]:
    operation = request.operation
    yield compose("id={}", literal(operation.id))
    yield compose("method={}", literal(operation.method.upper()))
    yield compose("path={}", literal(request.path))
    yield compose("methods={}", literal(request.methods))
    for name, values in (
        ("query", request.query),
        ("headers", request.headers),
        ("cookies", request.cookies),
        ("media_type", request.media_type),
        ("bad_paths", request.bad_paths),
        ("repeatable", request.repeatable),
    ):
        if values:
            yield compose("{}={}", ident(name), literal(values))
    yield from _bodies(request)
    for name, known in (
        ("picky", request.picky),
        ("body_required", _needs_body(request)),
        ("parameters", bool(operation.located(Location.QUERY))),
        ("scopes", request.scopes),
        ("by_key", request.guard is Guard.CALLER and request.by_key),
        ("custom", isinstance(operation.action, CustomAction | ResetRequestAction)),
    ):
        if known:
            yield compose("{}=True", ident(name))
    if request.guard is not Guard.OPEN:
        yield compose("guard=Guard.{}", constant(request.guard.value))
    if request.role is not None:
        yield compose("role={}", literal(request.role))
    if request.invalid != 422:
        yield compose("invalid={}", literal(request.invalid))


def _bodies(request: _Request) -> Iterator[Code]:
    if request.body is not None:
        yield compose("body={}", bytes_literal(request.body))
    if request.refused:
        written = [bytes_literal(body) for body in request.refused]
        yield compose("refused=({},)", joined(written))

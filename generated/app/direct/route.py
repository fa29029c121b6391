"""The way to operations that are answered directly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from app.api.idempotency import HEADER
from app.direct.calls import Direct
from app.paths import PATHS

Methods = Mapping[str, Direct]
KEY = HEADER.lower().encode()


class DirectRoute(BaseRoute):
    """Leads to direct operations; for all others it matches nothing, and the routers follow.

    Paths are told apart as everywhere, fixed texts before parameters: one step finds a path
    without parameters, whatever the number of routes.
    """

    def __init__(self, answers: Iterable[Direct]) -> None:
        listed = list(answers)
        self._fixed: dict[str, Methods] = {}
        self._open: list[tuple[re.Pattern[str], Methods]] = []
        for _, pattern in PATHS:
            here = {known.method: known for known in listed if pattern.fullmatch(known.path)}
            listed = [known for known in listed if known not in here.values()]
            if pattern.groups:
                self._open.append((pattern, here))
            else:
                self._fixed[re.sub(r"\\(.)", r"\1", pattern.pattern)] = here

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The direct operation that a request is for, if it is for one."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        fixed = self._fixed.get(path)
        methods, values = self._opened(path) if fixed is None else (fixed, ())
        direct = methods.get(scope["method"])
        if direct is None or (direct.keyed and has_key(scope)):
            return Match.NONE, {}
        parameters: dict[str, str] = dict(zip(direct.parameters, values, strict=True))
        return Match.FULL, {"route": direct, "path_params": parameters}

    def _opened(self, path: str) -> tuple[Methods, tuple[Any, ...]]:
        for pattern, methods in self._open:
            found = pattern.fullmatch(path)
            if found is not None:
                return methods, found.groups()
        return {}, ()

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the operation answer."""
        await scope["route"](scope, receive, send)

    @override
    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """No route has a name here."""
        raise NoMatchFound(name, path_params)


def has_key(scope: Scope) -> bool:
    """Whether a request comes with an idempotency key."""
    return any(name == KEY for name, _ in scope["headers"])

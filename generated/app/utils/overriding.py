"""Holds overrides to the methods that they override, before the first request comes in."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any


class OverrideError(TypeError):
    """An override that doesn't fit the operation it is for."""


def check_overrides(pairs: Iterable[tuple[type[Any], type[Any]]]) -> None:
    """Raise OverrideError for the first override that doesn't fit.

    Each pair is a class of `overrides/` and the generated one that it extends.
    """
    for override, base in pairs:
        if not issubclass(override, base):
            raise OverrideError(
                f"{override.__module__}.{override.__name__} has to extend "
                f"{base.__module__}.{base.__name__}"
            )
        for name, method in vars(override).items():
            if inspect.isfunction(method):
                _check(override, name, method, getattr(base, name, None))


def _check(override: type[Any], name: str, method: Any, expected: Any) -> None:
    where = f"{override.__module__}.{override.__name__}.{name}"
    if expected is None:
        if getattr(method, "__override__", False):
            raise OverrideError(f"{where} overrides nothing: no operation has that name")
        return
    wanted, found = inspect.signature(expected), inspect.signature(method)
    fits = list(wanted.parameters) == list(found.parameters)
    if not fits or inspect.iscoroutinefunction(expected) != inspect.iscoroutinefunction(method):
        signature = f"async def {name}{wanted}".replace("'", "")
        raise OverrideError(f"{where} no longer fits its operation; write `{signature}`")

"""Overrides: what fits an operation, and what the service refuses to start with."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import override

from app.services.bindings import OVERRIDES
from app.utils.overriding import OverrideError, check_overrides


class Default:
    """What is generated."""

    async def show(self, key: int, query: str) -> str:
        """An operation."""
        return f"{key} {query}"


class Fitting(Default):
    """An override that changes one operation, and has a helper of its own."""

    @override
    async def show(self, key: int, query: str) -> str:
        """The operation, otherwise."""
        return self.louder(await super().show(key, query))

    def louder(self, text: str) -> str:
        """Something that is no operation."""
        return text.upper()


class Stranger:
    """A class that extends nothing."""


async def shorter(self: Any, key: int) -> str:
    """An operation that has lost an argument."""
    return str(key)


def waiting(self: Any, key: int, query: str) -> str:
    """An operation that is not asynchronous."""
    return f"{key} {query}"


async def unknown(self: Any) -> str:
    """An operation that the contract doesn't have."""
    return ""


def test_the_overrides_of_the_service_fit() -> None:
    """What stands in `overrides/` overrides operations of the contract as it is now."""
    check_overrides(OVERRIDES)


def test_what_fits_is_taken() -> None:
    """An override may change operations and add helpers."""
    check_overrides([(Fitting, Default)])


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Stranger, "has to extend"),
        (type("Shorter", (Default,), {"show": shorter}), "no longer fits its operation"),
        (type("Waiting", (Default,), {"show": waiting}), "write `async def show"),
        (type("Unknown", (Default,), {"other": override(unknown)}), "overrides nothing"),
    ],
    ids=["stranger", "shorter", "waiting", "unknown"],
)
def test_what_does_not_fit_is_named(found: type[Any], problem: str) -> None:
    """The message says which method it is, and how it has to look."""
    with pytest.raises(OverrideError, match=problem):
        check_overrides([(found, Default)])

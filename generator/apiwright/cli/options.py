"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

from apiwright.plan import Renames

Decorated: TypeAlias = Callable[..., Any]


def renames_option(function: Decorated) -> Decorated:
    """How renames are made: `--zero-downtime` or `--contract`, else at once."""
    beside = "Let old and new names of properties work side by side."
    finished = "Finish such renames: no service of before runs any more."
    for option, way, said in (
        ("--contract", Renames.CONTRACT, finished),
        ("--zero-downtime", Renames.ZERO_DOWNTIME, beside),
    ):
        function = click.option(option, "renames", flag_value=way.value, help=said)(function)
    return function


def renames_of(value: str | None) -> Renames:
    """What `renames_option` was given."""
    return Renames(value) if value else Renames.AT_ONCE

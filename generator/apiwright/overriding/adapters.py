"""Hand-written adapters of older versions: `overrides/versions/v1.py` and the like."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

from apiwright.overriding.read import OverrideClass, read_overrides
from apiwright.problems import Report

ADAPTER = "Adapter"
FOLDER = "versions"


def read_adapters(overrides: Path, root: Path, report: Report) -> dict[str, OverrideClass]:
    """The adapters that people have written, by the names of the versions."""
    found = read_overrides(overrides / FOLDER, root, report)
    return {known.module: known for known in found if known.name == ADAPTER}


def check_adapters(
    adapters: Mapping[str, OverrideClass],
    methods: Mapping[str, Collection[str]],
    report: Report,
) -> None:
    """Hold adapters to the versions; `methods` are those that each may have."""
    for name, adapter in adapters.items():
        known = methods.get(name)
        if known is None:
            report.error(
                "override-unknown",
                f"there is no older version '{name}' whose adapter could be overridden",
                adapter.position,
                hint=f"older versions are {', '.join(methods) or 'none'}",
            )
            continue
        for method in adapter.methods:
            if method.name not in known:
                near = difflib.get_close_matches(method.name, known, 1, 0.5)
                report.error(
                    "override-orphan",
                    f"the adapter of {name} has no method '{method.name}'",
                    method.position,
                    hint=f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}",
                )
            elif method.is_async or len(method.arguments) != 1:
                report.error(
                    "override-signature",
                    f"{method.name} no longer fits the adapter of {name}",
                    method.position,
                    hint=f"write `def {method.name}(self, value: Any) -> Any`",
                )

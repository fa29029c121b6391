"""The names of components (OpenAPI 3.0.4 section 4.7.7.1, 3.1.1 section 4.8.7.1)."""

from __future__ import annotations

import re

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import KINDS, SECTIONS

_NAME = re.compile(r"[a-zA-Z0-9._-]+")


def check_component_names(contract: Contract, found: Findings) -> None:
    """Components have names of plain letters, digits, dots, hyphens and underscores."""
    for section, kind in SECTIONS.items():
        for name, node in contract.section(section).items():
            if not _NAME.fullmatch(name):
                cleaned = re.sub(r"[^a-zA-Z0-9._-]+", "_", name).strip("_")
                found.error(
                    "component-name",
                    f"{quoted(name)} is no name for a {KINDS[kind].label}: letters, digits, "
                    "'.', '-' and '_' are allowed",
                    node.key_position,
                    hint=f"did you mean '{cleaned[:80]}'?" if cleaned else "",
                )

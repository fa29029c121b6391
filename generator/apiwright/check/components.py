"""The names of components (OpenAPI 3.0.4 section 4.7.7.1, 3.1.1 section 4.8.7.1)."""

from __future__ import annotations

import re

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import quoted
from apiwright.load import KINDS, SECTIONS
from apiwright.load.wording import with_article

_NAME = re.compile(r"[a-zA-Z0-9._-]+")


def check_component_names(contract: Contract, found: Findings) -> None:
    """Components have names of plain letters, digits, dots, hyphens and underscores.

    The schema of OpenAPI 3.0 lets others pass, and contracts have them.
    """
    for section, kind in SECTIONS.items():
        for name, node in contract.section(section).items():
            if not _NAME.fullmatch(name):
                message = f"{quoted(name)} is no name for {with_article(KINDS[kind].label)}"
                hint = "names are made of letters, digits, '.', '-' and '_'"
                report = found.warning if contract.legacy else found.error
                report("component-name", message, node.key_position, hint=hint)

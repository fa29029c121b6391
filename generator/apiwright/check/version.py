"""Which OpenAPI a document is of (3.0.4, 3.1.1 and 3.2.0, section 4.8.1: `openapi`)."""

from __future__ import annotations

import re

from apiwright.check.findings import Findings
from apiwright.check.words import quoted, surely_meant, what_is
from apiwright.load import Node

_UNDERSTOOD = re.compile(r"3\.(?:0\.\d|[12]\.\d+)(?:-.+)?")
_SHORT = re.compile(r"3\.[012]")
_ONE_LINE = "a contract begins with a line like 'openapi: 3.1.0'"


def check_version(root: Node, found: Findings) -> bool:
    """Whether the document is of a version that we understand; says so where it is not."""
    written = root.get("openapi")
    swagger = root.get("swagger")
    if written is None and swagger is not None:
        found.error(
            "unsupported-version",
            "this is a Swagger 2.0 document; OpenAPI 3.0, 3.1 and 3.2 are understood",
            swagger.key_position,
            hint="convert it first, for instance with swagger2openapi or converter.swagger.io",
        )
        return False
    if written is None:
        message = "'openapi' is missing, which says of what version this document is"
        slip = next((key for key in root.mapping if surely_meant(key, ("openapi",))), "")
        position = root.mapping[slip].key_position if slip else root.position
        hint = "did you mean 'openapi'?" if slip else _ONE_LINE
        found.error("missing-version", message, position, hint=hint)
        return False
    if not isinstance(written.value, str):
        message = f"'openapi' must be text, such as '3.1.0', not {what_is(written.value)}"
        found.error("unsupported-version", message, written.position, hint=_ONE_LINE)
        return False
    if not _UNDERSTOOD.fullmatch(written.value):
        short = _SHORT.fullmatch(written.value)
        message = f"OpenAPI {quoted(written.value)} is not understood, only 3.0 to 3.2 are"
        if short:
            message = f"{quoted(written.value)} is not the whole number of a version"
        hint = f"write '{written.value}.0'" if short else ""
        found.error("unsupported-version", message, written.position, hint=hint)
        return False
    return True

"""What a version is called."""

from __future__ import annotations

from apiwright import names

_TAKEN = frozenset(
    {
        "api", "binding", "caching", "conditional", "dependencies", "deprecation", "docs", "export",
        "health", "idempotency", "metrics", "responses", "router", "routing",
    }
)  # fmt: skip

MODULES = frozenset({"exchange", "operations", "route", "shapes"})
"""Names that modules of the generated package `app.versions` have, and no version can have."""


def version_name(base_path: str) -> str:
    """The last part of a base path, as a name of Python: `/api/v1` -> v1."""
    last = base_path.rpartition("/")[2]
    name = names.snake(last, "v") if last else "v1"
    return "v1" if name in _TAKEN else name

"""Where the templates of the tool are."""

from __future__ import annotations

from pathlib import Path


def builtin_templates() -> Path:
    """The templates that come with the tool: in the package, or beside it in a checkout."""
    packaged = Path(__file__).parents[1] / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "templates"

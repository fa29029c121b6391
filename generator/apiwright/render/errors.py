"""The one error of the stage."""

from __future__ import annotations


class RenderError(Exception):
    """A template can't be rendered, or what it gives is no Python; the text says which."""

"""From planned files to text: Jinja2 and one pass of a formatter."""

from apiwright.render.errors import RenderError
from apiwright.render.render import render

__all__ = ["RenderError", "render"]

"""From planned files to text: Jinja2 and one pass of a formatter."""

from apiwright.render.render import RenderError, render

__all__ = ["RenderError", "render"]

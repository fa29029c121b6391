"""The stage `render`: planned files become text, all of them in memory."""

from __future__ import annotations

from pathlib import Path

from apiwright.plan.files import Plan


def render(plan: Plan, templates: Path | None = None, service: str = "") -> dict[str, str]:
    """The text of every file of `plan`, by path.

    `templates` is a folder whose templates take the place of the built-in ones, file by file.
    What is done for a `service`, such as the folder of one, is done quicker the next time.
    RenderError where a template can't be rendered, or gives no Python.
    """
    # Only whoever renders needs the engine.
    from apiwright.render.texts import texts_of  # noqa: PLC0415

    return texts_of(plan, templates, service)

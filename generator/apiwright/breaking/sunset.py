"""The day on which something deprecated ends (`x-sunset`, RFC 8594)."""

from __future__ import annotations

from datetime import date

from apiwright.load import Node

_DAY = len("2026-01-31")


def sunset(node: Node) -> date | None:
    """The day that is written at a deprecated object; None where there is none to be read."""
    text = node.string("x-sunset")
    try:
        return date.fromisoformat(text[:_DAY])
    except ValueError:
        return None


def announced_end(node: Node, today: date | None) -> str:
    """How the end of something was announced, in the words of rules.

    `with-deprecation` if it was and the day, if one was named, has come; `before-sunset` if it has
    not; `without-deprecation`. Where `today` isn't known no day has come.
    """
    if not node.flag("deprecated"):
        return "without-deprecation"
    if "x-sunset" not in node.mapping:
        return "with-deprecation"
    day = sunset(node)
    passed = day is not None and today is not None and day <= today
    return "with-deprecation" if passed else "before-sunset"

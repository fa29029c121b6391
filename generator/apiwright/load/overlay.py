"""OpenAPI Overlay 1.0.0: changes to a contract that stand in a file beside it.

An overlay of `openapi.yaml` is `openapi.overlay.yaml` (or `.yml`, `.json`) in the same folder. It
changes the file that it stands beside, before other files are bundled in; each of those may have
an overlay of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from apiwright.load.jsonpath import Queries, QueryError
from apiwright.load.node import Node
from apiwright.load.overlay_edit import Editor
from apiwright.load.read_error import ReadError, check_problems
from apiwright.load.wording import did_you_mean, shown
from apiwright.problems import Report

_VERSION = re.compile(r"1\.0\.[0-9]+")
_KEYS = ("overlay", "info", "extends", "actions")
_INFO_KEYS = ("title", "version")
_ACTION_KEYS = ("target", "description", "update", "remove")


def apply_overlay(root: Node, overlay: Node, contract: Path, report: Report) -> Node:
    """The document `root`, of the file `contract`, as its overlay changes it.

    `root` itself stays as it is. What is new has its position in the overlay. Faults of the overlay
    go to `report`; an action with a fault is left out, the others are applied, in order.
    """
    if not isinstance(overlay.value, dict):
        report.error("overlay-shape", "an overlay must be a mapping", overlay.position)
        return root
    _check_head(overlay, contract, report)
    actions = overlay.get("actions")
    if actions is None or not isinstance(actions.value, list) or not actions.value:
        place = actions.position if actions is not None else overlay.position
        report.error("overlay-shape", "'actions' must be a list with at least one action", place)
        return root
    editor = Editor(root)
    queries = Queries()
    for action in actions.items:
        try:
            check_problems(report, action.position)
        except ReadError as error:
            report.add(error.problem)
            break
        try:
            _apply(action, editor, queries, report)
        except ReadError as error:
            report.add(error.problem)
    return editor.root


def _check_head(overlay: Node, contract: Path, report: Report) -> None:
    _check_keys(overlay, _KEYS, "an overlay", report)
    version = overlay.get("overlay")
    if version is None or not _VERSION.fullmatch(version.text):
        report.error(
            "overlay-version",
            "an overlay says which version of the Overlay Specification it follows",
            version.position if version is not None else overlay.position,
            hint='write overlay: "1.0.0"',
        )
    info = overlay.get("info")
    if info is None or not isinstance(info.value, dict):
        place = info.position if info is not None else overlay.position
        message = "'info' must be a mapping with a title and a version"
        report.error("overlay-shape", message, place)
    else:
        _check_keys(info, _INFO_KEYS, "the info of an overlay", report)
        for key in _INFO_KEYS:
            _check_text(info, key, report)
    if "extends" in overlay.mapping:
        _check_extends(overlay.mapping["extends"], contract, report)


def _check_extends(extends: Node, contract: Path, report: Report) -> None:
    """`extends` names the document that the overlay is for; that is the one it stands beside."""
    text = extends.text
    name = text.removeprefix("./")
    elsewhere = "/" not in text.removeprefix("./") and name != contract.name
    if not text or (elsewhere and ":" not in text):
        report.error(
            "overlay-extends",
            f"this overlay stands beside '{contract.name}', but extends '{shown(text)}'",
            extends.position,
            hint=f"write extends: {contract.name}, or rename the overlay",
        )


def _check_text(holder: Node, key: str, report: Report) -> None:
    node = holder.get(key)
    if node is None or not isinstance(node.value, str):
        place = node.position if node is not None else holder.position
        report.error("overlay-shape", f"'{key}' must be given, as text", place, hint="use quotes")


def _check_keys(node: Node, known: Iterable[str], what: str, report: Report) -> None:
    for key, value in node.mapping.items():
        if key not in known and not key.startswith("x-"):
            message = f"{what} has no key '{shown(key)}'"
            hint = did_you_mean(key, known)
            report.error("overlay-shape", message, value.key_position, hint=hint)


def _apply(action: Node, editor: Editor, queries: Queries, report: Report) -> None:
    if not isinstance(action.value, dict):
        raise ReadError("overlay-shape", "an action must be a mapping", action.position)
    _check_keys(action, _ACTION_KEYS, "an action", report)
    target = action.get("target")
    if target is None or not target.text:
        place = target.position if target is not None else action.position
        raise ReadError("overlay-shape", "an action needs a target, a JSONPath query", place)
    removes = _removes(action)
    update = action.get("update")
    if update is None and not removes:
        message = "an action needs an update, or 'remove: true'"
        raise ReadError("overlay-shape", message, action.position)
    locations = _select(target, editor.root, queries)
    if removes:
        editor.remove(locations, target.position)
    elif update is not None:
        editor.update(locations, update, target.position)


def _removes(action: Node) -> bool:
    remove = action.get("remove")
    if remove is None:
        return False
    if not isinstance(remove.value, bool):
        raise ReadError("overlay-shape", "'remove' is either true or false", remove.position)
    return remove.value


def _select(target: Node, root: Node, queries: Queries) -> list[tuple[str | int, ...]]:
    try:
        locations = queries.select(target.text, root)
    except QueryError as error:
        raise ReadError(
            "overlay-target",
            f"this target is not a usable JSONPath query: {error}",
            target.position,
            hint="a query begins with $: $.paths['/items'].get",
        ) from None
    if not locations:
        raise _missing(target)
    return locations


def _missing(target: Node) -> ReadError:
    return ReadError(
        "overlay-target-missing",
        f"nothing in the document is at '{shown(target.text)}'",
        target.position,
        hint="an overlay changes the file that it stands beside; for another file of the contract "
        "write one beside that",
    )

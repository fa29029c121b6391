"""What OpenAPI says about where references stand, what stands beside them and where they lead."""

from __future__ import annotations

from collections.abc import Iterable

from apiwright.load import pointer
from apiwright.load.grammar import KINDS, Shape
from apiwright.load.node import Node
from apiwright.load.walk import Place
from apiwright.load.wording import shown, with_article
from apiwright.problems import Report

_GROUPS = {
    name: frozenset(
        key for key, field in kind.fields.items() if field.kind and field.shape is not Shape.ONE
    )
    for name, kind in KINDS.items()
}
_SAID_ANYWAY = frozenset({"$ref", "summary", "description", "title", "deprecated"})


def check_placement(place: Place, report: Report) -> None:
    """Report a `$ref` where OpenAPI knows no references: for an operation, a list, a group.

    A property may well be called `$ref`; its schema is an object then, and not a text.
    """
    mapping = place.node.mapping
    label = KINDS[place.kind].label
    if KINDS[place.kind].section is None:
        _check_no_reference(place.node, f"a reference cannot stand for a whole {label}", report)
    for key in _GROUPS[place.kind] & mapping.keys():
        message = f"a reference cannot stand for all '{key}' of {with_article(label)}"
        _check_no_reference(mapping[key], message, report)


def _check_no_reference(node: Node, message: str, report: Report) -> None:
    text = node.get("$ref")
    if text is not None and isinstance(text.value, str):
        hint = "refer to each object in it by itself"
        report.error("misplaced-reference", message, text.key_position, hint=hint)


def check_siblings(place: Place, report: Report, *, legacy: bool) -> None:
    """Warn about what stands beside a `$ref` and is ignored there.

    Schemas of 3.1 and path items may have anything beside it; other objects a summary and a
    description, which nobody has to be warned of in 3.0 either (3.0 section 4.7.23, 3.1 section
    4.8.23). `legacy` says that the document is of 3.0.
    """
    if place.kind == "path-item" or (place.kind == "schema" and not legacy):
        return
    for key, node in place.node.mapping.items():
        if key not in _SAID_ANYWAY and not key.startswith("x-"):
            report.warning(
                "ignored-beside-reference",
                f"'{shown(key)}' has no effect beside '$ref'",
                node.key_position,
                hint="put it into an allOf together with the reference" if legacy else "",
            )


def check_operation_reference(place: Place, own: Node, root: Node, report: Report) -> None:
    """Check the `operationRef` of a link in the file `own`: an operation that it names must exist.

    One that names an operation of another document is taken as it is.
    """
    text = place.node.get("operationRef")
    if text is None or not text.text.startswith("#"):
        return
    keys = pointer.parse_fragment(text.text[1:])
    if own is not root:
        message = "a link outside of the contract's first file cannot use a local operationRef"
        report.error("unresolved-reference", message, text.position, hint="use operationId")
    elif keys is None or pointer.find(root, keys) is None:
        message = f"there is no operation at '{shown(text.text)}'"
        hint = "'/' inside a path is written as ~1: '#/paths/~1items/get'"
        report.error("unresolved-reference", message, text.position, hint=hint)


def check_cycles(root: Node, places: Iterable[Place], report: Report) -> None:
    """Report references that lead to nothing but references and, in the end, to themselves."""
    settled: dict[int, Node] = {}
    for place in places:
        trail: list[Node] = []
        numbers: dict[int, int] = {}
        node: Node | None = place.node
        while node is not None and id(node) not in settled:
            if id(node) in numbers:
                _report_cycle(trail[numbers[id(node)] :], report)
                break
            numbers[id(node)] = len(trail)
            trail.append(node)
            node = _next(root, node)
        settled.update((id(seen), seen) for seen in trail)


def _next(root: Node, node: Node) -> Node | None:
    text = node.get("$ref")
    if text is None or not text.text.startswith("#"):
        return None
    keys = pointer.parse_fragment(text.text[1:])
    return pointer.find(root, keys) if keys is not None else None


def _report_cycle(cycle: list[Node], report: Report) -> None:
    texts = sorted((node.mapping["$ref"] for node in cycle), key=lambda text: text.position)
    first, *others = texts
    report.error(
        "reference-cycle",
        "this reference leads back to itself, and to no object",
        first.position,
        hint="let one of the references be the object itself",
        related=[(text.position, "by way of this reference") for text in others],
    )

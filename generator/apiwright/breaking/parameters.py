"""Differences in the parameters of an operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from apiwright.breaking.addresses import Operation
from apiwright.breaking.change import Level
from apiwright.breaking.effective import Parts
from apiwright.breaking.findings import Findings
from apiwright.breaking.places import PARAMETER, Site
from apiwright.breaking.schemas import Comparison
from apiwright.breaking.sunset import announced_end
from apiwright.load import Document, Node
from apiwright.load.wording import shown

# OpenAPI 3.1.1, section 4.8.12.2.2.
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
# Headers that are told elsewhere in a contract, and are ignored as parameters (4.8.12.2.1).
_TOLD_ELSEWHERE = frozenset({"accept", "content-type", "authorization"})
_REMOVED = {
    "without-deprecation": "request-parameter-removed",
    "with-deprecation": "request-parameter-removed-with-deprecation",
    "before-sunset": "request-parameter-removed-before-sunset",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it takes effect; `media` is the type of a parameter that is content."""

    name: str
    place: str
    node: Node
    required: bool
    style: str
    explode: bool
    media: str
    schema: Parts

    @property
    def label(self) -> str:
        """The parameter for people."""
        return f"the {self.place} parameter '{shown(self.name)}'"

    @property
    def where(self) -> str:
        """Its place in the operation."""
        return f"parameters/{self.place}/{self.name}"


def parameters(document: Document, operation: Operation) -> dict[tuple[str, str], Parameter]:
    """The parameters of an operation, those of its path among them.

    By place and name; those in the path by their number there, because their names are of no
    consequence to a client, and those in headers in lower case.
    """
    found: dict[tuple[str, str], Parameter] = {}
    for holder in (*reversed(operation.items), operation.node):
        for item in holder.list_of("parameters"):
            parameter = _parameter(document.resolve(item))
            key = _key(parameter, operation)
            if key is not None:
                found[key] = parameter
    return found


def _key(parameter: Parameter, operation: Operation) -> tuple[str, str] | None:
    if parameter.place == "path":
        if parameter.name not in operation.variables:
            return None
        return ("path", str(operation.variables.index(parameter.name)))
    if parameter.place == "header":
        name = parameter.name.lower()
        return None if name in _TOLD_ELSEWHERE else ("header", name)
    return (parameter.place, parameter.name)


def _parameter(node: Node) -> Parameter:
    place = node.string("in")
    media, schema = "", node.get("schema")
    for media_type, content in node.entries("content").items():
        media, schema = media_type.lower(), content.get("schema")
    style = node.string("style") or _STYLES.get(place, "")
    explode = node.get("explode")
    return Parameter(
        name=node.string("name"),
        place=place,
        node=node,
        required=node.flag("required") or place == "path",
        style=style,
        explode=explode.value is True if explode is not None else style == "form",
        media=media,
        schema=() if schema is None else (schema,),
    )


def check_parameters(
    name: str,
    before: Mapping[tuple[str, str], Parameter],
    after: Mapping[tuple[str, str], Parameter],
    comparisons: Mapping[bool, Comparison],
    today: date | None,
    found: Findings,
) -> None:
    """Tell what differs in the parameters of the operation `name`.

    `comparisons` are those of schemas in requests, by whether they describe text.
    """
    for key, new in after.items():
        if key not in before:
            word = "required" if new.required else "optional"
            has_to = "has to be given" if new.required else "may be left out"
            message = f"{new.label} is new, and {has_to}"
            rule = f"new-{word}-request-parameter"
            found.add(rule, name, new.where, new.node.position, message)
    for key, old in before.items():
        if key in after:
            _compare(name, old, after[key], comparisons, found)
        else:
            _removed(name, old, today, found)


def _removed(name: str, old: Parameter, today: date | None, found: Findings) -> None:
    how = announced_end(old.node, today)
    message = f"{old.label} is gone"
    level = None
    if how == "without-deprecation" and old.place == "query":
        level = Level.BREAKING
        message += ", and unknown ones are refused"
    elif how == "before-sunset":
        message += " before the day that was announced"
    found.add(_REMOVED[how], name, old.where, old.node.position, message, level=level)


def _compare(
    name: str,
    old: Parameter,
    new: Parameter,
    comparisons: Mapping[bool, Comparison],
    found: Findings,
) -> None:
    _required(name, old, new, found)
    _deprecated(name, old, new, found)
    if (old.media, old.media or _written(old)) != (new.media, new.media or _written(new)):
        message = f"{new.label} is written in another way: {_how(new)} instead of {_how(old)}"
        found.add("request-parameter-style-changed", name, new.where, new.node.position, message)
    site = Site(name, PARAMETER, new.where, new.label, new.node.position)
    found.schemas(site, comparisons[not new.media], old.schema, new.schema)


def _written(parameter: Parameter) -> str:
    """How a value is written, as far as it depends on more than its being a single one."""
    return f"{parameter.style}{'*' * parameter.explode}"


def _how(parameter: Parameter) -> str:
    if parameter.media:
        return shown(parameter.media)
    return f"{shown(parameter.style)}, {'exploded' if parameter.explode else 'not exploded'}"


def _required(name: str, old: Parameter, new: Parameter, found: Findings) -> None:
    if old.required == new.required:
        return
    spot = new.node.get("required")
    position = spot.key_position if spot is not None else new.node.position
    word = "required" if new.required else "optional"
    has_to = "has to be given now" if new.required else "may be left out now"
    message = f"{new.label} {has_to}"
    found.add(f"request-parameter-became-{word}", name, new.where, position, message)


def _deprecated(name: str, old: Parameter, new: Parameter, found: Findings) -> None:
    was, now = old.node.flag("deprecated"), new.node.flag("deprecated")
    if was == now:
        return
    word = "deprecated" if now else "reactivated"
    message = f"{new.label} is {'deprecated now' if now else 'no longer deprecated'}"
    found.add(f"request-parameter-{word}", name, new.where, new.node.position, message)

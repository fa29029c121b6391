"""What of a request has to be bound: so that generated code has what it needs, and no more."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.code import Code, constant
from apiwright.ir.media import FORM, essence, is_json, is_readable
from apiwright.ir.operations import Location, Operation
from apiwright.ir.service import Service

_GUARDS = ("authenticate", "nobody")


@dataclass(frozen=True, slots=True)
class BindingView:
    """Which kinds of parameters and bodies the contract has."""

    path: bool
    query: bool
    header: bool
    cookie: bool
    body: bool
    json: bool
    form: bool
    raw: bool
    groups: bool
    texts: bool
    pairs: bool
    object_parameters: bool
    json_parameters: bool
    prefixed: bool
    names: Code
    guards: Code
    about: Code


def binding_view(service: Service) -> BindingView:
    """The view of what the operations of `service` bind."""
    operations = list(service.operations.values())
    places = {place: _travel(operations, place) for place in Location}
    parameters = [p for operation in operations for p in operation.parameters]
    kinds = {
        essence(content.media_type)
        for operation in operations
        for content in (operation.body.contents if operation.body is not None else ())
    }
    found = [f"from_{place.value}" for place in Location if places[place]]
    found += ["from_body"] if kinds else []
    form = FORM in kinds
    raw = any(not is_readable(kind) for kind in kinds)
    return BindingView(
        path=places[Location.PATH],
        query=places[Location.QUERY],
        header=places[Location.HEADER],
        cookie=places[Location.COOKIE],
        body=bool(kinds),
        json=any(is_json(kind) for kind in kinds),
        form=form,
        raw=raw,
        groups=bool(parameters),
        texts=places[Location.PATH] or places[Location.QUERY] or form,
        pairs=places[Location.QUERY] or form,
        object_parameters=any("object" in p.wire.kinds and not p.content for p in parameters),
        json_parameters=any(p.content and is_json(p.content) for p in parameters),
        prefixed=any(p.style in {"label", "matrix"} for p in parameters),
        names=constant(", ".join(sorted(found))),
        guards=constant(", ".join(_GUARDS if service.identity is not None else ("nobody",))),
        about=constant(", ".join(f"`{name}`" for name in found)),
    )


def _travel(operations: list[Operation], place: Location) -> bool:
    return any(operation.located(place) for operation in operations)

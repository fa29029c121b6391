"""Fields that exclude each other, and fields of which one is needed."""

from __future__ import annotations

from dataclasses import dataclass

from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.words import listed
from apiwright.load import KINDS, Place
from apiwright.load.wording import with_article

# What only makes sense beside a schema (3.0.4 section 4.7.12.2, 3.1.1 section 4.8.12.2.2).
_WITH_SCHEMA = ("style", "explode", "allowReserved", "example", "examples")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two fields of a kind, not to be used together.

    `needed` says that one of them must be there; `lenient` in which versions having both (or none)
    is no more than a warning.
    """

    kind: str
    first: str
    second: str
    needed: bool = False
    lenient: tuple[str, ...] = ()


_PAIRS = (
    _Pair("parameter", "schema", "content", needed=True),
    _Pair("header", "schema", "content", needed=True),
    _Pair("parameter", "example", "examples", lenient=("3.1",)),
    _Pair("header", "example", "examples", lenient=("3.1",)),
    _Pair("media-type", "example", "examples", lenient=("3.1",)),
    _Pair("example", "value", "externalValue", lenient=("3.0",)),
    _Pair("example", "value", "dataValue"),
    _Pair("example", "value", "serializedValue"),
    _Pair("example", "serializedValue", "externalValue"),
    _Pair("media-type", "encoding", "prefixEncoding"),
    _Pair("media-type", "encoding", "itemEncoding"),
    _Pair("license", "identifier", "url"),
    _Pair("link", "operationId", "operationRef"),
)


def check_alternatives(contract: Contract, found: Findings) -> None:
    """Report pairs of which both, or none, are there."""
    for pair in _PAIRS:
        lenient = contract.version in pair.lenient
        for place in contract.of(pair.kind):
            if "$ref" not in place.node.mapping:
                _check_pair(place, pair, found, lenient=lenient)
    for place in contract.of("link"):
        _check_link(place, found, legacy=contract.legacy)
    for kind in ("parameter", "header"):
        for place in contract.of(kind):
            if "$ref" not in place.node.mapping:
                _check_beside_content(place, found)


def _check_pair(place: Place, pair: _Pair, found: Findings, *, lenient: bool) -> None:
    first, second = place.node.get(pair.first), place.node.get(pair.second)
    if first is not None and second is not None:
        later, earlier = sorted((first, second), key=lambda node: node.key_position, reverse=True)
        message = f"'{pair.first}' and '{pair.second}' exclude each other"
        if lenient:
            found.warning("excluding-fields", message, later.key_position)
        else:
            related = [(earlier.key_position, "the other one")]
            found.error("excluding-fields", message, later.key_position, related=related)
    elif pair.needed and first is None and second is None:
        label = with_article(KINDS[place.kind].label)
        message = f"{label} needs a '{pair.first}', or '{pair.second}'"
        found.error("missing-field", message, place.node.key_position)


def _check_link(place: Place, found: Findings, *, legacy: bool) -> None:
    """A link names an operation (3.0.4 section 4.7.20, 3.1.1 section 4.8.20)."""
    known = {"$ref", "operationId", "operationRef"}
    if known & place.node.mapping.keys():
        return
    message = "a link needs an 'operationId', or an 'operationRef'"
    if legacy:
        found.warning("missing-field", message, place.node.key_position)
    else:
        found.error("missing-field", message, place.node.key_position)


def _check_beside_content(place: Place, found: Findings) -> None:
    if "content" not in place.node.mapping or "schema" in place.node.mapping:
        return
    beside = [key for key in place.node.mapping if key in _WITH_SCHEMA]
    if beside:
        names = listed((f"'{name}'" for name in beside), "and")
        message = f"{names} cannot stand beside 'content', only beside 'schema'"
        position = place.node.mapping[beside[0]].key_position
        found.error("excluding-fields", message, position)

"""Values that the contract gives: defaults, constants, enums and examples, by their own schemas.

Wrong defaults and constants are errors, since the service would use them. A wrong value of an enum
is only one that never occurs, and a wrong example misleads nobody but people.


JSON Schema 2020-12 validation, sections 6.1 and 9; OpenAPI 3.1.1 sections 4.8.12 and 4.8.14.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from jsonschema_rs import Draft202012Validator

from apiwright.check.contract import Contract
from apiwright.check.cost import TOO_MUCH, Costs
from apiwright.check.dialect import Dialect
from apiwright.check.faults import Fault, faults
from apiwright.check.findings import Findings
from apiwright.check.specification import node_at
from apiwright.check.words import quoted, steps
from apiwright.ir.media import is_readable
from apiwright.load import Node, Place, plain
from apiwright.problems import Severity

_MOST = 3
# Saying in full what is wrong takes many more steps than finding that something is.
_IN_FULL = 2_000
_ALL_TOGETHER = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Value:
    """A value of the contract and the schema that it must fit, without the keyword it is from."""

    what: str
    code: str
    node: Node
    schema: Node
    without: str = ""
    severity: Severity = Severity.ERROR


def check_values(contract: Contract, found: Findings) -> None:
    """Hold every value of the contract to its schema."""
    checker = _Checker(Dialect(contract), Costs(contract.document))
    for place in contract.of("schema"):
        if not (contract.legacy and place.reference is not None):
            for value in _of_schema(place.node):
                checker.check(value, found)
    for kind in ("parameter", "header", "media-type"):
        for place in contract.of(kind):
            for value in _of_example(place, contract):
                checker.check(value, found)


def _of_schema(node: Node) -> Iterator[_Value]:
    default, const = node.get("default"), node.get("const")
    if default is not None:
        yield _Value("the default", "bad-default", default, node)
    if const is not None:
        yield _Value("the constant", "bad-const", const, node, "const")
    for item in node.list_of("enum"):
        yield _Value("this enum value", "bad-enum-value", item, node, "enum", Severity.WARNING)
    for example in (node.get("example"), *node.list_of("examples")):
        if example is not None:
            yield _example(example, node)


def _of_example(place: Place, contract: Contract) -> Iterator[_Value]:
    schema = place.node.get("schema")
    if schema is None or place.reference is not None or not _is_plain(place):
        return
    example = place.node.get("example")
    if example is not None:
        yield _example(example, schema)
    for written in place.node.entries("examples").values():
        given = contract.resolve(written)
        value = given.get("value") or given.get("dataValue")
        if value is not None:
            yield _example(value, schema)


def _is_plain(place: Place) -> bool:
    """Whether the examples of an object are values, and not the text of another media type."""
    if place.kind != "media-type":
        return True
    media_type = place.keys[-1]
    return is_readable(media_type)


def _example(node: Node, schema: Node) -> _Value:
    return _Value("the example", "bad-example", node, schema, severity=Severity.WARNING)


@dataclass(slots=True, eq=False)
class _Checker:
    dialect: Dialect
    costs: Costs
    _made: dict[tuple[int, str], Draft202012Validator | None] = field(default_factory=dict)

    def check(self, value: _Value, found: Findings) -> None:
        cost = self.costs.of(value.schema, value.node)
        if cost >= TOO_MUCH or self.costs.spent > _ALL_TOGETHER:
            return
        key = (id(value.schema), value.without)
        if key not in self._made:
            self._made[key] = self.dialect.validator(value.schema, value.without)
        validator = self._made[key]
        given = plain(value.node)
        if validator is None or validator.is_valid(given):
            return
        if cost > _IN_FULL:
            _report(value, Fault("bad-value", (), "does not fit"), found)
            return
        for fault in islice(faults(validator.iter_errors(given)), _MOST):
            _report(value, fault, found)


def _report(value: _Value, fault: Fault, found: Findings) -> None:
    node = node_at(value.node, fault.path) or value.node
    subject = f"'{steps(fault.path)}'" if fault.path else "it"
    position = node.position
    if fault.code == "missing-field":
        what = f"'{fault.name}' is missing" + (f" in {subject}" if fault.path else "")
    elif fault.code == "unknown-field":
        position = node.mapping[fault.name].key_position if fault.name in node.mapping else position
        what = f"{quoted(fault.name)} is not allowed" + (f" in {subject}" if fault.path else "")
    else:
        what = f"{subject} {fault.what}"
    hint = found.meant(node.text, fault.options) if fault.options and node.text else ""
    if "text" in fault.wanted and isinstance(node.value, bool | int | float):
        hint = "put it in quotes"
    message = f"{value.what} does not fit its schema: {what}"
    if value.severity is Severity.ERROR:
        found.error(value.code, message, position, hint=hint)
    else:
        found.warning(value.code, message, position, hint=hint)

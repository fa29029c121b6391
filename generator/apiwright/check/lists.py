"""What `x-filter` and `x-search` say: which rows the parameters of a list choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apiwright import names
from apiwright.check.actions import listed_items
from apiwright.check.contract import Operation, Parameter
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, answer_schema, is_off
from apiwright.check.tables import column_of
from apiwright.check.views import View
from apiwright.check.words import listed, quoted, type_in_words
from apiwright.load import Node
from apiwright.load.wording import shown

_ORDERED = frozenset({"gt", "gte", "lt", "lte"})
_NUMBERS = frozenset({"integer", "number"})
_NOT_TEXT = frozenset({"uuid", "date", "date-time", "byte", "decimal"})
# Comparisons that ask something of the parameter alone.
_PARAMETERS = {
    "is-null": ("boolean", "of true or false"),
    "in": ("array", "with a list of values"),
}


def check_lists(storage: Storage, found: Findings) -> None:
    """Check the parameters that say how they choose rows."""
    for operation, parameter in _parameters(storage):
        searched = parameter.node.get("x-search")
        filtered = parameter.node.get("x-filter")
        things = _listed(operation, storage)
        if searched is not None and _can_choose(operation, parameter, searched, things, found):
            _check_search(searched, things, storage, found)
        if filtered is None or is_off(filtered):
            continue
        if _can_choose(operation, parameter, filtered, things, found):
            _check_filter(parameter, filtered, things, storage, found)


def _parameters(storage: Storage) -> Iterator[tuple[Operation, Parameter]]:
    for operation in storage.contract.operations:
        for parameter in operation.parameters:
            if "x-filter" in parameter.node.mapping or "x-search" in parameter.node.mapping:
                yield operation, parameter


@dataclass(frozen=True, slots=True, eq=False)
class _Things:
    """What an operation lists: objects of a schema, with a name if it is a component."""

    name: str
    schema: Node | None


def _listed(operation: Operation, storage: Storage) -> _Things:
    items = listed_items(answer_schema(storage.contract, operation), storage)
    if items is None:
        return _Things("", None)
    said = operation.node.get("x-action")
    named = said.string("schema") if said is not None else ""
    known = storage.contract.section("schemas")
    name = named if named in known else storage.views.target(items)
    return _Things(name, known.get(name, items))


def _can_choose(
    operation: Operation, parameter: Parameter, word: Node, things: _Things, found: Findings
) -> bool:
    name = quoted(parameter.name)
    if parameter.where != "query":
        message = f"{name} is no query parameter, and only those choose rows"
        found.error("impossible-filter", message, word.key_position)
    elif things.schema is None:
        message = f"{name} chooses from a list, but {shown(operation.label)} answers with none"
        hint = "an override can look at a parameter with 'x-filter: false'"
        found.error("impossible-filter", message, word.key_position, hint=hint)
    else:
        return True
    return False


def _columns(things: _Things, storage: Storage) -> dict[str, Node]:
    """The properties that are stored and shown, by the names that a filter may use for them."""
    known = storage.views.of(things.schema).properties
    if things.name:
        known = {**storage.inputs(things.name), **known}
    columns: dict[str, Node] = {}
    for prop, node in known.items():
        if is_off(node.get("x-column")) or node.flag("x-hashed"):
            continue
        for name in (prop, names.snake(prop), column_of(prop, node)):
            columns.setdefault(name, node)
    return columns


def _check_search(word: Node, things: _Things, storage: Storage, found: Findings) -> None:
    columns = _columns(things, storage)
    for item in word.items:
        node = columns.get(item.text)
        if not item.text:
            continue
        if node is None:
            _unknown(item, things, columns, found)
        elif storage.views.of(node).kinds not in ((), ("string",)):
            message = f"{quoted(item.text)} holds no text to search in"
            found.error("search-type", message, item.position)


def _unknown(written: Node, things: _Things, columns: dict[str, Node], found: Findings) -> None:
    what = quoted(things.name) if things.name else "what is listed"
    message = f"{what} stores no {quoted(written.text)}"
    hint = found.meant(written.text, columns)
    found.error("unknown-property", message, written.position, hint=hint)


def _check_filter(
    parameter: Parameter, word: Node, things: _Things, storage: Storage, found: Findings
) -> None:
    columns = _columns(things, storage)
    written = word.get("column")
    name = written.text if written is not None else ""
    wanted = name or parameter.name
    node = columns.get(wanted) or columns.get(names.plural(wanted))
    if written is not None and name and node is None and not _is_relation(name, columns):
        _unknown(written, things, columns, found)
    compare = word.get("compare")
    if compare is None or not compare.text:
        return
    given = storage.views.of(parameter.node.get("schema"))
    column = storage.views.of(node) if node is not None else View()
    wrong = _misfit(compare.text, column, given, parameter.name)
    if wrong:
        found.error("filter-type", wrong, compare.position)


def _is_relation(name: str, columns: dict[str, Node]) -> bool:
    """Whether a name is that of a list of references: `author_id` for `author_ids`."""
    stem = names.snake(name).removesuffix("_id")
    return bool({stem, names.plural(stem), f"{stem}_ids"} & columns.keys())


def _misfit(compare: str, column: View, given: View, name: str) -> str:
    """Why a comparison of these types is not possible; empty where it is."""
    if compare in _PARAMETERS:
        kind, words = _PARAMETERS[compare]
        misfit = given.kinds and given.kinds != (kind,)
        return (
            f"'{compare}' needs a parameter {words}, which {quoted(name)} isn't" if misfit else ""
        )
    if given.kinds == ("array",):
        return f"'{compare}' compares with one value, but {quoted(name)} is a list"
    return _misfit_of_column(compare, column, given, name) if column.kinds else ""


def _misfit_of_column(compare: str, column: View, given: View, name: str) -> str:
    what = listed(type_in_words(kind) for kind in column.kinds)
    many = bool({"array", "object"} & set(column.kinds))
    if compare == "contains":
        return "" if "array" in column.kinds else f"'contains' looks in lists, but this is {what}"
    if many:
        return f"'{compare}' cannot compare {what}"
    if compare == "starts-with" and (column.kinds != ("string",) or column.format in _NOT_TEXT):
        return f"'starts-with' needs text, but this is {column.format or what}"
    if compare in _ORDERED and column.kinds == ("boolean",):
        return f"'{compare}' needs values with an order, but this is {what}"
    if given.kinds and _kinds(column.kinds) != _kinds(given.kinds):
        value = listed(type_in_words(kind) for kind in given.kinds)
        return f"the property is {what}, but the parameter {quoted(name)} is {value}"
    return ""


def _kinds(types: tuple[str, ...]) -> frozenset[str]:
    return frozenset("number" if kind in _NUMBERS else kind for kind in types)

"""What `x-table` and `x-column` say: keys, columns, indexes and names of tables."""

from __future__ import annotations

from apiwright import names
from apiwright.check.extensions import home, properties
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, Stored, is_off
from apiwright.check.views import View
from apiwright.check.words import listed, quoted, type_in_words
from apiwright.load import Node
from apiwright.load.wording import shown

_KEY_TYPES = frozenset({"string", "integer"})


def check_tables(storage: Storage, found: Findings) -> None:
    """Check the tables that are declared, one by one."""
    for name, node in storage.contract.section("schemas").items():
        table = node.get("x-table")
        if table is None or is_off(table):
            continue
        view = storage.views.of(node)
        if not view.is_object:
            what = listed(type_in_words(kind) for kind in view.kinds) if view.kinds else ""
            message = f"{quoted(name)} cannot be stored: it has no properties"
            if what and "object" not in view.kinds:
                message = f"{quoted(name)} cannot be stored: it is {what}, and no object"
            found.error("table-without-columns", message, table.key_position)
            continue
        _check_key(name, table, storage, found)
        _check_columns(name, table, storage, found)
        _check_soft_delete(name, table, storage, found)


def _check_key(name: str, table: Node, storage: Storage, found: Findings) -> None:
    key = table.get("key")
    if key is None or not key.text:
        return
    node = storage.properties(name).get(key.text)
    if node is None:
        unknown_property(key, name, storage.properties(name), found)
    elif not set(storage.views.of(node).kinds) <= _KEY_TYPES:
        message = f"'{shown(key.text)}' cannot be the key of {quoted(name)}"
        hint = "keys are text or whole numbers"
        found.error("key-type", message, key.position, hint=hint)


def unknown_property(written: Node, schema: str, known: dict[str, Node], found: Findings) -> None:
    """Report the name of a property that a schema has not."""
    message = f"{quoted(schema)} has no property {quoted(written.text)}"
    hint = found.meant(written.text, known)
    found.error("unknown-property", message, written.position, hint=hint)


def column_of(name: str, node: Node) -> str:
    """The name of the column of a property."""
    written = node.get("x-column")
    given = (written.text or written.string("name")) if written is not None else ""
    return given or names.sql(names.snake(name, "column").rstrip("_"))


def soft_delete(table: Node | None) -> str:
    """The column that marks deleted rows, or ""."""
    node = table.get("soft-delete") if table is not None else None
    if node is None or node.value is False:
        return ""
    return node.text or "deleted_at"


def _columns(name: str, table: Node, storage: Storage) -> dict[str, Node | None]:
    """The columns of a table by the names that a rule about columns may use for them."""
    columns: dict[str, Node | None] = {}
    for prop, node in storage.properties(name).items():
        if not is_off(node.get("x-column")):
            columns[prop] = node
            columns.setdefault(column_of(prop, node), node)
    deleted = soft_delete(table)
    if deleted:
        columns.setdefault(deleted, None)
    stored = storage.stored.get(name)
    if stored is not None and not stored.key:
        columns.setdefault("id", None)
    return columns


def _check_columns(name: str, table: Node, storage: Storage, found: Findings) -> None:
    columns = _columns(name, table, storage)
    for word in ("unique", "indexes"):
        for rule in table.list_of(word):
            for item in rule.items or rule.list_of("columns"):
                if item.text and item.text not in columns:
                    message = f"{quoted(name)} stores no {quoted(item.text)}"
                    hint = found.meant(item.text, columns)
                    found.error("unknown-property", message, item.position, hint=hint)
                elif rule.string("method") == "gin":
                    _check_gin(item, columns.get(item.text), storage, found)


def _check_gin(item: Node, column: Node | None, storage: Storage, found: Findings) -> None:
    kinds = storage.views.of(column).kinds if column is not None else ("string",)
    if kinds and not set(kinds) & {"array", "object"}:
        message = f"a gin index needs lists or mappings, which {quoted(item.text)} doesn't hold"
        found.error("index-method", message, item.position)


def _check_soft_delete(name: str, table: Node, storage: Storage, found: Findings) -> None:
    column = soft_delete(table)
    for prop, node in storage.properties(name).items():
        if not column or column not in (prop, column_of(prop, node)):
            continue
        view = storage.views.of(node)
        if view.kinds != ("string",) or view.format != "date-time":
            written = table.get("soft-delete") or table
            found.error(
                "soft-delete-type",
                f"{quoted(prop)} cannot mark deleted rows: it is no date-time",
                written.position,
                hint="the column holds when a row was deleted; name another one",
                related=[(node.key_position, "the property")],
            )


def check_table_names(storage: Storage, found: Findings) -> None:
    """No two schemas are stored in one table."""
    seen: dict[str, Stored] = {}
    for stored in sorted(storage.stored.values(), key=lambda item: _given(item) is None):
        given = _given(stored)
        table = given.text if given is not None else _usual_name(stored.name)
        first = seen.setdefault(table, stored)
        told = given or _given(first)
        if first is stored or told is None:
            continue
        other = first if told is given else stored
        where = (_given(other) or other.node).key_position
        found.error(
            "duplicate-table",
            f"{quoted(first.name)} and {quoted(stored.name)} have the same table {quoted(table)}",
            told.position,
            hint="to show one table in several forms, store one schema and leave the others alone",
            related=[(where, "the other one")],
        )


def _given(stored: Stored) -> Node | None:
    """The node that names the table, where the contract does."""
    if stored.table is None:
        return None
    if stored.table.text:
        return stored.table
    name = stored.table.get("name")
    return name if name is not None and name.text else None


def _usual_name(schema: str) -> str:
    return names.sql(names.plural(names.snake(schema).rstrip("_")))


def check_column_names(storage: Storage, found: Findings) -> None:
    """No two properties of a schema are stored in one column."""
    for name in storage.stored:
        seen: dict[str, tuple[str, Node]] = {}
        own = storage.views.of(storage.contract.section("schemas")[name]).properties
        for prop, node in sorted(own.items(), key=lambda item: _column_given(item[1]) is None):
            if is_off(node.get("x-column")):
                continue
            given = _column_given(node)
            first = seen.setdefault(column_of(prop, node), (prop, node))
            told = given or _column_given(first[1])
            if first[1] is not node and told is not None:
                message = f"{quoted(first[0])} and {quoted(prop)} are stored in the same column"
                other = first[1] if told is given else node
                related = [(other.key_position, "the other one")]
                found.error("duplicate-column", message, told.position, related=related)


def _column_given(node: Node) -> Node | None:
    written = node.get("x-column")
    if written is None or written.text:
        return written
    return written.get("name")


def check_column_numbers(storage: Storage, found: Findings) -> None:
    """A column has no more decimal places than digits (PostgreSQL 18, section 8.1.2)."""
    for _, written in properties(storage.contract, "x-column"):
        precision, scale = written.get("precision"), written.get("scale")
        if scale is None or not isinstance(scale.value, int):
            continue
        if precision is None:
            message = "'scale' needs 'precision' beside it: how many digits there are in all"
            found.error("column-numbers", message, scale.key_position)
        elif isinstance(precision.value, int) and scale.value > precision.value:
            message = f"'scale' is more than 'precision': {scale.value} of {precision.value} digits"
            found.error("column-numbers", message, scale.position)


def check_column_types(storage: Storage, found: Findings) -> None:
    """A column is only stored as a type that has room for the values of its property."""
    for place, written in properties(storage.contract, "x-column"):
        view = storage.views.of(place.node)
        kinds = set(view.kinds) - {"null"}
        said = written.get("type")
        word = said.text.partition("(")[0] if said is not None else ""
        if said is not None and word in _STORED_AS and not _fits(word, kinds, view):
            message = f"'{shown(said.text)}' holds {_STORED_AS[word][1]}, which this is not"
            found.error("column-type", message, said.position)
        enum = written.get("enum-type")
        if enum is not None and (kinds != {"string"} or not view.enum):
            message = "'enum-type' needs a text with an 'enum' beside it"
            found.error("column-type", message, enum.key_position)


def _fits(word: str, kinds: set[str], view: View) -> bool:
    wanted = _STORED_AS[word][0]
    if word in {"varchar", "char"}:
        return kinds <= {"string", "array"} and view.format not in _OTHER_FORMATS
    return kinds == {wanted} and (word != "timestamp" or view.format == "date-time")


_OTHER_FORMATS = frozenset({"uuid", "date", "date-time", "byte", "decimal"})
_STORED_AS = {
    "smallint": ("integer", "whole numbers"),
    "real": ("number", "numbers"),
    "timestamp": ("string", "times, of the format date-time"),
    "varchar": ("string", "text"),
    "char": ("string", "text"),
}


def check_idle_words(storage: Storage, found: Findings) -> None:
    """Words about columns do nothing in a schema that is said not to be stored."""
    for word in ("x-column", "x-unique", "x-index", "x-owner", "x-tenant"):
        for place, written in properties(storage.contract, word):
            schema = storage.contract.section("schemas").get(home(place))
            if schema is not None and is_off(schema.get("x-table")):
                message = f"'{word}' has no effect: {quoted(home(place))} is not stored"
                found.warning("idle-extension", message, written.key_position)

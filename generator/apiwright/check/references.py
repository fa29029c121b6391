"""What `x-references` says: the schema that a property refers to, and what deletes do."""

from __future__ import annotations

from apiwright.check.extensions import home, properties
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, is_off, key_property
from apiwright.check.words import listed, quoted, type_in_words
from apiwright.load import Node, Place

_FORMATS = frozenset({"uuid", "date", "date-time", "byte", "decimal"})


def check_references(storage: Storage, found: Findings) -> None:
    """Check every property that refers to a stored schema."""
    for place, written in properties(storage.contract, "x-references"):
        named = written if written.text else written.get("schema")
        if named is None or not named.text:
            continue
        if refers_to_stored(named, storage, found):
            check_type(place, named.text, storage, found)
        _check_set_null(place, written, storage, found)


def refers_to_stored(named: Node, storage: Storage, found: Findings) -> bool:
    """Whether a name is that of a stored schema with a key; reports where it is not."""
    schemas = storage.contract.section("schemas")
    node = schemas.get(named.text)
    if node is None:
        hint = found.meant(named.text, schemas)
        message = f"there is no schema {quoted(named.text)} in the components"
        found.error("unknown-schema", message, named.position, hint=hint)
        return False
    stored = storage.stored.get(named.text)
    if stored is not None and stored.key:
        return True
    view = storage.views.of(node)
    related = [(node.key_position, "the schema")]
    if stored is not None:
        message = f"{quoted(named.text)} cannot be referred to: no property is its key"
        hint = "give it an 'id', or name the key: x-table: {key: ...}"
        found.error("not-stored", message, named.position, hint=hint, related=related)
    elif is_off(node.get("x-table")) or not key_property(named.text, "", view):
        message = f"{quoted(named.text)} is not stored"
        hint = "a schema with an 'id' can be: 'x-table: true'"
        found.error("not-stored", message, named.position, hint=hint, related=related)
    else:
        message = f"{quoted(named.text)} is not stored, so that this has no effect"
        hint = f"put 'x-table: true' into {quoted(named.text)}"
        found.warning("not-stored", message, named.position, hint=hint)
    return False


def check_type(place: Place, schema: str, storage: Storage, found: Findings) -> None:
    """A reference has the type of the key that it holds; a list of references, of its items."""
    views = storage.views
    target = storage.stored[schema]
    key = views.of(target.node).properties.get(target.key)
    if key is None:
        return
    wanted, given = views.of(key), views.of(place.node)
    if given.is_array:
        given = views.of(given.items)
    if not wanted.kinds or not given.kinds:
        return
    if set(wanted.kinds) == set(given.kinds) and _format(wanted.format) == _format(given.format):
        return
    own = _in_words(given.kinds, given.format)
    found.error(
        "reference-type",
        f"{quoted(place.keys[-1])} is {own}, but the key of {quoted(schema)} is "
        f"{_in_words(wanted.kinds, wanted.format)}",
        place.node.key_position,
        hint="a reference has the type and the format of the key",
        related=[(key.key_position, "the key")],
    )


def _format(name: str) -> str:
    """The format, as far as it makes another column."""
    return name if name in _FORMATS else ""


def _in_words(kinds: tuple[str, ...], name: str) -> str:
    words = listed(type_in_words(kind) for kind in kinds)
    return f"{words} ({name})" if name in _FORMATS else words


def _check_set_null(place: Place, written: Node, storage: Storage, found: Findings) -> None:
    """`set-null` needs a property that can be null, or left out."""
    deleted = written.get("on-delete")
    view = storage.views.of(place.node)
    if deleted is None or deleted.text != "set-null" or view.is_array or "null" in view.types:
        return
    name = place.keys[-1]
    schema = storage.contract.section("schemas").get(home(place))
    required = storage.views.of(schema).required
    if name in required and name not in _nullable_inputs(home(place), storage):
        message = f"{quoted(name)} is required and never null, so that a delete cannot empty it"
        hint = "let it be null, or choose 'restrict' or 'cascade'"
        found.error("set-null-required", message, deleted.position, hint=hint)


def _nullable_inputs(schema: str, storage: Storage) -> set[str]:
    inputs = storage.inputs(schema) if schema else {}
    return {name for name, node in inputs.items() if "null" in storage.views.of(node).types}

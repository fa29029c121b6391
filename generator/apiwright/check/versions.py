"""What `x-versioned` and `x-if-match` say: whose version it is, and which changes need one."""

from __future__ import annotations

from apiwright.check.contract import Operation
from apiwright.check.extensions import home, properties
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, answer_schema
from apiwright.check.words import listed, quoted, type_in_words
from apiwright.load import Node
from apiwright.load.wording import shown

_WORD, _MATCH = "x-versioned", "x-if-match"
_CHANGES = frozenset({"put", "patch", "delete"})


def check_versions(storage: Storage, found: Findings) -> None:
    """A version is that of stored rows; one that is shown is a whole number, which nobody sends."""
    shown_by: dict[str, Node] = {}
    for place, word in properties(storage.contract, _WORD):
        owner = home(place)
        _check_property(place.node, word, storage, found)
        if owner in shown_by:
            related = [(shown_by[owner].key_position, "the other one")]
            message = f"{quoted(owner)} shows its version twice"
            found.error("two-versions", message, word.key_position, related=related)
        shown_by.setdefault(owner, word)
    for name, node in storage.contract.section("schemas").items():
        hidden = node.get(_WORD)
        if hidden is None or hidden.value is not True:
            continue
        if name in shown_by:
            related = [(shown_by[name].key_position, "the property that shows it")]
            message = f"{quoted(name)} has one version, which a property shows already"
            found.error("two-versions", message, hidden.key_position, related=related)
    for name in (*shown_by, *_hidden(storage)):
        if name and name not in storage.stored:
            word = shown_by.get(name) or storage.contract.section("schemas")[name].mapping[_WORD]
            message = f"{quoted(name)} is not stored, so that nothing counts its versions"
            hint = f"put 'x-table: true' into {quoted(name)}"
            found.error("version-without-table", message, word.key_position, hint=hint)


def _hidden(storage: Storage) -> list[str]:
    schemas = storage.contract.section("schemas")
    return [name for name, node in schemas.items() if node.flag(_WORD)]


def _check_property(node: Node, word: Node, storage: Storage, found: Findings) -> None:
    view = storage.views.of(node)
    if view.kinds and view.kinds != ("integer",):
        what = listed(type_in_words(kind) for kind in view.kinds)
        message = f"a version is a whole number, but this is {what}"
        found.error("version-type", message, word.key_position)
    elif "null" in view.types or node.string("format") == "int32" or "maximum" in node.mapping:
        message = "a version has no upper limit, and every row has one"
        hint = "leave out 'maximum', 'format: int32' and 'null'"
        found.error("version-type", message, word.key_position, hint=hint)
    elif not node.flag("readOnly"):
        message = "the service counts versions, so that clients can't send one"
        found.error("version-type", message, word.key_position, hint="add 'readOnly: true'")


def check_if_match(storage: Storage, found: Findings) -> None:
    """Only what changes one versioned row can be held to a version."""
    for operation in storage.contract.operations:
        word = operation.node.get(_MATCH)
        if word is None:
            continue
        name = _schema(operation, storage)
        if operation.method not in _CHANGES:
            message = f"{shown(operation.label)} changes nothing that there is already"
            hint = "'x-if-match' belongs on PUT, PATCH and DELETE of one thing"
            found.error("idle-if-match", message, word.key_position, hint=hint)
        elif name and not _versioned(name, storage):
            message = f"{quoted(name)} has no version that a client could name"
            hint = f"put 'x-versioned: true' into {quoted(name)}"
            found.error("idle-if-match", message, word.key_position, hint=hint)


def _schema(operation: Operation, storage: Storage) -> str:
    """The stored schema that an operation changes, where its answer or its path's read tells."""
    said = operation.node.get("x-action")
    if said is not None and said.string("schema"):
        return said.string("schema")
    here = [o for o in storage.contract.operations if o.path == operation.path]
    for other in (operation, *here):
        name = storage.views.target(answer_schema(storage.contract, other))
        if name in storage.stored:
            return name
    return ""


def _versioned(name: str, storage: Storage) -> bool:
    node = storage.contract.section("schemas").get(name)
    if node is None or node.flag(_WORD):
        return True
    return any(prop.flag(_WORD) for prop in storage.views.of(node).properties.values())

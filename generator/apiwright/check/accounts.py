"""Accounts and what belongs to them: `x-identity`, `x-owner`, `x-hashed` and `x-timestamp`."""

from __future__ import annotations

from apiwright.check.extensions import home, properties
from apiwright.check.findings import Findings
from apiwright.check.references import check_type
from apiwright.check.roles import check_scope, declared_scopes
from apiwright.check.storage import Storage
from apiwright.check.tables import unknown_property
from apiwright.check.words import listed, quoted, type_in_words
from apiwright.load import Node, Place
from apiwright.load.wording import shown

# The types that each property of an identity may have.
_IDENTITY = {
    "login": ("string",),
    "password": ("string",),
    "roles": ("string", "array"),
    "active": ("boolean",),
}


def check_identity(storage: Storage, found: Findings) -> None:
    """Check the schema of accounts: there is one, it is stored, and it has what it names."""
    first: Node | None = None
    for name, node in storage.contract.section("schemas").items():
        written = node.get("x-identity")
        if written is None:
            continue
        if first is not None:
            message = "there are two schemas of accounts, but only one kind of account can sign in"
            related = [(first.key_position, "the other one")]
            found.error("two-identities", message, written.key_position, related=related)
        first = first or written
        if name not in storage.stored:
            message = f"the accounts are of {quoted(name)}, which is not stored"
            hint = "put 'x-table: true' beside it"
            found.error("not-stored", message, written.key_position, hint=hint)
        _check_named(name, written, storage, found)


def _check_named(name: str, written: Node, storage: Storage, found: Findings) -> None:
    known = storage.properties(name)
    for word, types in _IDENTITY.items():
        named = written.get(word)
        if named is None or not named.text:
            continue
        node = known.get(named.text)
        if node is None:
            unknown_property(named, name, known, found)
        elif storage.views.of(node).kinds and not set(storage.views.of(node).kinds) <= set(types):
            wanted = listed(type_in_words(kind) for kind in types)
            given = listed(type_in_words(kind) for kind in storage.views.of(node).kinds)
            message = f"'{shown(named.text)}' cannot be the '{word}' of accounts: it is {given}"
            hint = f"it must be {wanted}"
            found.error("identity-type", message, named.position, hint=hint)


def check_owners(storage: Storage, found: Findings) -> None:
    """An owner is an account, and there is one owner a row."""
    first: dict[str, Node] = {}
    for place, written in properties(storage.contract, "x-owner"):
        if not storage.identity:
            found.error(
                "owner-without-accounts",
                f"{quoted(place.keys[-1])} holds an account, but nobody can sign in",
                written.key_position,
                hint="say which schema is that of the accounts: 'x-identity'",
            )
        else:
            _check_owner_schema(place, storage, found)
        schema = home(place)
        other = first.setdefault(schema, written)
        if schema and other is not written:
            message = f"{quoted(schema)} has two owners, but a row belongs to one account"
            related = [(other.key_position, "the other one")]
            found.error("two-owners", message, written.key_position, related=related)
        unless = written.get("unless")
        if unless is not None and unless.text:
            check_scope(unless, declared_scopes(storage.contract), found)


def _check_owner_schema(place: Place, storage: Storage, found: Findings) -> None:
    written = place.node.get("x-references")
    if written is None:
        check_type(place, storage.identity, storage, found)
        return
    named = written if written.text else written.get("schema")
    if named is not None and named.text and named.text != storage.identity:
        message = (
            f"an owner is an account, of {quoted(storage.identity)}, and not of "
            f"{quoted(named.text)}"
        )
        found.error("owner-reference", message, named.position)


def check_hashed(storage: Storage, found: Findings) -> None:
    """Only text can be hashed as passwords are."""
    for place, written in properties(storage.contract, "x-hashed"):
        view = storage.views.of(place.node)
        if view.kinds and view.kinds != ("string",):
            given = listed(type_in_words(kind) for kind in view.kinds)
            message = f"only text can be hashed, but {quoted(place.keys[-1])} is {given}"
            found.error("hashed-type", message, written.key_position)


def check_timestamps(storage: Storage, found: Findings) -> None:
    """The service sets properties to times only where they hold times."""
    for place, written in properties(storage.contract, "x-timestamp"):
        view = storage.views.of(place.node)
        if view.kinds != ("string",) or view.format != "date-time":
            message = f"{quoted(place.keys[-1])} holds no time"
            hint = "it needs 'type: string' and 'format: date-time'"
            found.error("timestamp-type", message, written.key_position, hint=hint)

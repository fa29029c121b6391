"""What `x-action` and `x-rows` say: whether an operation can do it."""

from __future__ import annotations

from apiwright import names
from apiwright.check.contract import Operation
from apiwright.check.findings import Findings
from apiwright.check.references import refers_to_stored
from apiwright.check.storage import Storage, answer_schema, body_schema, success
from apiwright.check.tables import soft_delete
from apiwright.check.words import listed, quoted
from apiwright.load import Node
from apiwright.load.wording import shown
from apiwright.understand.actions import LOGINS, PRESENT_PASSWORDS, RESET_TOKENS

_ON_ROWS = frozenset({"read", "replace", "update", "delete", "restore"})
_WITH_BODY = frozenset({"create", "replace", "update"})
_SIGN_IN = frozenset({"token", "refresh", "logout", "password", "request-reset", "reset"})


def check_actions(storage: Storage, found: Findings) -> None:
    """Check every operation that says what it does."""
    for operation in storage.contract.operations:
        said = operation.node.get("x-action")
        if said is None:
            continue
        kind = said.text or said.string("kind")
        schema = said.get("schema")
        if schema is not None and schema.text and kind not in _SIGN_IN:
            _check_schema(schema, kind, storage, found)
        if kind == "list":
            _check_list(operation, said, storage, found)
        if kind in _WITH_BODY:
            _check_body(operation, kind, said, storage, found)
        if kind == "read":
            _check_answer(operation, said, storage, found)
        if kind in _ON_ROWS:
            _check_row(operation, kind, said, storage, found)
        elif kind and kind != "custom":
            _check_no_key(kind, said, found)
        if kind == "restore":
            _check_restorable(operation, said, storage, found)
        if kind in _SIGN_IN:
            _check_sign_in(operation, kind, said, storage, found)


def _where(said: Node) -> Node:
    return said.get("kind") or said


def _check_schema(schema: Node, kind: str, storage: Storage, found: Findings) -> None:
    """The schema of an action is one that is stored; its key may be one that nobody sees."""
    stored = storage.stored.get(schema.text)
    if stored is not None and (not stored.key and kind in {"list", "create", ""}):
        return
    refers_to_stored(schema, storage, found)


def listed_items(node: Node | None, storage: Storage) -> Node | None:
    """The schema of the objects that an answer lists, bare or in a page."""
    views = storage.views
    items = views.items(node)
    if items is not None:
        return items if views.of(items).is_object else None
    for prop in views.of(node).properties.values():
        inner = views.items(prop)
        if inner is not None and views.of(inner).is_object:
            return inner
    return None


def _check_list(operation: Operation, said: Node, storage: Storage, found: Findings) -> None:
    answer = answer_schema(storage.contract, operation)
    if listed_items(answer, storage) is None:
        response = success(storage.contract, operation)
        related = [(response.key_position, "the answer")] if response is not None else []
        found.error(
            "impossible-action",
            f"{shown(operation.label)} cannot list anything: its answer holds no list of objects",
            _where(said).position,
            hint="answer with an array of objects, or with an object that has one",
            related=related,
        )


def _check_body(
    operation: Operation, kind: str, said: Node, storage: Storage, found: Findings
) -> None:
    body = body_schema(storage.contract, operation)
    if body is None:
        message = f"{shown(operation.label)} cannot {kind} anything: it takes no JSON and no form"
        hint = "give it a requestBody with a schema"
        found.error("impossible-action", message, _where(said).position, hint=hint)
    elif not storage.views.of(body).is_object and "$ref" not in body.mapping:
        message = f"{shown(operation.label)} cannot {kind} anything: its body has no properties"
        found.error("impossible-action", message, _where(said).position)


def _check_answer(operation: Operation, said: Node, storage: Storage, found: Findings) -> None:
    if answer_schema(storage.contract, operation) is None:
        message = f"{shown(operation.label)} cannot show anything: its answer has no JSON"
        hint = "give it a 200 response with a schema"
        found.error("impossible-action", message, _where(said).position, hint=hint)


def _check_row(
    operation: Operation, kind: str, said: Node, storage: Storage, found: Findings
) -> None:
    """Work on one row needs to know which: the one that the path names, or the caller's own."""
    key = said.get("key")
    whose = key.text if key is not None else ""
    where = (key or _where(said)).position
    shows = said.string("schema") or storage.views.target(
        answer_schema(storage.contract, operation)
    )
    if whose == "caller":
        _check_caller(shows, where_node=key or said, storage=storage, found=found)
    elif "{" not in operation.path and (whose or not (shows and shows == storage.identity)):
        message = f"{shown(operation.label)} cannot {kind} a row: its path names none"
        hint = "put a parameter into the path, or say 'key: caller'"
        found.error("impossible-action", message, where, hint=hint)


def _check_caller(shows: str, *, where_node: Node, storage: Storage, found: Findings) -> None:
    if not storage.identity:
        message = "'key: caller' means the caller's own account, but nobody can sign in"
        hint = "say which schema is that of the accounts: 'x-identity'"
        found.error("caller-without-accounts", message, where_node.position, hint=hint)
    elif shows and shows != storage.identity:
        message = (
            f"'key: caller' means the caller's own account, of {quoted(storage.identity)}, and "
            f"not of {quoted(shows)}"
        )
        hint = "for the rows that belong to the caller there are 'x-owner' and 'x-rows'"
        found.error("impossible-action", message, where_node.position, hint=hint)


def _check_no_key(kind: str, said: Node, found: Findings) -> None:
    key = said.get("key")
    if key is not None:
        message = f"'key' says which row, but '{shown(kind)}' is not about one row"
        found.error("impossible-action", message, key.key_position)


def _check_restorable(operation: Operation, said: Node, storage: Storage, found: Findings) -> None:
    name = said.string("schema") or storage.views.target(answer_schema(storage.contract, operation))
    stored = storage.stored.get(name)
    if stored is not None and not soft_delete(stored.table):
        found.error(
            "impossible-action",
            f"nothing of {quoted(name)} can be restored: deleted rows are gone",
            _where(said).position,
            hint="keep them with 'x-table: {soft-delete: true}'",
            related=[(stored.node.key_position, "the schema")],
        )


def _check_sign_in(
    operation: Operation, kind: str, said: Node, storage: Storage, found: Findings
) -> None:
    if not storage.identity:
        message = f"'{kind}' is about accounts, but nobody can sign in"
        hint = "say which schema is that of the accounts: 'x-identity'"
        found.error("action-without-accounts", message, _where(said).position, hint=hint)
    fields = storage.views.of(body_schema(storage.contract, operation)).properties
    known = {names.snake(name) for name in fields}
    missing = []
    if kind == "token":
        missing += ["username"] if not known & set(LOGINS) else []
        missing += ["password"] if "password" not in known else []
    elif kind == "refresh" and "refresh_token" not in known:
        missing.append("refresh_token")
    elif kind == "password":
        missing += ["current_password"] if not known & set(PRESENT_PASSWORDS) else []
        missing += ["new_password"] if "new_password" not in known else []
    elif kind == "request-reset":
        missing += ["email"] if not known & set(LOGINS) else []
    elif kind == "reset":
        missing += ["token"] if not known & set(RESET_TOKENS) else []
        missing += ["new_password"] if not known & {"new_password", "password"} else []
    if missing:
        lacking = listed((f"'{name}'" for name in missing), "and")
        message = f"{shown(operation.label)} cannot be '{kind}': its body has no {lacking}"
        found.error("impossible-action", message, _where(said).position)


def check_rows(storage: Storage, found: Findings) -> None:
    """Whose rows an operation works on only matters where rows have an owner."""
    owned = any("x-owner" in place.node.mapping for place in storage.contract.of("schema"))
    for operation in storage.contract.operations:
        said = operation.node.get("x-rows")
        if said is not None and not owned:
            message = "'x-rows' has no effect: no rows have an owner"
            hint = "mark the property that holds the owner with 'x-owner: true'"
            found.warning("idle-extension", message, said.key_position, hint=hint)

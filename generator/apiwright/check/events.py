"""Events, webhooks and the audit trail: `x-events`, `x-event` and `x-audit`."""

from __future__ import annotations

from collections.abc import Iterator

from apiwright import names
from apiwright.check.contract import Contract
from apiwright.check.findings import Findings
from apiwright.check.storage import Storage, is_off
from apiwright.check.tables import soft_delete
from apiwright.check.words import quoted
from apiwright.ir.media import is_json
from apiwright.load import Node, Place
from apiwright.load.wording import shown
from apiwright.understand.events import AUDIT, EVENT, EVENTS, PARTS, event_names

_OCCASIONS = ("created", "updated", "deleted", "restored")


def check_webhook_words(contract: Contract, found: Findings) -> None:
    """Events feed webhooks, and no other operations; what nothing feeds is only documented."""
    hooks = {id(place.node) for place in _webhooks(contract)}
    for place in contract.of("operation"):
        written = place.node.get(EVENT)
        if written is not None and id(place.node) not in hooks:
            message = f"'{EVENT}' belongs on the operation of a webhook"
            found.error("misplaced-extension", message, written.key_position)
    for place in _webhooks(contract):
        if place.node.get(EVENT) is None:
            message = f"nothing feeds the webhook {quoted(place.path[1])}: it is only documented"
            hint = f"say which event it tells of: {EVENT}"
            found.note("not-acted-upon", message, place.node.key_position, hint=hint)
        elif place.keys != ("post",):
            message = f"webhooks are sent with POST, not {shown(place.keys[-1].upper())}"
            found.error("webhook-method", message, place.node.key_position)


def _webhooks(contract: Contract) -> Iterator[Place]:
    """The operations of webhooks."""
    for place in contract.of("operation"):
        if place.path[:1] == ("webhooks",) and len(place.path) == 3:
            yield place


def check_events(storage: Storage, found: Findings) -> None:
    """Events tell of what is stored, can be shown, and have names that no two share."""
    seen: dict[str, Node] = {}
    for name, node in storage.contract.section("schemas").items():
        written = node.get(EVENTS)
        if written is None or is_off(written):
            continue
        if _stored(name, EVENTS, written, storage, found):
            _check_computed(name, written, storage, found)
            _check_restored(name, written, storage, found)
        for event, place in _named(name, written, storage):
            first = seen.setdefault(event, place)
            if first is not place:
                message = f"the event {quoted(event)} is that of another occasion already"
                related = [(first.key_position, "the other one")]
                found.error("duplicate-event", message, place.position, related=related)


def _stored(name: str, word: str, written: Node, storage: Storage, found: Findings) -> bool:
    if name in storage.stored:
        return True
    message = f"'{word}' tells of rows, but {quoted(name)} is not stored"
    hint = "put 'x-table: true' beside it"
    found.error("not-stored", message, written.key_position, hint=hint)
    return False


def _check_computed(name: str, written: Node, storage: Storage, found: Findings) -> None:
    view = storage.views.of(storage.contract.section("schemas")[name])
    for prop, node in view.properties.items():
        if prop in view.required and is_off(node.get("x-column")):
            message = f"events of {quoted(name)} can't show {quoted(prop)}: an override computes it"
            hint = "leave it out of 'required', or store it"
            related = [(node.key_position, "the property")]
            found.error(
                "event-of-computed", message, written.key_position, hint=hint, related=related
            )


def _check_restored(name: str, written: Node, storage: Storage, found: Findings) -> None:
    restored = written.get("restored")
    if restored is not None and restored.text and not soft_delete(storage.stored[name].table):
        message = f"nothing of {quoted(name)} can be restored: deleted rows are gone"
        hint = "keep them: x-table: {soft-delete: true}"
        found.error("never-restored", message, restored.key_position, hint=hint)


def _named(name: str, written: Node, storage: Storage) -> Iterator[tuple[str, Node]]:
    """The events of a schema, each with where it is said."""
    if written.value is True:
        stored = storage.stored.get(name)
        kept = stored is not None and soft_delete(stored.table)
        for occasion in _OCCASIONS if kept else _OCCASIONS[:-1]:
            yield f"{names.snake(name).rstrip('_')}.{occasion}", written
        return
    for occasion in _OCCASIONS:
        node = written.get(occasion)
        if node is not None and node.text:
            yield node.text, node
    for node in written.list_of("published"):
        if node.text:
            yield node.text, node


def check_webhooks(storage: Storage, found: Findings) -> None:
    """A webhook is fed by events of one schema, which its body shows."""
    schemas = {
        event: name
        for name, node in storage.contract.section("schemas").items()
        if (written := node.get(EVENTS)) is not None
        for event, _ in _named(name, written, storage)
    }
    for place in _webhooks(storage.contract):
        written = place.node.get(EVENT)
        told: dict[str, Node] = {}
        for node in ([written] if written.text else written.items) if written is not None else ():
            if node.text in schemas:
                told.setdefault(schemas[node.text], node)
            elif node.text:
                message = f"there is no event {quoted(node.text)}"
                hint = found.meant(node.text, schemas) or "events are said in the schemas: x-events"
                found.error("unknown-event", message, node.position, hint=hint)
        for second in list(told.values())[1:]:
            message = "the events of one webhook are those of one schema, which its body shows"
            found.error("webhook-of-two", message, second.position)
        if len(told) == 1 and event_names(written):
            _check_body(place, next(iter(told)), storage, found)


def _check_body(place: Place, schema: str, storage: Storage, found: Findings) -> None:
    written = place.node.get("requestBody")
    content = storage.contract.resolve(written).entries("content") if written is not None else {}
    body = next((node.get("schema") for kind, node in content.items() if is_json(kind)), None)
    views = storage.views
    if body is not None and views.target(body) == schema:
        return
    view = views.of(body)
    shows = [name for name, node in view.properties.items() if views.target(node) == schema]
    where = (body or written or place.node).key_position
    if not shows:
        message = f"the body of this webhook doesn't show a {quoted(schema)}"
        hint = "let its schema be that one, or an object with it as a property"
        found.error("webhook-body", message, where, hint=hint)
        return
    for name in view.required - {*shows}:
        if names.snake(name) not in PARTS:
            message = f"an event has nothing that {quoted(name)} could hold"
            hint = f"what it has is called {', '.join(sorted(PARTS))}"
            position = view.properties[name].key_position if name in view.properties else where
            found.error("webhook-body", message, position, hint=hint)


def check_audit(storage: Storage, found: Findings) -> None:
    """The trail is one of rows."""
    for name, node in storage.contract.section("schemas").items():
        written = node.get(AUDIT)
        if written is not None and not is_off(written):
            _stored(name, AUDIT, written, storage, found)

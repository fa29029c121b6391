"""Events, webhooks and the audit trail: what the contract tells of the rows that it stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from apiwright import names
from apiwright.ir.media import is_json
from apiwright.ir.policies.events import Occasion, ResourceEvents, Webhook, WebhookPart
from apiwright.ir.schemas import NamedSchema, Schema
from apiwright.ir.shapes import properties, target
from apiwright.ir.storage import Entity
from apiwright.load import Document, Node
from apiwright.understand.schemas import SchemaReader
from apiwright.understand.views import ViewReader

EVENTS, EVENT, AUDIT = "x-events", "x-event", "x-audit"
PARTS = {
    "id": WebhookPart.ID,
    "event_id": WebhookPart.ID,
    "type": WebhookPart.TYPE,
    "event": WebhookPart.TYPE,
    "event_type": WebhookPart.TYPE,
    "timestamp": WebhookPart.TIME,
    "time": WebhookPart.TIME,
    "occurred_at": WebhookPart.TIME,
}
"""What the properties of a webhook's body tell, by their names in snake case."""

_EVENT_TABLES = ("outbox_events", "event_deliveries", "dead_letters")
_AUDIT_TABLES = ("audit_entries",)
RECORDING_TABLES = {
    "outbox_events": ("ix_outbox_events_unstreamed", "ix_outbox_events_unrouted"),
    "event_deliveries": ("ix_event_deliveries_position",),
    "dead_letters": ("ix_dead_letters_position",),
    "audit_entries": ("ix_audit_entries_resource_key_id",),
    "password_resets": ("ix_password_resets_account_id", "ix_password_resets_expires_at"),
}
"""Tables of events, of the audit trail and of resets, with the names of their indexes."""


def recording_tables(document: Document, named: Mapping[str, NamedSchema]) -> tuple[str, ...]:
    """The tables that a contract with events, or with an audit trail, has beside its own."""
    words = [known.schema.extensions for known in named.values() if known.component]
    said = {word for extensions in words for word, node in extensions.items() if node.value}
    events = _EVENT_TABLES if EVENTS in said else ()
    audited = AUDIT in said or document.root.flag(AUDIT)
    return (*events, *(_AUDIT_TABLES if audited else ()))


def read_events(
    named: Mapping[str, NamedSchema], entities: Mapping[str, Entity]
) -> tuple[ResourceEvents, ...]:
    """The events of every entity that has any, in the order of the contract."""
    reader = ViewReader(named, entities)
    found = []
    for name, entity in entities.items():
        written = named[name].schema.extensions.get(EVENTS)
        if written is None or written.value is False:
            continue
        aggregate = names.snake(name).rstrip("_")
        found.append(
            ResourceEvents(
                entity=name,
                aggregate=aggregate,
                view=reader.view(name, entity),
                occasions=tuple(_occasions(written, aggregate, entity)),
                published=tuple(item.text for item in written.list_of("published")),
            )
        )
    return tuple(found)


def _occasions(written: Node, aggregate: str, entity: Entity) -> Iterator[tuple[Occasion, str]]:
    """The events that are told by themselves: those that are named, or all that can happen."""
    for occasion in Occasion:
        if written.value is not True:
            said = written.string(occasion.value)
            if said:
                yield occasion, said
        elif occasion is not Occasion.RESTORED or entity.soft_delete:
            yield occasion, f"{aggregate}.{occasion.value}"


def read_webhooks(
    document: Document, reader: SchemaReader, events: tuple[ResourceEvents, ...]
) -> tuple[Webhook, ...]:
    """The webhooks that events feed, in the order of the contract."""
    entities = {name: known.entity for known in events for name in known.names}
    found = []
    for name, written in document.root.entries("webhooks").items():
        for method, operation in document.resolve(written).mapping.items():
            feeding = event_names(operation.get(EVENT)) if method == "post" else ()
            if not feeding:
                continue
            schema = _body(document, reader, operation, name)
            entity = entities[feeding[0]]
            fields = () if target(schema) == entity else tuple(_fields(schema, entity, reader))
            found.append(Webhook(name, feeding, fields))
    return tuple(found)


def event_names(written: Node | None) -> tuple[str, ...]:
    """The events that `x-event` names: one, or a list of them."""
    if written is None:
        return ()
    return (written.text,) if written.text else tuple(item.text for item in written.items)


def _body(document: Document, reader: SchemaReader, operation: Node, name: str) -> Schema:
    body = document.resolve(operation.mapping["requestBody"])
    for media_type, content in body.entries("content").items():
        if is_json(media_type):
            where = f"#/webhooks/{names.snake(name)}/post/requestBody"
            schema = document.resolve(content).mapping["schema"]
            return reader.schema(schema, where, f"{names.pascal(name)}Webhook")
    raise KeyError(name)


def _fields(schema: Schema, entity: str, reader: SchemaReader) -> Iterator[tuple[str, WebhookPart]]:
    for name, prop in properties(schema, reader.named).items():
        part = WebhookPart.DATA if target(prop.schema) == entity else PARTS.get(names.snake(name))
        if part is not None:
            yield name, part


def read_audited(
    document: Document, named: Mapping[str, NamedSchema], entities: Mapping[str, Entity]
) -> tuple[str, ...]:
    """The entities whose writes are kept in the audit trail: those that say so, or all but some."""
    everything = document.root.flag(AUDIT)
    found = []
    for name in entities:
        written = named[name].schema.extensions.get(AUDIT)
        if everything if written is None else written.value is True:
            found.append(name)
    return tuple(found)

"""The tables of events and of the audit trail."""

from __future__ import annotations

from apiwright import names
from apiwright.plan.storage.tables import ForeignKey, Table, TableColumn, TableIndex

OUTBOX = "outbox_events"
DELIVERIES = "event_deliveries"
DEAD_LETTERS = "dead_letters"
AUDIT = "audit_entries"
_STAMP = "timestamp with time zone"


def event_tables(*, tenants: bool) -> tuple[Table, ...]:
    """The events themselves, what is still to be delivered of them, and what could not be.

    Where rows have `tenants`, an event knows that of its row.
    """
    tenant = (TableColumn("tenant", "text", nullable=True),) if tenants else ()
    outbox = Table(
        name=OUTBOX,
        columns=(
            TableColumn("position", "bigint", nullable=False, identity=True),
            TableColumn("id", "uuid", nullable=False, default="gen_random_uuid()"),
            TableColumn("type", "text", nullable=False),
            TableColumn("aggregate", "text", nullable=False),
            TableColumn("aggregate_key", "text", nullable=False),
            TableColumn("payload", "jsonb", nullable=False),
            TableColumn("request_id", "text", nullable=True),
            *tenant,
            TableColumn("occurred_at", _STAMP, nullable=False, default="now()"),
            TableColumn("streamed_at", _STAMP, nullable=True),
            TableColumn("routed_at", _STAMP, nullable=True),
        ),
        key=("position",),
        indexes=tuple(
            TableIndex(f"ix_{OUTBOX}_un{done}", ("position",), where=f"{done}_at IS NULL")
            for done in ("streamed", "routed")
        ),
    )
    deliveries = _of_an_event(
        DELIVERIES,
        TableColumn("attempts", "integer", nullable=False, default="0"),
        TableColumn("due_at", _STAMP, nullable=False, default="now()"),
        TableColumn("error", "text", nullable=True),
    )
    dead = _of_an_event(
        DEAD_LETTERS,
        TableColumn("attempts", "integer", nullable=False),
        TableColumn("error", "text", nullable=False),
        TableColumn("died_at", _STAMP, nullable=False, default="now()"),
    )
    return outbox, deliveries, dead


def _of_an_event(name: str, *columns: TableColumn) -> Table:
    """A table of what is to be told of events, by where it is told."""
    return Table(
        name=name,
        columns=(
            TableColumn("destination", "text", nullable=False),
            TableColumn("position", "bigint", nullable=False),
            *columns,
        ),
        key=("destination", "position"),
        foreign_keys=(
            ForeignKey(
                names.sql(f"fk_{name}_position_{OUTBOX}"), "position", OUTBOX, "position", "CASCADE"
            ),
        ),
        indexes=(TableIndex(f"ix_{name}_position", ("position",)),),
    )


def audit_table() -> Table:
    """Who changed what; rows are only ever added."""
    return Table(
        name=AUDIT,
        columns=(
            TableColumn("id", "bigint", nullable=False, identity=True),
            TableColumn("occurred_at", _STAMP, nullable=False, default="now()"),
            TableColumn("account", "text", nullable=True),
            TableColumn("operation", "text", nullable=True),
            TableColumn("request_id", "text", nullable=True),
            TableColumn("action", "text", nullable=False),
            TableColumn("resource", "text", nullable=False),
            TableColumn("key", "text", nullable=False),
            TableColumn("before", "jsonb", nullable=True),
            TableColumn("after", "jsonb", nullable=True),
        ),
        key=("id",),
        indexes=(TableIndex(f"ix_{AUDIT}_resource_key_id", ("resource", "key", "id")),),
        append_only=True,
    )

"""The table of the requests that were done under a key."""

from __future__ import annotations

from apiwright.ir.service import Service
from apiwright.plan.storage.tables import Table, TableColumn, TableIndex

KEYS = "idempotency_keys"


def idempotency_tables(service: Service) -> tuple[Table, ...]:
    """The table of keys and answers; none where no operation is idempotent."""
    if not service.idempotent:
        return ()
    stamp = "timestamp with time zone"
    return (
        Table(
            name=KEYS,
            columns=(
                TableColumn("id", "bytea", nullable=False),
                TableColumn("fingerprint", "bytea", nullable=False),
                TableColumn("status", "bigint", nullable=False),
                TableColumn("headers", "jsonb", nullable=False),
                TableColumn("body", "bytea", nullable=False),
                TableColumn("created_at", stamp, nullable=False, default="now()"),
                TableColumn("expires_at", stamp, nullable=False),
            ),
            key=("id",),
            indexes=(TableIndex(f"ix_{KEYS}_expires_at", ("expires_at",)),),
        ),
    )

"""The table `items`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Item(Base):
    """A thing on offer."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint("char_length(title) >= 1", name="ck_items_title_min_length"),
        CheckConstraint("char_length(title) <= 200", name="ck_items_title_max_length"),
        CheckConstraint("char_length(description) <= 5000", name="ck_items_description_max_length"),
        CheckConstraint("quantity >= 0", name="ck_items_quantity_minimum"),
        CheckConstraint("quantity <= 1000000", name="ck_items_quantity_maximum"),
        CheckConstraint(
            "status IN ('draft', 'available', 'sold_out')", name="ck_items_status_values"
        ),
        Index(
            "ix_items_created_at_id",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_items_price_id", "price", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("ix_items_title_id", "title", "id", postgresql_where=text("deleted_at IS NULL")),
        Index(
            "ix_items_title_description_words",
            text("to_tsvector('simple', (title || ' ') || COALESCE(description, ''))"),
            postgresql_using="gin",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_items_owner_id_created_at_id",
            "owner_id",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_items_status_created_at_id",
            "status",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_items_tags",
            "tags",
            postgresql_using="gin",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_items_owner_id", "owner_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    title: Mapped[str]
    description: Mapped[str | None]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    quantity: Mapped[int] = mapped_column(Integer(), server_default=text("1"))
    status: Mapped[str] = mapped_column(server_default=text("'available'"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{}'"))
    owner_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", name="fk_items_owner_id_users", ondelete="CASCADE")
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"), onupdate=text("version + 1"))

    __mapper_args__ = {
        "version_id_col": version,
        "version_id_generator": False,
        "eager_defaults": True,
    }

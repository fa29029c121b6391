"""The table `users`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class User(Base):
    """An account."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("char_length(email) <= 254", name="ck_users_email_max_length"),
        CheckConstraint("char_length(full_name) >= 1", name="ck_users_full_name_min_length"),
        CheckConstraint("char_length(full_name) <= 200", name="ck_users_full_name_max_length"),
        CheckConstraint("roles <@ ARRAY['member', 'admin']", name="ck_users_roles_values"),
        CheckConstraint(
            "char_length(password_hash) <= 255", name="ck_users_password_hash_max_length"
        ),
        Index("uq_users_email", text("lower(email)"), unique=True),
        Index("ix_users_created_at_id", "created_at", "id"),
        Index("ix_users_email_id", "email", "id"),
        Index("ix_users_full_name_id", "full_name", "id"),
        Index(
            "ix_users_email_full_name_words",
            text("to_tsvector('simple', (email || ' ') || full_name)"),
            postgresql_using="gin",
        ),
        Index("ix_users_roles", "roles", postgresql_using="gin"),
        Index("ix_users_is_active_created_at_id", "is_active", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    email: Mapped[str]
    full_name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{member}'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    password_hash: Mapped[str]

"""create users, items, auth_sessions, refresh_tokens

Revision ID: 70d0cc80e553
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "70d0cc80e553"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column(
            "roles", sa.ARRAY(sa.Text()), server_default=sa.text("'{member}'"), nullable=False
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.CheckConstraint("char_length(email) <= 254", name="ck_users_email_max_length"),
        sa.CheckConstraint("char_length(full_name) >= 1", name="ck_users_full_name_min_length"),
        sa.CheckConstraint("char_length(full_name) <= 200", name="ck_users_full_name_max_length"),
        sa.CheckConstraint("roles <@ ARRAY['member', 'admin']", name="ck_users_roles_values"),
        sa.CheckConstraint(
            "char_length(password_hash) <= 255", name="ck_users_password_hash_max_length"
        ),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'available'"), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_items"),
        sa.CheckConstraint("char_length(title) >= 1", name="ck_items_title_min_length"),
        sa.CheckConstraint("char_length(title) <= 200", name="ck_items_title_max_length"),
        sa.CheckConstraint(
            "char_length(description) <= 5000", name="ck_items_description_max_length"
        ),
        sa.CheckConstraint("quantity >= 0", name="ck_items_quantity_minimum"),
        sa.CheckConstraint("quantity <= 1000000", name="ck_items_quantity_maximum"),
        sa.CheckConstraint(
            "status IN ('draft', 'available', 'sold_out')", name="ck_items_status_values"
        ),
    )
    op.create_table(
        "auth_sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_auth_sessions"),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
    )
    op.create_index("uq_users_email", "users", [sa.text("lower(email)")], unique=True)
    op.create_index("ix_users_created_at_id", "users", ["created_at", "id"])
    op.create_index("ix_users_email_id", "users", ["email", "id"])
    op.create_index("ix_users_full_name_id", "users", ["full_name", "id"])
    op.create_index(
        "ix_users_email_full_name_words",
        "users",
        [sa.text("to_tsvector('simple', (email || ' ') || full_name)")],
        postgresql_using="gin",
    )
    op.create_index("ix_users_roles", "users", ["roles"], postgresql_using="gin")
    op.create_index("ix_users_is_active_created_at_id", "users", ["is_active", "created_at", "id"])
    op.create_foreign_key(
        "fk_items_owner_id_users", "items", "users", ["owner_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index(
        "ix_items_created_at_id",
        "items",
        ["created_at", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_items_price_id",
        "items",
        ["price", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_items_title_id",
        "items",
        ["title", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_items_title_description_words",
        "items",
        [sa.text("to_tsvector('simple', (title || ' ') || COALESCE(description, ''))")],
        postgresql_using="gin",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_items_owner_id_created_at_id",
        "items",
        ["owner_id", "created_at", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_items_status_created_at_id",
        "items",
        ["status", "created_at", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_items_tags",
        "items",
        ["tags"],
        postgresql_using="gin",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_items_owner_id", "items", ["owner_id"])
    op.create_foreign_key(
        "fk_auth_sessions_account_id_users",
        "auth_sessions",
        "users",
        ["account_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index("ix_auth_sessions_account_id", "auth_sessions", ["account_id"])
    op.create_foreign_key(
        "fk_refresh_tokens_session_id_auth_sessions",
        "refresh_tokens",
        "auth_sessions",
        ["session_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_index("ix_refresh_tokens_session_id", table_name="refresh_tokens")
    op.drop_constraint(
        "fk_refresh_tokens_session_id_auth_sessions", "refresh_tokens", type_="foreignkey"
    )
    op.drop_index("ix_auth_sessions_account_id", table_name="auth_sessions")
    op.drop_constraint("fk_auth_sessions_account_id_users", "auth_sessions", type_="foreignkey")
    op.drop_index("ix_items_owner_id", table_name="items")
    op.drop_index("ix_items_tags", table_name="items")
    op.drop_index("ix_items_status_created_at_id", table_name="items")
    op.drop_index("ix_items_owner_id_created_at_id", table_name="items")
    op.drop_index("ix_items_title_description_words", table_name="items")
    op.drop_index("ix_items_title_id", table_name="items")
    op.drop_index("ix_items_price_id", table_name="items")
    op.drop_index("ix_items_created_at_id", table_name="items")
    op.drop_constraint("fk_items_owner_id_users", "items", type_="foreignkey")
    op.drop_index("ix_users_is_active_created_at_id", table_name="users")
    op.drop_index("ix_users_roles", table_name="users")
    op.drop_index("ix_users_email_full_name_words", table_name="users")
    op.drop_index("ix_users_full_name_id", table_name="users")
    op.drop_index("ix_users_email_id", table_name="users")
    op.drop_index("ix_users_created_at_id", table_name="users")
    op.drop_index("uq_users_email", table_name="users")
    op.drop_table("refresh_tokens")
    op.drop_table("auth_sessions")
    op.drop_table("items")
    op.drop_table("users")

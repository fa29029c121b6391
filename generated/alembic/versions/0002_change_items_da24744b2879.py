"""change items

Revision ID: da24744b2879
Revises: 70d0cc80e553
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "da24744b2879"
down_revision = "70d0cc80e553"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column(
        "items", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_column("items", "version")

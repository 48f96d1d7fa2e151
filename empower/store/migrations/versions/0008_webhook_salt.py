"""Webhooks: the salt of what the books commit to of the address."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("webhook", sa.Column("salt", sa.LargeBinary(), nullable=True))

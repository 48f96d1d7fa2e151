"""Approvals: who said yes, what proves them, and who stands in for whom."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, and a way to find what waits."""
    op.create_table(
        "approval",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("comp", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("approver <> requester AND authority <> requester", name="not_the_requester"),
        sa.UniqueConstraint("location", "comp", "authority", name="no_authority_twice"),
        sa.PrimaryKeyConstraint("location", "comp", "approver"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pin",
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("set_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("employee"),
    )
    op.create_table(
        "pin_try",
        sa.Column("employee", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Text(), nullable=True),
        sa.Column("last_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("employee"),
    )
    op.create_table(
        "delegation",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("delegator", sa.Text(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.CheckConstraint("delegate <> delegator", name="not_to_oneself"),
        sa.PrimaryKeyConstraint("location", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "comp_pending",
        "comp",
        ["location", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )

"""Checkpoints, and the keys that they are verified with: both only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, and refuse to change or delete a row of them."""
    op.create_table(
        "checkpoint",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("location", "size"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "verifier",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    for table in ("checkpoint", "verifier"):
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'what was signed is append-only'); END"
            )

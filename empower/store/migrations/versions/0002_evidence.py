"""Checkpoints, and the keys that they are verified with: both only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = "what was signed is append-only"


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
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(
            "CREATE FUNCTION signed_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{APPEND_ONLY}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for table in ("checkpoint", "verifier"):
        for what in ("UPDATE", "DELETE", "TRUNCATE"):
            name = f"{table}_no_{what.lower()}"
            if is_postgresql:
                each = "STATEMENT" if what == "TRUNCATE" else "ROW"
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH {each} "
                    f"EXECUTE FUNCTION signed_append_only('{APPEND_ONLY}')"
                )
                op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
            elif what != "TRUNCATE":
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END"
                )

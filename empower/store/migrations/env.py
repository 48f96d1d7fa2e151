"""Alembic's environment: runs inside the connection, and the transaction, that it is given."""

from alembic import context
from sqlmodel import SQLModel

from empower.store import tables  # noqa: F401  fills the metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, transactional_ddl=False)
context.run_migrations()

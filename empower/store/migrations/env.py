"""Alembic's environment: runs inside the connection, and the transaction, that it is given."""

from alembic import context

from empower.store import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables.SQLModel.metadata, transactional_ddl=False)
context.run_migrations()

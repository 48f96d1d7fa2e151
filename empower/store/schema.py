"""The schema's versions: made and moved by Alembic, checked at every opening."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from empower.core.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema to this version; raises `StoreError` for one of a newer version."""
    _refuse_newer(engine)
    config = _config()
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        if engine.dialect.name == "sqlite" and connection.connection.dbapi_connection is not None:
            connection.connection.dbapi_connection.commit()


def check_schema(engine: Engine) -> None:
    """Raise `StoreError` unless the schema is of just this version."""
    found = _refuse_newer(engine)
    if found is None:
        raise StoreError("the store is not set up: run `empower init`", code="store_missing")
    if found != _scripts().get_current_head():
        raise StoreError(
            f"the store is of schema {found}, older than this program: run `empower init` to bring it up",
            code="schema_older",
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _refuse_newer(engine: Engine) -> str | None:
    with engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    if len(heads) > 1:
        named = ", ".join(sorted(heads))
        raise StoreError(f"the store says that it is of several schemas ({named})", code="store_damaged")
    found = heads[0] if heads else None
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the store is of schema {found}, newer than this program: use the newer program",
            code="schema_newer",
        )
    return found

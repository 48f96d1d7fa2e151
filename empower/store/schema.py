"""The schema's versions: made and moved by Alembic, checked at every opening."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from empower.core.errors import StoreError
from empower.store.distribution import is_distributed, spread, workers_say

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
        is_shared = engine.dialect.name == "postgresql"
        connection.exec_driver_sql("BEGIN" if is_shared else "BEGIN IMMEDIATE")
        if is_shared:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if is_shared:
            _by_bytes(connection)
            if is_distributed(connection):
                spread(connection)
        connection.exec_driver_sql("COMMIT")


MIGRATING = 7370113100000001
"""The lock of who migrates: of two who do at once, one comes after the other."""


def _by_bytes(connection: Connection) -> None:
    """Text sorts and compares by its bytes, as on SQLite, whatever the database's own collation is."""
    found = connection.exec_driver_sql(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t "
        "USING (table_schema, table_name) WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' "
        "AND c.data_type IN ('text', 'character varying') AND c.collation_name IS DISTINCT FROM 'C'"
    )
    columns: dict[str, list[str]] = {}
    for table, column in found.all():
        columns.setdefault(table, []).append(column)
    for table, names in sorted(columns.items()):
        changes = ", ".join(f'ALTER COLUMN "{name}" TYPE TEXT COLLATE "C"' for name in names)
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {changes}')


def check_server(engine: Engine) -> None:
    """Raise `StoreError` for a PostgreSQL server that would lose what it acknowledged, or not keep every name."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        asked = "SELECT current_setting('synchronous_commit'), current_setting('server_encoding')"
        durable, encoding = connection.exec_driver_sql(asked).one()
        others = workers_say(connection, "synchronous_commit") if is_distributed(connection) else []
    if "off" in (durable, *others):
        raise StoreError(
            "the server acknowledges what it has not written down: set `synchronous_commit` to `on`",
            code="store_not_durable",
        )
    if encoding != "UTF8":
        raise StoreError(f"the database is of encoding `{encoding}`: make one of `UTF8`", code="store_encoding")


def is_set_up(engine: Engine) -> bool:
    """Whether a schema was made there, of whatever version."""
    with engine.connect() as connection:
        return bool(MigrationContext.configure(connection).get_current_heads())


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

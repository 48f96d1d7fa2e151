"""A store whose rows are spread over several servers by Citus, an extension of PostgreSQL.

All rows of a location lie together on one worker, so one decision touches one worker; a counter across locations lies
where its place (`@` and a policy's id) comes to. A guest lies where the keyed hash of the reference comes to, and a
policy's text where its digest does: each book that takes it up adds it again, and what is on every node is written by
one after another. All else that belongs to no location is small and seldom written: it is on every node.

The triggers that keep a book append-only stand on every shard as well, and move with it. Citus calls triggers unsafe
since one that reads or writes other rows may find them elsewhere; these raise, and read nothing.
"""

from sqlalchemy import Connection, Table
from sqlmodel import SQLModel

from empower.core.errors import StoreError
from empower.store.connecting import connected, store_url
from empower.store.grants import SCHEMA_VERSION, tables
from empower.store.queries import GUEST, LOCATION, POLICY
from empower.store.troubles import translated

_ITSELF = {LOCATION: "id", GUEST: "mac", POLICY: "digest"}
"""Tables that lie by another column than the location."""
PATIENCE_SECONDS = 10
ONCE = 7370113100000003
"""The lock of who distributes."""
_WRITING = 7370113100000004
"""The lock that all writers share, and that whoever wants one moment of all servers has alone as long as it begins."""
STILL = f"SELECT pg_advisory_xact_lock({_WRITING})"
LOOK_EVERYWHERE = "SELECT count(*) FROM location"
"""After which the transaction has its snapshot on every server."""
READING = "; SET LOCAL citus.max_adaptive_executor_pool_size = 1"
"""One connection to each server, so one snapshot of it: two that read side by side would have one each."""


WRITING = f"; SELECT pg_advisory_xact_lock_shared({_WRITING}); SET LOCAL citus.propagate_set_commands = 'local'"


def patience(busy_seconds: float) -> str:
    """After `WRITING`, and alone, for Citus passes on the whole text: locks are waited for as long on other servers."""
    return f"SET LOCAL lock_timeout = {int(busy_seconds * 1000)}"


def has_citus(connection: Connection) -> bool:
    """Whether the extension is there."""
    found = connection.exec_driver_sql("SELECT count(*) FROM pg_extension WHERE extname = 'citus'")
    return bool(found.scalar())


def is_distributed(connection: Connection) -> bool:
    """Whether the books of a PostgreSQL store are spread over several servers."""
    asked = "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = to_regclass('entry') AND partmethod = 'h'"
    return has_citus(connection) and bool(connection.exec_driver_sql(asked).scalar())


def workers_say(connection: Connection, setting: str) -> list[str]:
    """What each worker that can be reached has a setting at."""
    asked = f"SELECT result FROM run_command_on_workers('SHOW {setting}') WHERE success"  # noqa: S608  no input
    return [value for (value,) in connection.exec_driver_sql(asked).all()]


def distribute(store: str) -> None:
    """Spread the tables of a store that is set up over the workers; a table that is spread already stays as it is.

    Every row that is there is moved, and nobody writes meanwhile. Raises `StoreError` where there is no Citus, or no
    worker.
    """
    url = store_url(store)
    with translated():
        engine = connected(url, PATIENCE_SECONDS)
        try:
            with engine.connect() as connection:
                _refuse_undistributable(connection)
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONCE})")
                spread(connection)
                connection.exec_driver_sql("COMMIT")
        finally:
            engine.dispose()


def _refuse_undistributable(connection: Connection) -> None:
    if connection.dialect.name != "postgresql" or not has_citus(connection):
        raise StoreError(
            "this database has no Citus: run `CREATE EXTENSION citus` in it, there and on each worker, first",
            code="store_not_distributable",
        )
    workers = "SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards"
    if not connection.exec_driver_sql(workers).scalar():
        raise StoreError(
            "Citus knows no worker yet: run `SELECT citus_add_node(…)` for each, first", code="store_not_distributable"
        )


def spread(connection: Connection) -> None:
    """Within a transaction: every table that is not spread yet, first those of which every node has all."""
    done = {name for (name,) in connection.exec_driver_sql("SELECT logicalrelid::text FROM pg_dist_partition").all()}
    connection.exec_driver_sql("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
    connection.exec_driver_sql("SET LOCAL citus.enable_unsafe_triggers = on")
    columns = {name: column_of(SQLModel.metadata.tables[name]) for name in tables()} | {SCHEMA_VERSION: None}
    for name in sorted(columns, key=lambda one: (columns[one] is not None, one != LOCATION.name, one)):
        if name not in done:
            _spread_one(connection, name, columns[name])


def _spread_one(connection: Connection, name: str, column: str | None) -> None:
    if column is None:
        connection.exec_driver_sql(f"SELECT create_reference_table('{name}')")
        return
    if name == GUEST.name:
        # A pseudonym is made of random bits, and nobody could look for it on all shards at each insert.
        connection.exec_driver_sql("ALTER TABLE guest DROP CONSTRAINT guest_pseudonym_key")
        connection.exec_driver_sql("CREATE INDEX guest_pseudonym_key ON guest (pseudonym)")
    beside = LOCATION.name if column == "location" else "none"
    connection.exec_driver_sql(f"SELECT create_distributed_table('{name}', '{column}', colocate_with => '{beside}')")


def column_of(table: Table) -> str | None:
    """The column whose hash says on which worker a row lies; None for a table of which every node has all."""
    found = _ITSELF.get(table)
    return found or ("location" if "location" in table.primary_key.columns else None)

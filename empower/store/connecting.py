"""Where a store is, and how it is connected to: SQLite's settings, and PostgreSQL's.

On SQLite the file is in WAL mode with `synchronous=FULL`: an acknowledged commit survives a power loss. On PostgreSQL
that is the server's `synchronous_commit`, which is looked at when a store is opened.
"""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool, StaticPool

from empower.core.errors import StoreError

READERS = 16
"""Connections that are kept open for reading."""
PREPARE = "EMPOWER_PREPARE_THRESHOLD"
"""Runs after which a statement is prepared on the server, or `none`, for a pooler that knows no prepared statements."""
USUAL = {
    "application_name": "empower",
    "connect_timeout": "5",
    # A server that vanished without a word is noticed in seconds, not in the quarter of an hour that TCP takes.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""What a connection to PostgreSQL has unless the URL says otherwise."""
_HOSTS = re.compile(r"^(?P<before>[a-z0-9+]+://(?:[^@/]*@)?)(?P<hosts>[^/?]*,[^/?]*)(?P<after>.*)$")


def store_url(store: str) -> URL:
    """A store's URL; raises `StoreError` for what is none, or of a database that is not supported."""
    try:
        url = make_url(_spread(store))
    except (ArgumentError, ValueError):
        raise StoreError(f"`{store}` is no store URL: write one such as `sqlite:///empower.db`") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        name = url.get_backend_name()
        raise StoreError(f"`{name}` is not supported: use a `sqlite:///` or a `postgresql+psycopg://` URL")
    if url.get_backend_name() == "postgresql" and url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise StoreError(f"`{url.drivername}` is not supported: write `postgresql+psycopg://…`, or `sqlite:///…`")
    return url.set(drivername="postgresql+psycopg") if is_postgresql(url) else url


def _spread(store: str) -> str:
    """Several hosts as libpq writes them (`a:5432,b:5432`), as SQLAlchemy reads them (`?host=a:5432&host=b:5432`)."""
    found = _HOSTS.match(store)
    if found is None:
        return store
    path, mark, query = found["after"].partition("?")
    hosts = "&".join(f"host={host}" for host in found["hosts"].split(","))
    return f"{found['before']}{path or '/'}?{hosts}{'&' if mark and query else ''}{query}"


def is_postgresql(url: URL) -> bool:
    """Whether a store is on PostgreSQL."""
    return url.get_backend_name() == "postgresql"


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite store; None for one in memory, or on a server."""
    if is_postgresql(url) or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def is_in_memory(url: URL) -> bool:
    """Whether a store ends with its process."""
    return not is_postgresql(url) and sqlite_path(url) is None


def connected(url: URL, busy_seconds: float) -> Engine:
    """What gives connections to a store; a writer waits `busy_seconds` for another on SQLite."""
    try:
        return _postgresql(url) if is_postgresql(url) else _sqlite(url, busy_seconds)
    except (NoSuchModuleError, ArgumentError) as error:
        raise StoreError(f"`{url.drivername}` is no database driver here: {error}") from None


# SQLite


def _sqlite(url: URL, busy_seconds: float) -> Engine:
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": READERS}
    if is_in_memory(url):
        pool = {"poolclass": StaticPool}
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": busy_seconds}, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "secure_delete=ON",  # what is erased is overwritten, not merely let go
)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Durable, many readers beside one writer, and transactions begun by us alone."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


# PostgreSQL


def _postgresql(url: URL) -> Engine:
    """Transactions are begun by us alone, which the driver calls autocommit."""
    if find_spec("psycopg") is None:
        raise StoreError("PostgreSQL needs its driver: `pip install 'empower[postgres]'`", code="extra_missing")
    asked = url.query.get("prepare_threshold", os.environ.get(PREPARE, "5"))
    url = url.difference_update_query(["prepare_threshold"])
    several = len(url.query.get("host", ())) > 1 if isinstance(url.query.get("host"), tuple) else False
    usual: dict[str, Any] = {name: value for name, value in USUAL.items() if name not in url.query}
    if several and "target_session_attrs" not in url.query:
        usual["target_session_attrs"] = "read-write"
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=QueuePool,
        pool_size=READERS,
        connect_args=usual | {"prepare_threshold": _threshold(str(asked))},
    )
    event.listen(engine, "do_connect", _patiently)
    return engine


def _patiently(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
    from empower.store.patient import PatientConnection  # noqa: PLC0415  only where the driver is there

    return PatientConnection.connect(*arguments, **named)


def _threshold(text: str) -> int | None:
    if text.lower() == "none":
        return None
    if not text.isdecimal():
        raise StoreError(f"`{text}` is no `prepare_threshold`: write a number of runs, or `none`")
    return int(text)

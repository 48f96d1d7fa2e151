"""The store: one database, opened, checked and given out as transactions.

On SQLite the file is in WAL mode with `synchronous=FULL`: an acknowledged commit survives a power loss. A writer
takes the file's lock at once (`BEGIN IMMEDIATE`), so that two processes queue up instead of failing at the end.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool, StaticPool

from empower.core.errors import BusyError, EmpowerError, StoreError
from empower.store.queries import Queries
from empower.store.schema import check_schema, migrate
from empower.store.tally import Warm
from empower.store.unit import Unit
from empower.store.writer import Writer

T = TypeVar("T")

BUSY_SECONDS = 10
"""How long a writer waits for another process before it gives up."""


class Store:
    """One database. Safe for many threads; several processes may have one file open."""

    def __init__(self, url: URL, *, create: bool) -> None:
        """Use `Store.open`."""
        self.url = url
        self.engine = _engine(url)
        try:
            if create:
                migrate(self.engine)
            else:
                check_schema(self.engine)
            self.queries = Queries(self.engine.dialect)
            self._connection = self._connect()
        except BaseException:
            self.engine.dispose()
            raise
        self._warm = Warm()
        self._told: tuple[Callable[[], None], ...] = ()
        self.writer = Writer(self._transaction)
        # In memory there is one connection for all, so readers wait for writers there.
        self._alone: AbstractContextManager[Any] = nullcontext() if sqlite_path(url) else self.writer.lock

    @classmethod
    def open(cls, store: str, *, create: bool = False) -> "Store":
        """Open `store`, a database URL; `create` makes or migrates it first.

        Raises `StoreError` for one that is not set up, not readable or of a newer schema.
        """
        url = store_url(store)
        path = sqlite_path(url)
        if path is not None and not create and not path.exists():
            raise StoreError(f"there is no store at `{path}`: run `empower init`", code="store_missing")
        with translated():
            return cls(url, create=create)

    @staticmethod
    def exists(store: str) -> bool:
        """Whether there is a file under a store's URL; a store in memory is always new."""
        path = sqlite_path(store_url(store))
        return path is not None and path.exists()

    def close(self) -> None:
        """Give all connections back."""
        self._connection.close()
        self.engine.dispose()

    def write(self, job: Callable[[Unit], T], *, alone: bool = False) -> T:
        """Run `job` in a write transaction, which it may share with others that wait; returns after the commit.

        What the job raises undoes what the job did, and nothing else. Raises `BusyError` where the store cannot
        take it now.
        """
        with translated():
            return self.writer.run(job, alone=alone)

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A unit over one consistent state of the database, whose changes are never written."""
        with translated(), self._alone, self.engine.connect() as connection:
            cursor = _cursor(connection)
            cursor.execute("BEGIN")
            try:
                yield Unit(cursor, self.queries)
            finally:
                cursor.execute("ROLLBACK")
                cursor.close()

    @contextmanager
    def on_commit(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` after each commit of this process that wrote an entry; it must be quick, and not raise."""
        self._told += (tell,)
        try:
            yield
        finally:
            self._told = tuple(told for told in self._told if told is not tell)

    def settle(self) -> bool:
        """Bring all that was written into the file itself and empty the log beside it; False if a reader is in the way.

        Until then the log still holds what was deleted.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        with translated(), self.writer.lock:
            cursor = _cursor(self._connection)
            try:
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.close()
        return not busy

    def forget(self) -> None:
        """Take nothing as known of the counters: they were made anew."""
        self._warm = Warm()

    @contextmanager
    def _transaction(self) -> Iterator[Unit]:
        """The writer's own connection in a transaction: committed at the end, rolled back on an error."""
        if self._connection.invalidated or self._connection.closed:
            self._connection = self._connect()
        cursor = _cursor(self._connection)
        try:
            cursor.execute("BEGIN IMMEDIATE" if self.engine.dialect.name == "sqlite" else "BEGIN")
            unit = Unit(cursor, self.queries, self._warm)
            yield unit
            unit.flush()
            cursor.execute("COMMIT")
            unit.cool()
        except BaseException:
            _rollback(cursor)
            raise
        finally:
            cursor.close()
        if unit.has_entries:
            for tell in self._told:
                tell()

    def _connect(self) -> Connection:
        return self.engine.connect()


def _cursor(connection: Connection) -> Any:
    """The driver's own cursor: the hot path runs prebuilt SQL on it."""
    dbapi = connection.connection.dbapi_connection
    if dbapi is None:
        raise BusyError("the connection to the store was lost; try again")
    return dbapi.cursor()


def _rollback(cursor: Any) -> None:
    """Undo; a failure to do so says nothing that the first failure did not."""
    with suppress(Exception):
        cursor.execute("ROLLBACK")


def store_url(store: str) -> URL:
    """A store's URL; raises `StoreError` for what is none, or of a database that is not supported."""
    try:
        url = make_url(store)
    except ArgumentError:
        raise StoreError(f"`{store}` is no store URL: write one such as `sqlite:///empower.db`") from None
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"`{url.get_backend_name()}` is not supported: use a `sqlite:///` URL")
    return url


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite store; None for one in memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _engine(url: URL) -> Engine:
    try:
        in_memory = sqlite_path(url) is None
        pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"poolclass": QueuePool, "pool_size": 16}
        engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS}, **pool)
    except (NoSuchModuleError, ArgumentError) as error:
        raise StoreError(f"`{url.drivername}` is no database driver here: {error}") from None
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


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a driver raises into an error that tells the caller whether to try again."""
    try:
        yield
    except EmpowerError:
        raise
    except PoolTimeoutError as error:
        raise BusyError("too many read at once: try again") from error
    except (DBAPIError, sqlite3.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        raise _error(str(original)) from error


_TRANSIENT = ("locked", "busy", "full", "disk i/o", "interrupted")


def _error(message: str) -> EmpowerError:
    lowered = message.lower()
    if "readonly" in lowered or "unable to open" in lowered:
        return StoreError(f"the store cannot be opened for writing: {message}", code="store_unwritable")
    if any(word in lowered for word in _TRANSIENT):
        return BusyError(f"nothing was written ({message}): try again with the same key")
    if "not a database" in lowered or "malformed" in lowered:
        return StoreError(f"the file is no store, or is damaged: {message}", code="store_damaged")
    return StoreError(f"the store refused: {message}")

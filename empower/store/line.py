"""A writer's own connection to the database: one transaction after another, each committed, or rolled back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine

from empower.core.errors import BusyError, StoreError
from empower.store.distribution import WRITING, patience
from empower.store.queries import Queries
from empower.store.tally import Warm
from empower.store.troubles import STANDBY, UNKNOWN, LostError, error_of, is_lost, is_standby
from empower.store.unit import Unit
from empower.store.whereabouts import Whereabouts

BUSY_SECONDS = 10
"""How long a writer waits for another process before it gives up."""
WRITE_SECONDS = 30
"""How long a statement of a writer may take on PostgreSQL, and how long a writer may say nothing."""
SILENT_SECONDS = 10
"""How much longer an answer is waited for than its statement may take: a server that is well has ended it by then."""


class Line:
    """The connection of one writer. It is used by one thread at a time, which the writer sees to."""

    def __init__(self, engine: Engine, queries: Queries, where: Whereabouts, tell: Callable[[], None]) -> None:
        """Connected already; `tell` is called after each commit that wrote an entry."""
        self._engine = engine
        self._queries = queries
        self.connection: Connection = engine.connect()
        self.warm = Warm()
        self._where = where
        self._tell = tell

    @contextmanager
    def transaction(self) -> Iterator[Unit]:
        """A transaction: committed at the end, rolled back on an error.

        Raises `ContendedError` where others were in the way, and `BusyError` where the connection was lost.
        """
        cursor = self._begun()
        try:
            unit = Unit(cursor, self._queries, self.warm)
            unit.where = self._where
            yield unit
            _commit(cursor, unit, is_distributed=self._queries.is_distributed)
            unit.cool()
            if unit.has_entries:
                self._tell()
        except BaseException as error:
            rollback(cursor)
            if is_lost(error) or is_lost(error.__cause__ or error):
                self._lose()
            found = error_of(error) if isinstance(error, Exception) and self._queries.is_shared else None
            if isinstance(found, BusyError):
                raise found from error
            raise
        finally:
            with suppress(Exception):
                cursor.close()

    def _begun(self) -> Any:
        """A cursor in a transaction; a connection that was lost while nobody used it is replaced."""
        for attempt in range(2):
            try:
                if self.connection.invalidated or self.connection.closed:
                    self.connection = self._engine.connect()
                cursor = cursor_of(self.connection, WRITE_SECONDS)
                more = WRITING if self._queries.is_distributed else ""
                cursor.execute(self._queries.begin(BUSY_SECONDS, WRITE_SECONDS) + more)
                if more:
                    cursor.execute(patience(BUSY_SECONDS))
            except Exception as error:
                follows = is_standby(error)
                if not (follows or is_lost(error)):
                    raise
                self._lose()
                if attempt:
                    raise (BusyError(STANDBY) if follows else error_of(error) or error) from error
            else:
                return cursor
        raise BusyError("the connection to the store was lost: try again")

    def close(self) -> None:
        """End the connection itself: the pool that it came from may have been given up meanwhile."""
        with suppress(Exception):
            self.connection.invalidate()
        with suppress(Exception):
            self.connection.close()

    def _lose(self) -> None:
        """The connection is of no use any more, and those that wait for readers hardly are."""
        self.close()
        self._engine.dispose()


def cursor_of(connection: Connection, seconds: float) -> Any:
    """The driver's own cursor: the hot path runs prebuilt SQL on it. On a server no statement takes over `seconds`."""
    dbapi: Any = connection.connection.dbapi_connection
    if dbapi is None:
        raise BusyError("the connection to the store was lost; try again")
    if connection.dialect.name == "postgresql":
        dbapi.patience = seconds + SILENT_SECONDS
    return dbapi.cursor()


def rollback(cursor: Any) -> None:
    """Undo; a failure to do so says nothing that the first failure did not."""
    with suppress(Exception):
        cursor.execute("ROLLBACK")


def _commit(cursor: Any, unit: Unit, *, is_distributed: bool) -> None:
    """Write what is pending and commit; raises `LostError` where it cannot be known whether that was done.

    Of several servers one may have been lost, and the answer with it: whatever they say then, it is not known.
    """
    is_sent = False
    try:
        with unit.together():
            unit.flush()
            is_sent = True
            cursor.execute("COMMIT")
    except Exception as error:
        if is_sent and (is_distributed or is_lost(error)):
            raise LostError(UNKNOWN) from error
        raise
    # PostgreSQL answers the commit of a transaction that had failed with `ROLLBACK`, and no error.
    if getattr(cursor, "statusmessage", "COMMIT") != "COMMIT":
        raise StoreError("the store did not take it: nothing was written")

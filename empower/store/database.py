"""The store: one database, opened, checked and given out as transactions.

A writer on SQLite takes the file's lock at once (`BEGIN IMMEDIATE`), so that two processes queue up instead of failing
at the end. A writer on PostgreSQL reads what is committed (READ COMMITTED), under the row locks of the books it writes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TypeVar

from sqlalchemy import URL, Connection

from empower.core.canonical import is_text
from empower.core.errors import BusyError, StoreError
from empower.store.connecting import connected, is_in_memory, is_postgresql, sqlite_path, store_url
from empower.store.distribution import LOOK_EVERYWHERE, READING, STILL, WRITING, is_distributed, patience
from empower.store.foresight import Ask
from empower.store.locking import Needs, Wanted
from empower.store.notices import listening
from empower.store.queries import Queries
from empower.store.schema import check_schema, check_server, is_set_up, migrate
from empower.store.tally import Warm
from empower.store.troubles import UNKNOWN, LostError, error_of, is_lost, translated
from empower.store.unit import Unit
from empower.store.whereabouts import Whereabouts
from empower.store.writer import NOTHING, Writer

__all__ = ["Store", "sqlite_path", "store_url", "translated"]

T = TypeVar("T")

BUSY_SECONDS = 10
"""How long a writer waits for another process before it gives up."""
WRITE_SECONDS = 30
"""How long a statement of a writer may take on PostgreSQL, and how long a writer may say nothing."""
READ_SECONDS = 300
"""How long a statement of a reader may take on PostgreSQL."""


class Store:
    """One database. Safe for many threads; several processes may have one file open."""

    def __init__(self, url: URL, *, create: bool) -> None:
        """Use `Store.open`."""
        self.url = url
        self.engine = connected(url, BUSY_SECONDS)
        try:
            check_server(self.engine)
            if create:
                migrate(self.engine)
            else:
                check_schema(self.engine)
            self._connection = self.engine.connect()
            spread = is_postgresql(url) and is_distributed(self._connection)
            self.queries = Queries(self.engine.dialect, is_distributed=spread)
        except BaseException:
            self.engine.dispose()
            raise
        self._warm = Warm()
        self._where = Whereabouts()
        self._told: tuple[Callable[[], None], ...] = ()
        self.writer = Writer(self._transaction)
        # In memory there is one connection for all, so readers wait for writers there.
        self._alone: AbstractContextManager[Any] = self.writer.lock if is_in_memory(url) else nullcontext()

    @classmethod
    def open(cls, store: str, *, create: bool = False) -> "Store":
        """Open `store`, a database URL; `create` makes or migrates it first.

        Raises `StoreError` for one that is not set up, not readable or of a newer schema.
        """
        url = store_url(store)
        path = sqlite_path(url)
        if path is not None and not create and not path.exists():
            raise StoreError(f"there is no store at `{path}`: run `empower init`", code="store_missing")
        try:
            with translated():
                return cls(url, create=create)
        except BusyError as error:
            cause = error.__cause__
            if cause is None or not is_lost(cause):
                raise
            said = str(getattr(cause, "orig", cause)).strip().partition("\n")[0]
            raise StoreError(f"the store cannot be reached: {said}", code="store_unreachable") from cause

    @staticmethod
    def exists(store: str) -> bool:
        """Whether there is anything under a store's URL yet; a store in memory is always new."""
        url = store_url(store)
        if not is_postgresql(url):
            path = sqlite_path(url)
            return path is not None and path.exists()
        engine = connected(url, BUSY_SECONDS)
        try:
            with translated():
                return is_set_up(engine)
        finally:
            engine.dispose()

    def close(self) -> None:
        """Let what is being written end, refuse what waits, and give all connections back."""
        self.writer.close()
        self._connection.close()
        self.engine.dispose()

    def write(
        self,
        job: Callable[[Unit], T],
        *,
        alone: bool = False,
        at: Iterable[str] = (),
        comp: str | None = None,
        among: Collection[str] | None = None,
        ahead: Callable[[], tuple[Ask, Needs]] | None = None,
    ) -> T:
        """Run `job` in a write transaction, which it may share with others that wait; returns after the commit.

        The locations that it is known to write `at`, or the `comp` whose location that is, one `among` these if any
        are given, are locked together with those of the others, in order; what it locks beside them may have to be
        done again. Where a round trip costs more than a query, what is read `ahead` is read for all of them at once.

        What the job raises undoes what the job did, and nothing else. Raises `BusyError` where the store cannot
        take it now.
        """
        with translated():
            found = NOTHING if comp is None or not is_text(comp) else self._wanted(comp, among)
            wanted = found._replace(books=found.books.union(filter(is_text, at)))
            if ahead is not None and self.queries.in_bulk:
                ask, needs = ahead()
                if all(is_text(word) for word in ask if isinstance(word, str)):
                    wanted = wanted._replace(asks=frozenset((ask,)), needs=(needs,))
            return self.writer.run(job, alone=alone, wanted=wanted)

    def _wanted(self, comp: str, among: Collection[str] | None) -> Wanted:
        """What to lock for a comp: the book that it is known to be in, or the only one it may be in, or whichever."""
        place = self._where.of(comp)
        if place is None and among is not None and len(among) == 1:
            (place,) = among
        return Wanted(comps=frozenset((comp,))) if place is None else Wanted(books=frozenset((place,)))

    @contextmanager
    def read(self, *, across: bool = False) -> Iterator[Unit]:
        """A unit over one consistent state of the database, whose changes are never written.

        Where locations lie on several servers, it is one state of each, and of all together if it is to hold
        `across` locations: then writers wait while it begins.
        """
        with translated(), self._alone:
            connection, cursor = self._reading()
            try:
                if across and self.queries.is_distributed:
                    self._see_one_moment(cursor)
                unit = Unit(cursor, self.queries, locks=False)
                unit.where = self._where
                yield unit
            except Exception as error:
                if is_lost(error):
                    connection.invalidate()
                raise
            finally:
                _rollback(cursor)
                connection.close()

    @contextmanager
    def on_commit(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` after each commit of this process that wrote an entry; it must be quick, and not raise."""
        self._told += (tell,)
        try:
            yield
        finally:
            self._told = tuple(told for told in self._told if told is not tell)

    def on_publication(self, tell: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `tell` soon after any process on this store published policies, where the database passes it on."""
        return listening(self.engine, tell)

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

    def _reading(self) -> tuple[Connection, Any]:
        """A connection with a reader's transaction; connections that were lost while nobody used them are replaced."""
        for attempt in range(2):
            connection = self.engine.connect()
            try:
                cursor = _cursor(connection)
                more = READING if self.queries.is_distributed else ""
                cursor.execute(self.queries.begin_reading(READ_SECONDS) + more)
            except Exception as error:
                was_lost = is_lost(error)
                if was_lost:
                    connection.invalidate()
                connection.close()
                if attempt or not was_lost:
                    raise
                self.engine.dispose()
            else:
                return connection, cursor
        raise BusyError("the connection to the store was lost: try again")

    def _see_one_moment(self, cursor: Any) -> None:
        """Let no commit be under way while a reader takes its snapshot of each server."""
        with self.engine.connect() as connection:
            still = _cursor(connection)
            try:
                still.execute(self.queries.begin(BUSY_SECONDS, WRITE_SECONDS))
                still.execute(STILL)
                cursor.execute(LOOK_EVERYWHERE)
            finally:
                _rollback(still)

    @contextmanager
    def _transaction(self) -> Iterator[Unit]:
        """The writer's own connection in a transaction: committed at the end, rolled back on an error.

        Raises `ContendedError` where others were in the way, and `BusyError` where the connection was lost.
        """
        cursor = self._writing()
        try:
            unit = Unit(cursor, self.queries, self._warm)
            unit.where = self._where
            yield unit
            unit.flush()
            _commit(cursor, is_distributed=self.queries.is_distributed)
            unit.cool()
            if unit.has_entries:
                for tell in self._told:
                    tell()
        except BaseException as error:
            _rollback(cursor)
            if is_lost(error) or is_lost(error.__cause__ or error):
                self._lose()
            found = error_of(error) if isinstance(error, Exception) and self.queries.is_shared else None
            if isinstance(found, BusyError):
                raise found from error
            raise
        finally:
            with suppress(Exception):
                cursor.close()

    def _writing(self) -> Any:
        """A cursor in a writer's transaction; a connection that was lost while nobody used it is replaced."""
        for attempt in range(2):
            try:
                if self._connection.invalidated or self._connection.closed:
                    self._connection = self.engine.connect()
                cursor = _cursor(self._connection)
                more = WRITING if self.queries.is_distributed else ""
                cursor.execute(self.queries.begin(BUSY_SECONDS, WRITE_SECONDS) + more)
                if more:
                    cursor.execute(patience(BUSY_SECONDS))
            except Exception as error:
                if not is_lost(error):
                    raise
                self._lose()
                if attempt:
                    raise error_of(error) or error from error
            else:
                return cursor
        raise BusyError("the connection to the store was lost: try again")

    def _lose(self) -> None:
        """The writer's connection is of no use any more, and those that wait for readers hardly are."""
        with suppress(Exception):
            self._connection.invalidate()
        with suppress(Exception):
            self._connection.close()
        self.engine.dispose()


def _cursor(connection: Connection) -> Any:
    """The driver's own cursor: the hot path runs prebuilt SQL on it."""
    dbapi = connection.connection.dbapi_connection
    if dbapi is None:
        raise BusyError("the connection to the store was lost; try again")
    return dbapi.cursor()


def _commit(cursor: Any, *, is_distributed: bool) -> None:
    """Commit; raises `BusyError` where it cannot be known whether that was done.

    Of several servers one may have been lost, and the answer with it: whatever they say then, it is not known.
    """
    try:
        cursor.execute("COMMIT")
    except Exception as error:
        if is_distributed or is_lost(error):
            raise LostError(UNKNOWN) from error
        raise
    # PostgreSQL answers the commit of a transaction that had failed with `ROLLBACK`, and no error.
    if getattr(cursor, "statusmessage", "COMMIT") != "COMMIT":
        raise StoreError("the store did not take it: nothing was written")


def _rollback(cursor: Any) -> None:
    """Undo; a failure to do so says nothing that the first failure did not."""
    with suppress(Exception):
        cursor.execute("ROLLBACK")

"""Copies of a store's file: taken while it is in use, and put in place as one step."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from empower.core.errors import StoreError
from empower.store.connecting import is_postgresql
from empower.store.database import Store, sqlite_path, store_url, translated

ON_A_SERVER = "back a PostgreSQL store up with `pg_dump`, restore it there, and run `empower ledger verify` on it"
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""


def file_of(store: str) -> Path:
    """The file of a store URL; raises `StoreError` for a store that is no file."""
    url = store_url(store)
    if is_postgresql(url):
        raise StoreError(f"{ON_A_SERVER}: see docs/scale.md", code="store_no_file")
    path = sqlite_path(url)
    if path is None:
        raise StoreError("a store in memory has no file to copy", code="store_no_file")
    return path


def copy_out(store: Store, path: Path) -> None:
    """Write one consistent state of a store into the new file `path`, readable by its owner alone.

    By SQLite's online backup: writers go on meanwhile. The copy needs nothing beside it.
    """
    if store.engine.dialect.name != "sqlite":
        raise StoreError(ON_A_SERVER, code="store_no_file")
    with translated(), _new(path) as made:
        with store.engine.connect() as connection, closing(sqlite3.connect(made)) as copy:
            source = connection.connection.dbapi_connection
            if source is None:
                raise StoreError("the connection to the store was lost: try again")
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        _durable(made)


def copy_in(source: Path, path: Path) -> None:
    """Copy a file that is no store in use to `path`; raises `StoreError` where it may be one, or none at all."""
    if not source.is_file():
        raise StoreError(f"there is no backup at `{source}`", code="backup_missing")
    for name in BESIDE:
        beside = source.with_name(source.name + name)
        if beside.exists() and beside.stat().st_size > 0 and name != "-shm":
            raise StoreError(f"`{source}` is a store in use: take a copy of it with `empower backup`")
    with _new(path) as made, source.open("rb") as old, made.open("r+b") as new:
        while block := old.read(1 << 20):
            new.write(block)
        new.flush()
        os.fsync(new.fileno())


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """A new file that is there as a whole in the end, or not at all."""
    made = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        try:
            os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise StoreError(f"`{path}` cannot be written: {error.strerror}", code="backup_unwritable") from None
        try:
            yield made
        except OSError as error:
            raise StoreError(f"`{path}` cannot be written: {error.strerror}", code="backup_unwritable") from None
        made.replace(path)
        _durable(path.parent)
    finally:
        for name in ("", *BESIDE):
            with suppress(FileNotFoundError):
                made.with_name(made.name + name).unlink()


def put_in_place(new: Path, path: Path) -> None:
    """Put the file `new` where the store `path` is, in one step; raises `StoreError` where somebody has it open."""
    if path.exists():
        _close_down(path)
    for name in BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + name).unlink()
    new.replace(path)
    _durable(path.parent)


def _close_down(path: Path) -> None:
    """Empty the log of the store that is there: only possible where nobody else has it open."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as old:
        try:
            old.execute("PRAGMA locking_mode=EXCLUSIVE")
            old.execute("BEGIN EXCLUSIVE")
            old.execute("COMMIT")
            old.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise StoreError(f"`{path}` is open elsewhere: stop the server first", code="store_in_use") from None
        except sqlite3.DatabaseError:
            return  # what is there is damaged, and is to be replaced


def sizes_in(path: Path) -> dict[str, int]:
    """The entries of each book of a store's file, by its heads; nothing for one that is not there or not readable."""
    if not path.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            return dict(file.execute("SELECT id, size FROM location ORDER BY id").fetchall())
    except sqlite3.Error:
        return {}


def settle_file(path: Path) -> None:
    """Make a store's file need nothing beside it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=DELETE")
    _durable(path)


def _durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

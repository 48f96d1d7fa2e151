"""What a driver raises, told as an error that says whether to try again.

Classes of SQLSTATE are those of PostgreSQL's documentation, appendix A.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from empower.core.errors import BusyError, EmpowerError, StoreError

UNKNOWN = (
    "the connection was lost at the commit, so it is not known whether it was written: try again with the same key"
)
LOST = "the connection to the store was lost, nothing was written: try again with the same key"
STANDBY = (
    "this server is a standby and takes no writes, nothing was written: name the primary in the store's URL, or both"
)


class ContendedError(BusyError):
    """Another process was in the way, and nothing was written: the same may be done again at once."""


class LostError(BusyError):
    """The connection was lost; whether what was at its commit is written is not known, so nobody is tried again."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a driver raises into an error that tells the caller whether to try again."""
    try:
        yield
    except EmpowerError:
        raise
    except PoolTimeoutError as error:
        raise BusyError("too many read at once: try again") from error
    except Exception as error:
        found = error_of(error)
        if found is None:
            raise
        raise found from error


@contextmanager
def reached() -> Iterator[None]:
    """Tell whoever opens a store, and has asked for nothing yet, that there is no way to it."""
    try:
        yield
    except BusyError as error:
        cause = error.__cause__
        if cause is None or not is_lost(cause):
            raise
        said = str(getattr(cause, "orig", cause)).strip().partition("\n")[0]
        raise StoreError(f"the store cannot be reached: {said}", code="store_unreachable") from cause


def error_of(error: Exception) -> EmpowerError | None:
    """What to tell of a driver's error; None for one that is no driver's."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(str(original))
    if isinstance(original, Exception) and hasattr(original, "sqlstate"):
        return _of_postgresql(original, original.sqlstate)
    return StoreError(f"the store refused: {error}") if isinstance(error, DBAPIError) else None


# SQLite

_TRANSIENT = ("locked", "busy", "full", "disk i/o", "interrupted")


def _of_sqlite(message: str) -> EmpowerError:
    lowered = message.lower()
    if "readonly" in lowered or "unable to open" in lowered:
        return StoreError(f"the store cannot be opened for writing: {message}", code="store_unwritable")
    if any(word in lowered for word in _TRANSIENT):
        return BusyError(f"nothing was written ({message}): try again with the same key")
    if "not a database" in lowered or "malformed" in lowered:
        return StoreError(f"the file is no store, or is damaged: {message}", code="store_damaged")
    return StoreError(f"the store refused: {message}")


# PostgreSQL

_CONTENDED = ("40001", "40P01")
"""A serialization failure, a deadlock."""
_ONCE = ("guest_pkey", "guest_pseudonym_key")
"""Rows that two locations may come to write at the same time; whoever comes second reads the first one's."""
_NOT_NOW = ("53", "55P03", "57014", "58", "25006", "25P03")
"""No room, a lock not had in time, a statement too slow, the system's own troubles, a standby."""
_GONE = ("08", "57P")
"""The connection, or the server behind it; also one that is starting."""
_KEPT_OUT = ("28", "3D", "42501")
"""Who may not come in, no such database, no such right."""


def is_lost(error: BaseException) -> bool:
    """Whether the connection that raised this is of no use any more."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if original is None or not hasattr(original, "sqlstate"):
        return False
    state = original.sqlstate
    if state is None:
        return type(original).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout")
    return str(state).startswith((*_GONE, "25006", "25P03"))


def is_standby(error: BaseException) -> bool:
    """Whether what raised this at the begin of a writer's transaction is a server that only follows another.

    PostgreSQL calls that a feature that is not supported; no other of a `BEGIN`'s is missing.
    """
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlstate", None) == "0A000"


def _of_postgresql(error: Exception, state: str | None) -> EmpowerError:
    said = str(error).strip().partition("\n")[0]
    constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
    if state in _CONTENDED or (state == "23505" and constraint in _ONCE):
        return ContendedError(f"others wrote the same at the same time ({said}): try again with the same key")
    if is_lost(error):
        return LostError(f"nothing was written ({said}): try again with the same key")
    if (state or "").startswith(_NOT_NOW):
        return BusyError(f"nothing was written ({said}): try again with the same key")
    if (state or "").startswith(_KEPT_OUT):
        return StoreError(f"the store does not let this program in: {said}", code="store_unwritable")
    return StoreError(f"the store refused: {said}")

"""Word from one process to the others on the same database, where it has a way to pass it: PostgreSQL.

It only makes things sooner: whoever is told reads the store, and whoever is not (SQLite, or a pooler between them that
hands connections on) finds the same by looking every now and then.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine

PUBLISHED = "empower_published"
TELL = f"SELECT pg_notify('{PUBLISHED}', '')"
HEARD_SECONDS = 0.25
"""How soon a listener notices that it is to end."""
AGAIN_SECONDS = 1.0
"""After which a lost listener's connection is made anew."""


@contextmanager
def listening(engine: Engine, tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell`, from a thread of its own, soon after any process published policies; it must not raise."""
    if engine.dialect.name != "postgresql":
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_listen, args=(engine, tell, stop), name="empower-listener", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _listen(engine: Engine, tell: Callable[[], None], stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(Exception):
            _hear(engine, tell, stop)
        stop.wait(AGAIN_SECONDS)


def _hear(engine: Engine, tell: Callable[[], None], stop: threading.Event) -> None:
    """Until the connection is lost; what was told while there was none is not missed, for `tell` is called first."""
    with engine.connect() as connection:
        connection.detach()
        driver = connection.connection.dbapi_connection
        if driver is None:
            return
        driver.execute(f"LISTEN {PUBLISHED}")
        tell()
        while not stop.is_set():
            for _ in driver.notifies(timeout=HEARD_SECONDS):
                tell()

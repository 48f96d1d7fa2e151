"""PostgreSQL under Patroni on loopback: three nodes of etcd, Patroni and PostgreSQL, of which any may be killed.

Commits are synchronous, and strictly so (`synchronous_mode_strict`): without a standby that has it, nothing is
acknowledged. All of it runs in a folder of its own, not as root, and goes away with it.
"""

import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.campaigns.children import free_port

HOST = "127.0.0.1"
PACKAGES = {"etcd": "etcd-server", "patroni": "patroni python3-etcd"}
"""Debian's, by the program that each brings."""
TTL_SECONDS, LOOP_SECONDS, RETRY_SECONDS = 20, 2, 5
"""Patroni's: how long a leader that says nothing is the leader still, how often it looks, how long it tries again."""
PATIENCE_SECONDS = 120.0
"""After which a cluster that did not come to what is waited for is a fault."""
ASK_SECONDS, SWITCH_SECONDS = 2, 30
"""How long Patroni may take to say how it is, and to change the primary."""
PASSWORD = "made-up"  # noqa: S105  of a server on loopback that lives for minutes


class MissingError(Exception):
    """What has to be installed first."""


class Stuck(Exception):  # noqa: N818  what the cluster is
    """The cluster did not come to a state in time."""


def postgresql() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("postgres")
    return found[-1] if found else Path(on_path).parent if on_path else None


def check_installed() -> None:
    """Raise `MissingError` unless all programs are there."""
    packages = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if postgresql() is None:
        packages.append("postgresql")
    if packages:
        raise MissingError(f"missing here: install Debian's packages first, `apt-get install {' '.join(packages)}`")


class Member(NamedTuple):
    """A node, as Patroni sees it."""

    name: str
    role: str
    state: str
    timeline: int


def wait(what: str, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Until it is so; raises `Stuck` if it does not come."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise Stuck(f"{what}: not in {seconds:.0f} seconds")
        time.sleep(0.05)


class Node:
    """One machine of the cluster, in a folder: a member of etcd, Patroni, and the PostgreSQL that it looks after."""

    def __init__(self, folder: Path, number: int, user: str | None, pick: random.Random) -> None:
        self.number, self.name, self._user = number, f"node{number}", user
        self.folder = folder / self.name
        self.folder.mkdir()
        if user is not None:
            shutil.chown(self.folder, user)
        self.port, self.api, self.etcd, self.peer = (free_port(pick) for _ in range(4))
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    # What runs

    def start(self, program: str, *words: str) -> None:
        """As a group of processes of its own: Ctrl-C is for the campaign."""
        with (self.folder / f"{program}.log").open("ab") as log:
            self._running[program] = subprocess.Popen(
                [str(shutil.which(program)), *words],
                user=self._user,
                group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
                extra_groups=None if self._user is None else [],
                cwd=self.folder,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def postmaster(self) -> int | None:
        """Its process, if there is one."""
        with suppress(OSError, ValueError):
            found = int((self.folder / "data" / "postmaster.pid").read_text().partition("\n")[0])
            command = Path(f"/proc/{found}/cmdline").read_bytes()
            return found if str(self.folder).encode() in command else None
        return None

    def processes(self) -> list[int]:
        """All that run here, those first that look after others."""
        found = [process.pid for process in self._running.values() if process.poll() is None]
        postmaster = self.postmaster()
        if postmaster is not None:
            with suppress(OSError):
                children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
                found += [postmaster, *map(int, children)]
        return found

    def signal(self, number: signal.Signals, *processes: int) -> None:
        """Each that is there still."""
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def kill_patroni(self) -> None:
        """Alone: PostgreSQL goes on, and nobody looks after it."""
        self.signal(signal.SIGKILL, self._running["patroni"].pid)
        self._running["patroni"].wait()

    def kill(self) -> None:
        """All of it at once, as when the machine's power fails."""
        self.signal(signal.SIGKILL, *self.processes())
        for process in self._running.values():
            process.wait()
        wait(f"{self.name} dies", lambda: self.postmaster() is None)

    def is_running(self, program: str) -> bool:
        process = self._running.get(program)
        return process is not None and process.poll() is None

    # What is said of it

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Patroni's answer; None if there is none."""
        data = None if body is None else json.dumps(body).encode()
        patience = ASK_SECONDS if body is None else SWITCH_SECONDS
        request = urllib.request.Request(f"http://{HOST}:{self.api}{path}", data=data)
        with suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=patience) as said:  # noqa: S310
            text = said.read()
            return json.loads(text) if text.startswith(b"{") else text.decode()
        return None


class Cluster:
    """The nodes together."""

    def __init__(self, folder: Path, user: str | None, nodes: int = 3) -> None:
        """Nothing runs yet."""
        pick = random.Random()
        self.folder = folder
        self.nodes = [Node(folder, number, user, pick) for number in range(nodes)]
        programs = postgresql()
        for node in self.nodes:
            (node.folder / "patroni.json").write_text(json.dumps(self._settings(node, programs)))

    @property
    def url(self) -> str:
        """Of all nodes: whoever takes writes is found."""
        hosts = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        return f"postgresql+psycopg://postgres:{PASSWORD}@{hosts}/postgres"

    def _settings(self, node: Node, programs: Path | None) -> dict[str, Any]:
        etcd = [f"{HOST}:{one.etcd}" for one in self.nodes]
        dynamic = {
            "ttl": TTL_SECONDS,
            "loop_wait": LOOP_SECONDS,
            "retry_timeout": RETRY_SECONDS,
            "master_start_timeout": 0,  # a primary that crashed is replaced, not waited for
            "synchronous_mode": True,
            "synchronous_mode_strict": True,
            "postgresql": {"use_pg_rewind": True, "parameters": {"synchronous_commit": "on", "wal_log_hints": "on"}},
        }
        users = {"superuser": "postgres", "replication": "replicator", "rewind": "rewinder"}
        return {
            "scope": "empower",
            "name": node.name,
            "restapi": {"listen": f"{HOST}:{node.api}", "connect_address": f"{HOST}:{node.api}"},
            "etcd": {
                "hosts": etcd
            },  # the v3 client of Patroni 3.0 keeps what it read, and misses what comes after a freeze
            "bootstrap": {"dcs": dynamic, "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"]},
            "postgresql": {
                "listen": f"{HOST}:{node.port}",
                "connect_address": f"{HOST}:{node.port}",
                "data_dir": str(node.folder / "data"),
                "bin_dir": str(programs),
                "pgpass": str(node.folder / "pgpass"),
                "authentication": {kind: {"username": name, "password": PASSWORD} for kind, name in users.items()},
                "parameters": {"unix_socket_directories": str(node.folder), "shared_buffers": "64MB"},
                "pg_hba": [f"host {what} all {HOST}/32 md5" for what in ("all", "replication")],
            },
        }

    # Making it run

    def start_etcd(self, node: Node) -> None:
        def peers(one: Node) -> str:
            return f"http://{HOST}:{one.peer}"

        client = f"http://{HOST}:{node.etcd}"
        words = {
            "name": node.name,
            "data-dir": "etcd",
            "listen-peer-urls": peers(node),
            "initial-advertise-peer-urls": peers(node),
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "initial-cluster": ",".join(f"{one.name}={peers(one)}" for one in self.nodes),
            "initial-cluster-state": "new",
            "enable-v2": "true",
        }
        node.start("etcd", *(f"--{name}={value}" for name, value in words.items()))

    def start(self) -> None:
        """All nodes, until there is a primary with a synchronous standby."""
        for node in self.nodes:
            self.start_etcd(node)
        for node in self.nodes:
            node.start("patroni", "patroni.json")
        self.wait_whole()

    def mend(self) -> None:
        """Start again whatever ended, until all is as in the beginning."""
        for node in self.nodes:
            node.signal(signal.SIGCONT, *node.processes())
            if not node.is_running("etcd"):
                self.start_etcd(node)
            if not node.is_running("patroni"):
                node.start("patroni", "patroni.json")
        self.wait_whole()

    def stop(self) -> None:
        """Kill whatever runs still."""
        for node in self.nodes:
            node.kill()

    # How it is

    def members(self, among: list[Node] | None = None) -> list[Member]:
        """As the first node sees it that answers."""
        for node in among or self.nodes:
            said = node.ask("/cluster")
            if said is not None:
                keys = ("name", "role", "state", "timeline")
                return [Member(*(one.get(key, 0) for key in keys)) for one in said.get("members", [])]
        return []

    def leader(self, among: list[Node] | None = None) -> Node | None:
        """The primary, if there is one that runs."""
        names = [one.name for one in self.members(among) if one.role == "leader" and one.state == "running"]
        return next((node for node in self.nodes if [node.name] == names), None)

    def is_whole(self) -> bool:
        """Every node is there and follows the primary, one of them synchronously."""
        members = self.members()
        roles = sorted(one.role for one in members)
        follows = len({one.timeline for one in members}) == 1
        states = {one.state for one in members} <= {"running", "streaming"}
        return states and follows and roles == ["leader", *["replica"] * (len(self.nodes) - 2), "sync_standby"]

    def wait_whole(self) -> None:
        try:
            wait("a primary with its standbys", self.is_whole)
        except Stuck as error:
            raise Stuck(f"{error}: {[tuple(one) for one in self.members()]}") from None

    def switch(self, leader: Node) -> None:
        """Ask for another primary, in good order."""
        standby = next(one.name for one in self.members() if one.role == "sync_standby")
        leader.ask("/switchover", {"leader": leader.name, "candidate": standby})


@contextmanager
def cluster(nodes: int = 3) -> Iterator[Cluster]:
    """A cluster that runs, in a folder of its own; raises `MissingError` where it cannot."""
    check_installed()
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="empower-patroni-"))
    folder.chmod(0o755)
    found = Cluster(folder, user, nodes)
    try:
        found.start()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)

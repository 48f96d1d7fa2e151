"""Processes that may be killed at any moment: engines with tills of their own, and `empower serve`.

They are forked from one that has read the program already, so that a restart takes as long as opening the store.
"""

import itertools
import multiprocessing
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.campaigns.history import Recorder, begun_and_finished
from benchmarks.campaigns.plays import Play
from benchmarks.campaigns.tills import Door, EngineDoor, Till
from empower.cli import main
from empower.engine import Engine
from empower.engine.secret import VARIABLE as SECRET

PORTS = (20000, 32000)
"""Below those that clients are given."""
START_SECONDS = 60.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "empower.http.app", "empower.cli.serve", "psycopg"])


class Shop(NamedTuple):
    """What a process needs to open the store."""

    url: str
    policies: Path
    env: dict[str, str]

    def open(self, *, create: bool = False) -> Engine:
        with self.surroundings():
            return Engine.open(self.url, policies=self.policies, create=create)

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """No other secret than the store's, whatever the process was started with."""
        before = os.environ.pop(SECRET, None)
        os.environ.update(self.env)
        try:
            yield
        finally:
            os.environ.pop(SECRET, None)
            if before is not None:
                os.environ[SECRET] = before


class Job(NamedTuple):
    """What a process of engine and tills does."""

    shop: Shop
    play: Play
    log: Path
    go: Path
    """Nobody begins before this file is there."""
    threads: int
    keys: int
    """How many requests in all, over all that were killed meanwhile."""

    @property
    def name(self) -> str:
        return self.log.stem

    def key(self, number: int) -> str:
        return f"{self.name}-{number}"

    def left(self) -> Iterator[str]:
        """The keys that are not done with, those first that were begun."""
        begun, finished = begun_and_finished(self.log)
        rest = (self.key(number) for number in range(self.keys))
        return itertools.chain(sorted(begun - finished), (key for key in rest if key not in begun))


def tills(job: Job) -> None:
    """Play what is left of a job: the body of a process."""
    with job.shop.open() as engine:
        recorder, left = Recorder(job.log), job.left()
        _wait(job.go.exists)
        run_tills([EngineDoor(engine)] * job.threads, recorder, job.play, left)
        recorder.close()


class Shared:
    """Keys that several threads take from."""

    def __init__(self, keys: Iterator[str]) -> None:
        self._keys, self._lock = keys, threading.Lock()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with self._lock:
            return next(self._keys)


def run_tills(doors: Sequence[Door], recorder: Recorder, play: Play, keys: Iterator[str]) -> None:
    """A thread for each door, until there are no more keys; raises what one of them raised."""
    errors: list[Exception] = []
    shared = Shared(keys)
    others: list[dict[str, Any]] = []

    def run(door: Door) -> None:
        try:
            Till(door, recorder, play, others).run(shared)
        except Exception as error:  # noqa: BLE001  told below
            errors.append(error)
        finally:
            door.close()

    threads = [threading.Thread(target=run, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def serve(shop: Shop, port: int, log: Path) -> None:
    """`empower serve`: the body of a process."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    with shop.surroundings():
        main(["serve", "--port", str(port), "--store", shop.url, "--policies", str(shop.policies)])


class Child:
    """A process that is started again after each kill."""

    def __init__(self, body: Callable[..., None], *words: Any) -> None:
        self._body, self._words = body, words
        self._process: ForkServerProcess | None = None
        self.kills = 0

    def start(self) -> None:
        self._process = _CONTEXT.Process(target=self._body, args=self._words, daemon=True)
        self._process.start()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_alive()

    @property
    def failed(self) -> bool:
        """Whether it ended by itself, and not well."""
        return self._process is not None and self._process.exitcode not in (None, 0)

    def kill(self) -> bool:
        """With -9, wherever it is; False if it had ended before."""
        if self._process is None:
            return False
        self._process.kill()
        self._process.join()
        was_killed = self._process.exitcode == -9
        self.kills += was_killed
        return was_killed

    def end(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(START_SECONDS)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()

    def wait(self) -> None:
        """Until it ended by itself."""
        if self._process is not None:
            self._process.join()


def free_ports(count: int) -> list[int]:
    """Some that nobody listens on, each another one."""
    pick, found = random.Random(), set[int]()
    while len(found) < count:
        found.add(free_port(pick))
    return list(found)


def free_port(pick: random.Random) -> int:
    """One that nobody listens on."""
    while True:
        port = pick.randrange(*PORTS)
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                tried.bind(("127.0.0.1", port))
                return port


def server_log(folder: Path, port: int) -> Path:
    """What a server prints."""
    return folder / f"serve-{port}.log"


def last_words(log: Path) -> str:
    """The end of what a server printed."""
    return log.read_text()[-1000:] if log.exists() else "it said nothing"


def wait_for(port: int, child: Child, log: Path) -> None:
    """Until a server listens; raises `RuntimeError` with its last words if it ended instead."""

    def listens() -> bool:
        if not child.is_running:
            raise RuntimeError(f"`empower serve` ended: {last_words(log)}")
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    _wait(listens)


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + START_SECONDS
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"nothing came in {START_SECONDS:.0f} seconds")
        time.sleep(0.002)

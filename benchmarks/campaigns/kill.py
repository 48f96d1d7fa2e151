"""The kill campaign: whoever writes is killed with -9 at random moments, again and again, under load.

    python -m benchmarks.campaigns.kill [--store WHERE] [--kills 100] [--mode serve|engine|database]

`serve`: tills ask two `empower serve` on one store, and where they get no answer, the other one with the same key.
`engine`: tills and engine are in one process, of which there are two, and die together; whoever comes after them asks
for what was not finished. `database` (on a PostgreSQL of its own): the server of the database is what dies, under two
`empower serve` that live on. There are requests of all kinds, captures, voids and reversals, also of two tills that
are after the same comp. Now and then the books are verified, in the end with every decision decided again; all keys
are asked once more and must get their first answers; then the history check. Exit code 1 on any violation.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.campaigns.children import Child, Job, free_ports, run_tills, serve, server_log, tills, wait_for
from benchmarks.campaigns.history import Recorder, begun_and_finished, size
from benchmarks.campaigns.plays import EVENING, Play, rules, stage
from benchmarks.campaigns.setting import Setting, parser, place, setting, told
from benchmarks.campaigns.tills import PATIENCE_SECONDS, EngineDoor, HttpDoor, replay

COLUMNS = ["killed", "kills", "requests", "calls", "answered", "again", "entries", "seconds"]
LOCATIONS = 2
LONGEST_LIFE = 0.3
"""Seconds, from the first answer of whoever was started to the kill."""
BETWEEN_VERIFICATIONS = 25
ENDLESS = 100_000


@dataclass
class Run:
    """What came of it."""

    who: str
    kills: int = 0
    requests: int = 0
    calls: int = 0
    answered: int = 0
    again: int = 0
    """Answers to a key that had been answered before, compared with the first."""
    entries: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def row(self) -> list[str]:
        numbers = (self.kills, self.requests, self.calls, self.answered, self.again, self.entries)
        return [self.who, *map(str, numbers), f"{self.seconds:.0f}"]


@dataclass(frozen=True)
class Size:
    """How much is thrown at it."""

    kills: int
    processes: int
    tills: int
    seed: int


class Killer:
    """Has processes live until something was answered, and a random while more; verifies the books now and then."""

    def __init__(self, at: Setting, pick: random.Random, run: Run) -> None:
        self._at, self._pick, self._run = at, pick, run

    def go(self, children: Sequence["Child | Database"], logs: list[Path], kills: int) -> None:
        """All run, and in the end they run again; each one's answers are in a log, or all of them in one."""
        while self._run.kills < kills and not self._run.wrong:
            child = self._pick.choice(children)
            self._let_live(child, logs)
            if not child.kill():
                self._run.wrong.append("a process ended by itself")
                return
            child.start()
            self._run.kills += 1
            if self._run.kills % BETWEEN_VERIFICATIONS == 0:
                self._run.wrong += self._at.findings()

    def _let_live(self, child: "Child | Database", logs: list[Path]) -> None:
        ends, until = {log: size(log) for log in logs}, time.monotonic() + PATIENCE_SECONDS
        while child.is_running and not any(map(_is_answered, logs, ends.values())) and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(self._pick.random() ** 2 * LONGEST_LIFE)


def _is_answered(log: Path, begin: int) -> bool:
    """Whether somebody was, by what was recorded behind so many bytes."""
    if size(log) == begin:
        return False
    with log.open("rb") as file:
        file.seek(begin)
        return b'"comp":{' in file.read()


def attack_engine(at: Setting, size: Size) -> Run:
    """Engines and tills, in the same processes."""
    begun, run = time.monotonic(), Run("engine")
    play, go = _play(at, size.seed), at.folder / "engine.go"
    go.touch()
    logs = [at.folder / f"engine{number}.jsonl" for number in range(size.processes)]
    jobs = [Job(at.shop, play, log, go, size.tills, ENDLESS) for log in logs]
    children = [Child(tills, job) for job in jobs]
    for child in children:
        child.start()
    Killer(at, random.Random(f"{size.seed} engine"), run).go(children, logs, size.kills)
    for child in children:
        child.kill()
    last = [Child(tills, job._replace(keys=0)) for job in jobs]
    for child in last:
        child.start()
    for child in last:
        child.wait()
        run.wrong += ["the last process ended with a fault"] * child.failed
    for log in logs:
        replay(EngineDoor(at.engine), log, play, sorted(begun_and_finished(log)[0]))
    return _checked(at, play, logs, run, begun)


class Database:
    """PostgreSQL itself, which dies as in a crash: it ends at once, and recovers from its log."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.is_running = True

    def start(self) -> None:
        if not self.is_running:
            self._server.start()
        self.is_running = True

    def kill(self) -> bool:
        self._server.stop("immediate")
        self.is_running = False
        return True


def attack_server(at: Setting, size: Size, database: Database | None = None) -> Run:
    """Servers, and tills that live on: who loses the one asks the other. Or all of them lose their database."""
    begun, run = time.monotonic(), Run("database" if database else "serve")
    pick = random.Random(f"{size.seed} {run.who}")
    play, log = _play(at, size.seed), at.folder / "serve.jsonl"
    ports = free_ports(size.processes)
    key = at.engine.create_key(scopes=["pos"], at=["*"], name="till", by="campaign").key
    children = [Child(serve, at.shop, port, server_log(at.folder, port)) for port in ports]
    recorder, over = Recorder(log), threading.Event()
    doors = [
        HttpDoor(ports[n % len(ports) :] + ports[: n % len(ports)], key, kept=n % 3 > 0) for n in range(size.tills)
    ]
    crowd = Crowd(doors, recorder, play, over)
    crowd.start()
    try:
        for child in children:
            child.start()
        Killer(at, pick, run).go([database] if database else children, [log], size.kills)
        over.set()
        crowd.join()
        run.wrong += crowd.wrong
        for port, child in zip(ports, children, strict=True):
            wait_for(port, child, server_log(at.folder, port))
        replay(HttpDoor(ports, key, kept=True), log, play, sorted(begun_and_finished(log)[0]))
    finally:
        over.set()
        for child in children:
            child.end()
        recorder.close()
    return _checked(at, play, [log], run, begun)


class Crowd(threading.Thread):
    """Tills that play until it is over, each to the end of what it began."""

    def __init__(self, doors: list[HttpDoor], recorder: Recorder, play: Play, over: threading.Event) -> None:
        super().__init__()
        self._words = (doors, recorder, play)
        self._over = over
        self.wrong: list[str] = []

    def _keys(self) -> Iterator[str]:
        return itertools.takewhile(lambda _: not self._over.is_set(), (f"till-{n:05}" for n in itertools.count()))

    def run(self) -> None:
        doors, recorder, play = self._words
        try:
            run_tills(doors, recorder, play, self._keys())
        except Exception as error:  # noqa: BLE001  told in the table
            self.wrong.append(f"a till gave up: {error!r}")


def _play(at: Setting, seed: int) -> Play:
    here = stage(rules(), EVENING, LOCATIONS)
    at.open(here)
    return Play(here, "evening", seed)


def _checked(at: Setting, play: Play, logs: list[Path], run: Run, begun: float) -> Run:
    found = at.checked(play.stage, logs)
    run.requests = sum(len(begun_and_finished(log)[0]) for log in logs)
    run.calls, run.answered, run.again, run.entries = found.calls, found.answered, found.again, found.entries
    run.wrong += found.wrong
    run.seconds = time.monotonic() - begun
    return run


def campaign(url: str, folder: Path, size: Size, modes: tuple[str, ...], server: Any = None) -> list[Run]:
    """The modes, one after another, in one store; `server` is PostgreSQL's, to be killed."""
    attacks: dict[str, Callable[[Setting, Size], Run]] = {
        "engine": attack_engine,
        "serve": attack_server,
        "database": lambda at, size: attack_server(at, size, Database(server)),
    }
    with setting(url, folder, rules()) as at:
        return [attacks[mode](at, size) for mode in modes]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=100, help="of each mode")
    options.add_argument("--mode", choices=["serve", "engine", "both", "database"], default="both")
    options.add_argument("--processes", type=int, default=2, help="that write, and are killed")
    options.add_argument("--tills", type=int, default=6, help="at the servers, or in each process of engine and tills")
    asked = options.parse_args()
    modes = ("engine", "serve") if asked.mode == "both" else (asked.mode,)
    with place(asked.store) as at:
        if asked.mode == "database" and at.server is None:
            options.error("`--mode database` needs `--store postgresql`, and a server of its own")
        size = Size(asked.kills, asked.processes, asked.tills, asked.seed)
        runs = campaign(at.url, at.folder, size, modes, at.server)
    title = f"kill -9 of {asked.processes} processes under load, {asked.store.partition(':')[0]}"
    raise SystemExit(told(title, COLUMNS, [run.row for run in runs], [what for run in runs for what in run.wrong]))


if __name__ == "__main__":
    main()

"""The kill campaign: whoever writes is killed with -9 at random moments, again and again, under load.

    python -m benchmarks.campaigns.kill [--store WHERE] [--kills 100] [--mode serve|engine|both] [--tills 6]

`serve`: tills ask `empower serve` over HTTP, and ask again with the same key until they are answered. `engine`: tills
and engine are in one process, and die together; whoever comes after them asks for what was not finished. There are
requests of all kinds, captures, voids and reversals, also of two tills that are after the same comp. Now and then the
books are verified, in the end with every decision decided again; all keys are asked once more and must get their first
answers; then the history check. Exit code 1 on any violation.
"""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.campaigns.children import Child, Job, free_port, run_tills, serve, tills, wait_for
from benchmarks.campaigns.history import Recorder, begun_and_finished, lines
from benchmarks.campaigns.plays import EVENING, Play, rules, stage
from benchmarks.campaigns.setting import Setting, parser, place, setting, told
from benchmarks.campaigns.tills import EngineDoor, HttpDoor, replay

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


class Killer:
    """Lets a process live until something was answered, and a random while more; verifies the books now and then."""

    def __init__(self, at: Setting, log: Path, pick: random.Random, run: Run) -> None:
        self._at, self._log, self._pick, self._run = at, log, pick, run

    def go(self, child: Child, kills: int) -> None:
        """Leaves a process running."""
        child.start()
        while child.kills < kills and not self._run.wrong:
            self._let_live(child)
            if not child.kill():
                self._run.wrong.append("a process ended by itself: see its log")
                return
            if child.kills % BETWEEN_VERIFICATIONS == 0:
                self._run.wrong += self._at.findings()
            child.start()
        self._run.kills = child.kills

    def _let_live(self, child: Child) -> None:
        before, until = _ends(self._log), time.monotonic() + 60
        while child.is_running and _ends(self._log) == before and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(self._pick.random() ** 2 * LONGEST_LIFE)


def _ends(log: Path) -> int:
    """How often it says that somebody was answered."""
    return log.read_bytes().count(b'"comp":{') if log.exists() else 0


def attack_engine(at: Setting, kills: int, threads: int, seed: int) -> Run:
    """Engine and tills in one process."""
    begun, run = time.monotonic(), Run("engine")
    play, log, go = _play(at, seed), at.folder / "engine.jsonl", at.folder / "engine.go"
    go.touch()
    endless = Job(at.shop, play, log, go, threads, ENDLESS)
    child = Child(tills, endless)
    Killer(at, log, random.Random(f"{seed} engine"), run).go(child, kills)
    child.kill()
    keys, _ = begun_and_finished(log)
    last = Child(tills, endless._replace(keys=1 + max(int(key.rpartition("-")[2]) for key in keys)))
    last.start()
    last.wait()
    if last.failed:
        run.wrong.append("the last process ended with a fault")
    replay(EngineDoor(at.engine), log, play, sorted(keys))
    return _checked(at, play, log, run, begun)


def attack_server(at: Setting, kills: int, threads: int, seed: int) -> Run:
    """`empower serve`, and tills that live on."""
    begun, run, pick = time.monotonic(), Run("serve"), random.Random(f"{seed} serve")
    play, log, port = _play(at, seed), at.folder / "serve.jsonl", free_port(random.Random())
    key = at.engine.create_key(scopes=["pos"], at=["*"], name="till", by="campaign").key
    child, recorder, over = Child(serve, at.shop, port, at.folder / "serve.log"), Recorder(log), threading.Event()
    doors = [HttpDoor(port, key, kept=number % 2 == 0) for number in range(threads)]
    crowd = Crowd(doors, recorder, play, over)
    crowd.start()
    try:
        Killer(at, log, pick, run).go(child, kills)
        over.set()
        crowd.join()
        run.wrong += crowd.wrong
        wait_for(port, child)
        replay(HttpDoor(port, key, kept=True), log, play, sorted(begun_and_finished(log)[0]))
    finally:
        over.set()
        child.end()
        recorder.close()
    return _checked(at, play, log, run, begun)


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


def _checked(at: Setting, play: Play, log: Path, run: Run, begun: float) -> Run:
    found = at.checked(play.stage, [log])
    run.requests = len({said["key"] for said in lines(log) if said.get("does") == "request"})
    run.calls, run.answered, run.again, run.entries = found.calls, found.answered, found.again, found.entries
    run.wrong += found.wrong
    run.seconds = time.monotonic() - begun
    return run


def campaign(url: str, folder: Path, *, kills: int, threads: int, seed: int, modes: tuple[str, ...]) -> list[Run]:
    """The modes, one after another, in one store."""
    attacks = {"engine": attack_engine, "serve": attack_server}
    with setting(url, folder, rules()) as at:
        return [attacks[mode](at, kills, threads, seed) for mode in modes]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=100, help="of each mode")
    options.add_argument("--mode", choices=["serve", "engine", "both"], default="both")
    options.add_argument("--tills", type=int, default=6, help="that ask at the same time")
    asked = options.parse_args()
    modes = ("engine", "serve") if asked.mode == "both" else (asked.mode,)
    with place(asked.store) as (url, folder):
        runs = campaign(url, folder, kills=asked.kills, threads=asked.tills, seed=asked.seed, modes=modes)
    title = f"kill -9 under the load of {asked.tills} tills, {url.partition(':')[0]}"
    raise SystemExit(told(title, COLUMNS, [run.row for run in runs], [what for run in runs for what in run.wrong]))


if __name__ == "__main__":
    main()

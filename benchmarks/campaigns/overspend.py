"""The overspend campaign: many processes ask for more than a budget has room for; exactly that much is approved.

    python -m benchmarks.campaigns.overspend [--store WHERE] [--room 600] [--processes 3] [--threads 4]

N processes with an engine each, of M threads each, ask for half as many holds again as there is room for: of a budget
of one location, then of one across several; then both again while processes are killed with -9 and started again. What
was acknowledged counts. Meanwhile somebody looks on: at no moment may more be held than there is room for. Then all
keys are asked with once more and must get their first answers; then the history check, and `verify --replay`. Exit
code 1 on any violation.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.campaigns.children import Child, Job, tills
from benchmarks.campaigns.history import begun_and_finished, calls
from benchmarks.campaigns.history import size as size_of
from benchmarks.campaigns.plays import AMOUNT, ROOM_EVERYWHERE, ROOM_HERE, Play, rules, stage
from benchmarks.campaigns.setting import Setting, parser, place, setting, told
from benchmarks.campaigns.tills import EngineDoor, replay

COLUMNS = ["budget", "asked", "room", "approved", "most seen", "kills", "calls", "seconds"]
LONGEST_LIFE = 0.05
"""Seconds, from the first line of whoever was started to the kill."""


@dataclass
class Run:
    """What came of one attack on one budget."""

    budget: str
    asked: int
    room: int
    approved: int = 0
    most: int = 0
    kills: int = 0
    calls: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def row(self) -> list[str]:
        numbers = (self.asked, self.room, self.approved, self.most, self.kills, self.calls)
        return [self.budget, *map(str, numbers), f"{self.seconds:.1f}"]


@dataclass(frozen=True)
class Size:
    """How much is thrown at it."""

    room: int
    processes: int
    threads: int
    locations: int
    kills: int
    seed: int


def attack(at: Setting, size: Size, *, wide: bool, kills: int) -> Run:
    """One budget with room for so many holds, and half as many again that ask."""
    begun = time.monotonic()
    here = stage(rules(size.room), {"ana": (ROOM_EVERYWHERE if wide else ROOM_HERE,)}, size.locations if wide else 1)
    at.open(here)
    each = -(-(size.room + size.room // 2 + 1) // size.processes)
    run = Run(("group" if wide else "location") + (" + kills" if kills else ""), each * size.processes, size.room)
    go, play = at.folder / f"{here.locations[0]}.go", Play(here, "room", size.seed)
    logs = [go.with_suffix(f".{number}.jsonl") for number in range(size.processes)]
    _hammer(
        at,
        run,
        [Job(at.shop, play, log, go, size.threads, each) for log in logs],
        kills,
        random.Random(f"{size.seed} {wide}"),
    )
    for log in logs:
        replay(EngineDoor(at.engine), log, play, sorted(begun_and_finished(log)[0]))
    comps = [call.outcome.comp for call in calls(logs) if call.outcome.comp]
    run.approved = len({comp["id"] for comp in comps if comp["status"] == "approved"})
    found = at.checked(here, logs)
    run.calls = found.calls
    run.wrong += found.wrong
    if run.approved != size.room:
        run.wrong.append(f"{run.approved} approved, of room for {size.room}")
    if run.most > size.room:
        run.wrong.append(f"{run.most} held at once, of room for {size.room}")
    run.seconds = time.monotonic() - begun
    return run


def _hammer(at: Setting, run: Run, jobs: list[Job], kills: int, pick: random.Random) -> None:
    """All at once, until each has done its part."""
    children = [Child(tills, job) for job in jobs]
    for child in children:
        child.start()
    watch = Watch(at, set(jobs[0].play.stage.locations))
    jobs[0].go.touch()
    with watch:
        _kill(children, jobs, kills, pick)
        for child in children:
            child.wait()
    run.kills, run.most = sum(child.kills for child in children), watch.most
    run.wrong += ["a process ended with a fault" for child in children if child.failed]


class Watch:
    """Looks at what is held, again and again, from beside."""

    def __init__(self, at: Setting, locations: set[str]) -> None:
        self._at, self._locations = at, locations
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most = 0

    def _look(self) -> None:
        while not self._over.wait(0.02):
            with self._at.engine.store.read() as unit:
                rows = unit.rows("SELECT location, held_minor + captured_minor - reversed_minor FROM comp", {})
            held = sum(amount for location, amount in rows if location in self._locations)
            self.most = max(self.most, held // AMOUNT)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()


def _kill(children: list[Child], jobs: list[Job], kills: int, pick: random.Random) -> None:
    """Kill one after another, once it has written something since its start, and start it again."""
    for _ in range(kills):
        able = [pair for pair in zip(children, jobs, strict=True) if pair[0].is_running]
        if not able:
            return
        child, job = pick.choice(able)
        before = size_of(job.log)
        while child.is_running and size_of(job.log) == before:
            time.sleep(0.001)
        time.sleep(pick.uniform(0, LONGEST_LIFE))
        if child.kill():
            child.start()


def campaign(url: str, folder: Path, size: Size) -> list[Run]:
    """All four attacks, in one store."""
    with setting(url, folder, rules(size.room)) as at:
        return [attack(at, size, wide=wide, kills=kills) for kills in (0, size.kills) for wide in (False, True)]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--room", type=int, default=600, help="holds that the budget has room for")
    options.add_argument("--processes", type=int, default=3)
    options.add_argument("--threads", type=int, default=4, help="of each process")
    options.add_argument("--locations", type=int, default=4, help="of the budget across locations")
    options.add_argument("--kills", type=int, default=20, help="in the runs with crashes, each")
    asked = options.parse_args()
    size = Size(asked.room, asked.processes, asked.threads, asked.locations, asked.kills, asked.seed)
    with place(asked.store) as at:
        runs = campaign(at.url, at.folder, size)
    title = f"overspend: {size.processes} processes x {size.threads} threads, {asked.store.partition(':')[0]}"
    raise SystemExit(told(title, COLUMNS, [run.row for run in runs], [what for run in runs for what in run.wrong]))


if __name__ == "__main__":
    main()

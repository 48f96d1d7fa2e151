"""The campaign of lost answers: what is sent to a server, and to its database, is held up, lost, torn, or comes twice.

    python -m benchmarks.campaigns.lost_answers [--store WHERE] [--requests 600] [--tills 8]

Tills ask two `empower serve` on one store through a wire that loses requests and answers, and lets some requests arrive
twice, at once at both servers, or once more long after they were answered; on PostgreSQL the servers' own connections
go through another wire, which loses statements, commits, and the answers to commits. Tills ask again with the same key
until they are answered. In the end every key is asked once more and must get its first answer; counters must equal the
books (`verify --replay`), and no key may have been given twice; then the history check. Exit code 1 on any violation.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.campaigns.children import Child, free_ports, last_words, run_tills, serve, server_log, wait_for
from benchmarks.campaigns.history import Recorder
from benchmarks.campaigns.plays import EVENING, Play, rules, stage
from benchmarks.campaigns.setting import Setting, parser, place, setting, told
from benchmarks.campaigns.tills import HttpDoor, replay
from benchmarks.campaigns.wire import DatabaseWire, HttpWire, Luck

LOCATIONS = 2
SERVERS = 2


@dataclass
class Run:
    """What came of it."""

    requests: int
    lost: Counter[str]
    calls: int = 0
    answered: int = 0
    again: int = 0
    entries: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[list[str]]:
        numbers = {"requests, each with a key": self.requests, "calls": self.calls, "answered": self.answered}
        numbers |= {"answers compared with the first": self.again, "entries": self.entries}
        numbers |= {f"- {what}": times for what, times in sorted(self.lost.items()) if what}
        return [[what, str(times)] for what, times in numbers.items()] + [["seconds", f"{self.seconds:.0f}"]]


def attack(at: Setting, requests: int, threads: int, seed: int) -> Run:
    """Wires before the server and before its database."""
    begun = time.monotonic()
    here = stage(rules(), EVENING, LOCATIONS)
    at.open(here)
    play, log = Play(here, "evening", seed), at.folder / "lost.jsonl"
    key = at.engine.create_key(scopes=["pos"], at=["*"], name="till", by="campaign").key
    luck, (outside, *ports) = Luck(seed), free_ports(1 + SERVERS)
    run = Run(requests, luck.seen)
    with ExitStack() as wires:
        shop = at.shop
        if not shop.url.startswith("sqlite"):
            shop = shop._replace(url=wires.enter_context(DatabaseWire(shop.url, luck)).url)
        children = [Child(serve, shop, port, server_log(at.folder, port)) for port in ports]
        for port, child in zip(ports, children, strict=True):
            wires.callback(child.end)
            child.start()
            wait_for(port, child, server_log(at.folder, port))
        wire = wires.enter_context(HttpWire(ports, outside, luck))
        recorder = Recorder(log)
        try:
            doors = [HttpDoor([wire.port], key, kept=False) for _ in range(threads)]
            run_tills(doors, recorder, play, _keys(requests))
        except Exception as error:  # noqa: BLE001  told in the table
            run.wrong.append(f"a till gave up: {error!r}")
        recorder.close()
        logs = [server_log(at.folder, port) for port in ports]
        ended = [last_words(known) for known, child in zip(logs, children, strict=True) if not child.is_running]
        run.wrong += [f"a server ended: {words}" for words in ended]
        luck.end()
        replay(HttpDoor(ports, key, kept=True), log, play, list(_keys(requests)))
    found = at.checked(here, [log])
    run.calls, run.answered, run.again, run.entries = found.calls, found.answered, found.again, found.entries
    run.wrong += found.wrong
    run.seconds = time.monotonic() - begun
    return run


def _keys(requests: int) -> Iterator[str]:
    return (f"till-{number:05}" for number in range(requests))


def campaign(url: str, folder: Path, *, requests: int, threads: int, seed: int) -> Run:
    """In one store."""
    with setting(url, folder, rules()) as at:
        return attack(at, requests, threads, seed)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--requests", type=int, default=600)
    options.add_argument("--tills", type=int, default=8, help="that ask at the same time")
    asked = options.parse_args()
    with place(asked.store) as at:
        run = campaign(at.url, at.folder, requests=asked.requests, threads=asked.tills, seed=asked.seed)
    title = f"lost answers, {asked.tills} tills, {asked.store.partition(':')[0]}"
    raise SystemExit(told(title, ["what", "times"], run.rows, run.wrong))


if __name__ == "__main__":
    main()

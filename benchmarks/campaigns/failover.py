"""The failover campaign: the primary of a synchronous cluster under Patroni is killed under load, again and again.

    python -m benchmarks.campaigns.failover [--rounds 6] [--kinds postmaster,node,switchover,frozen,unattended]

Three nodes on loopback, each of etcd, Patroni and PostgreSQL, commits on the primary and a standby; engines with tills
of their own, in several processes, over a URL that names all nodes. In each round, of the node that is the primary:

- `postmaster`: PostgreSQL's first process is killed with -9;
- `node`: all of it is, Patroni and etcd as well;
- `switchover`: Patroni is asked for another primary;
- `frozen`: all of it is stopped, until another node is the primary, and goes on as if nothing had been;
- `unattended`: Patroni alone is killed, so that PostgreSQL goes on beside the new primary, until Patroni comes back.

After each round every entry that was answered with must be in the books; in the end all keys are asked once more and
must get their first answers, `verify --replay` must hold, and so must the history check. Exit code 1 on any violation.
Needs Debian's packages `patroni python3-etcd etcd-server postgresql`. Every wait has an end; so has a run.
"""

import argparse
import itertools
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.campaigns.check import State, state_of
from benchmarks.campaigns.children import Child, Job, Shop, run_tills
from benchmarks.campaigns.history import Call, Recorder, begun_and_finished, calls
from benchmarks.campaigns.patroni import Cluster, MissingError, Node, Stuck, cluster, wait
from benchmarks.campaigns.plays import EVENING, Play, rules, stage
from benchmarks.campaigns.setting import Setting, opened_past, setting, told
from benchmarks.campaigns.tills import EngineDoor, replay
from benchmarks.signals import ended_by_signals

COLUMNS = ["kind", "primary", "gap s", "answered", "lost", "unanswered", "seconds"]
LOCATIONS = 4
ENDLESS = 1_000_000
BEFORE_SECONDS, AFTER_SECONDS = 2.0, 2.0
"""Of load with nothing wrong, before a fault and after it."""
LONGER_SECONDS = 3.0
"""How long a primary that nobody wants any more lives on beside the new one."""
NANO = 1e9


# Faults

Fault = Callable[[Cluster, Node], None]


def _postmaster(_at: Cluster, primary: Node) -> None:
    primary.signal(signal.SIGKILL, primary.postmaster() or 0)


def _node(_at: Cluster, primary: Node) -> None:
    primary.kill()


def _switchover(at: Cluster, primary: Node) -> None:
    at.switch(primary)


def _frozen(_at: Cluster, primary: Node) -> None:
    primary.signal(signal.SIGSTOP, *primary.processes())


def _unattended(_at: Cluster, primary: Node) -> None:
    primary.kill_patroni()


class Kind(NamedTuple):
    """A fault, and what is looked for then."""

    fault: Fault
    lives_on: bool = False
    """Whether the old primary answers still, or will again: tills may wait for it until it is mended."""


KINDS = {
    "postmaster": Kind(_postmaster),
    "node": Kind(_node),
    "switchover": Kind(_switchover),
    "frozen": Kind(_frozen, lives_on=True),
    "unattended": Kind(_unattended, lives_on=True),
}


# What came of it


@dataclass
class Round:
    """One fault, and what the tills saw of it."""

    kind: str
    primary: str = ""
    gap: float = 0.0
    """Seconds: the longest time without an answer to anybody."""
    answered: int = 0
    lost: int = 0
    unanswered: int = 0
    """Calls that were told to ask again, or died over it."""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def row(self) -> list[str]:
        numbers = (self.answered, self.lost, self.unanswered)
        return [self.kind, self.primary, f"{self.gap:.1f}", *map(str, numbers), f"{self.seconds:.0f}"]


def longest_gap(ends: Iterable[int], begin: int, end: int) -> float:
    """Seconds between two answers, or between one and the begin or the end; of moments in nanoseconds."""
    moments = sorted([begin, *(moment for moment in ends if begin <= moment <= end), end])
    return max(late - early for early, late in itertools.pairwise(moments)) / NANO


def lost(history: Iterable[Call], state: State) -> list[str]:
    """What was answered with an entry that is not in the books."""
    there = {(line.location, line.seq, line.hash) for book in state.books.values() for line in book}
    return [
        f"{call.does} {call.key or call.asked['comp']}: lost entry {entry['seq']} of {entry['location']}"
        for call in history
        for entry in (call.outcome.comp or {}).get("entries", ())
        if (entry["location"], entry["seq"], entry["leaf"]) not in there
    ]


def measured(history: list[Call], begin: int, end: int, into: Round) -> None:
    """What was answered between two moments, and what was not."""
    known = [call for call in history if call.outcome.is_known and call.end is not None and begin <= call.end <= end]
    into.gap = longest_gap([call.end or 0 for call in known], begin, end)
    into.answered = len(known)
    into.unanswered = sum(begin <= (call.end or end) <= end for call in history if not call.outcome.is_known)


# Load


def paced(job: Job, each_seconds: float) -> None:
    """Tills that begin a request every so often, without an end: the body of a process."""
    with job.shop.open() as engine:
        recorder = Recorder(job.log)
        run_tills([EngineDoor(engine)] * job.threads, recorder, job.play, _slowly(job.left(), each_seconds))
        recorder.close()


def _slowly(keys: Iterator[str], each_seconds: float) -> Iterator[str]:
    due = time.monotonic()
    for key in keys:
        due = max(due + each_seconds, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))
        yield key


class Size(NamedTuple):
    """How much is thrown at it."""

    kinds: tuple[str, ...]
    processes: int = 2
    tills: int = 6
    rate: float = 60.0
    """Requests a second that are begun, at most, by all together."""
    seed: int = 1


class Load:
    """Processes of engine and tills, from the first round to the last."""

    def __init__(self, at: Setting, play: Play, size: Size) -> None:
        self.logs = [at.folder / f"tills{number}.jsonl" for number in range(size.processes)]
        self._each = size.processes / size.rate
        self._jobs = [Job(at.shop, play, log, at.folder, size.tills, ENDLESS) for log in self.logs]
        self._children = [Child(paced, job, self._each) for job in self._jobs]

    def start(self) -> None:
        for child in self._children:
            child.start()

    def history(self) -> list[Call]:
        return calls(self.logs)

    def failed(self) -> bool:
        return any(child.failed for child in self._children)

    def wait_answered(self, since: int) -> None:
        """Until every process was answered something that it asked after a moment."""

        def answered() -> bool:
            if self.failed():
                raise Stuck("tills: a process ended with a fault")
            begun = (calls([log]) for log in self.logs)
            return all(any(call.start > since and call.outcome.is_known for call in log) for log in begun)

        wait("an answer", answered)

    def finish(self) -> bool:
        """Kill all, and have what they had begun asked again, to its end; whether it came to one."""
        self.kill()
        last = [Child(paced, job._replace(keys=0), 0.0) for job in self._jobs]
        for child in last:
            child.start()
        for child in last:
            child.wait()
        return not any(child.failed for child in last)

    def kill(self) -> None:
        for child in self._children:
            child.kill()


# The campaign


def attack(at: Setting, servers: Cluster, size: Size) -> list[Round]:
    """One round after another under one load; then everything is asked again, and checked."""
    play = Play(stage(rules(), EVENING, LOCATIONS), "evening", size.seed)
    at.open(play.stage)
    load = Load(at, play, size)
    rounds: list[Round] = []
    try:
        load.start()
        load.wait_answered(0)
        for kind in size.kinds:
            rounds.append(Round(kind))
            _round(servers, load, play, at.shop, rounds[-1])
        rounds.append(_end(at, load, play))
    except Stuck as error:
        rounds.append(Round("stuck", wrong=[str(error)]))
    finally:
        load.kill()
    return rounds


def _round(servers: Cluster, load: Load, play: Play, shop: Shop, into: Round) -> None:
    kind, begun = KINDS[into.kind], time.monotonic_ns()
    time.sleep(BEFORE_SECONDS)
    primary = servers.leader()
    if primary is None:
        raise Stuck("a round: there is no primary")
    others = [node for node in servers.nodes if node is not primary]
    kind.fault(servers, primary)
    struck = time.monotonic_ns()
    wait("another primary", lambda: (servers.leader(others) or primary) is not primary)
    if kind.lives_on:
        time.sleep(LONGER_SECONDS)
        servers.mend()
    load.wait_answered(time.monotonic_ns() if kind.lives_on else struck)
    time.sleep(AFTER_SECONDS)
    servers.mend()
    ended, now = time.monotonic_ns(), servers.leader()
    into.primary = f"{primary.number} → {'none' if now is None else now.number}"
    with opened_past(shop) as store:
        history = load.history()
        missing = lost((call for call in history if (call.end or ended) <= ended), state_of(store, play.stage))
    measured(history, begun, ended, into)
    into.lost, into.seconds = len(missing), (ended - begun) / NANO
    into.wrong += missing[:5]


def _end(at: Setting, load: Load, play: Play) -> Round:
    """All keys again, every decision decided again, and the history check."""
    begun, last = time.monotonic(), Round("all again")
    if not load.finish():
        last.wrong.append("the last processes of tills ended with a fault")
    before = load.history()
    for log in load.logs:
        replay(EngineDoor(at.engine), log, play, sorted(begun_and_finished(log)[0]))
    found = at.checked(play.stage, load.logs)
    last.answered, last.unanswered = found.answered, found.calls - found.answered
    with opened_past(at.shop) as store:
        last.lost = len(lost(before, state_of(store, play.stage)))
    last.wrong += found.wrong
    last.seconds = time.monotonic() - begun
    return last


def campaign(servers: Cluster, size: Size) -> list[Round]:
    """The rounds, in a store of their own."""
    with (
        tempfile.TemporaryDirectory(prefix="empower-campaign-") as name,
        setting(servers.url, Path(name), rules()) as at,
    ):
        return attack(at, servers, size)


def _kinds(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in KINDS:
            raise argparse.ArgumentTypeError(f"`{name}` is no kind: choose among {', '.join(KINDS)}")
    return names


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=6, help="how many faults, of each kind in turn")
    options.add_argument("--kinds", type=_kinds, default=("postmaster", "node", "switchover"), metavar="KIND,…")
    options.add_argument("--processes", type=int, default=2, help="of engine and tills")
    options.add_argument("--tills", type=int, default=6, help="in each of them")
    options.add_argument("--rate", type=float, default=60.0, help="requests a second that are begun at most")
    options.add_argument("--seed", type=int, default=1, help="of what is asked")
    asked = options.parse_args()
    kinds = tuple(itertools.islice(itertools.cycle(asked.kinds), asked.rounds))
    try:
        with ended_by_signals(), cluster() as servers:
            rounds = campaign(servers, Size(kinds, asked.processes, asked.tills, asked.rate, asked.seed))
    except MissingError as error:
        raise SystemExit(f"failover: {error}") from None
    wrong = [what for found in rounds for what in found.wrong]
    raise SystemExit(told("failover under Patroni", COLUMNS, [found.row for found in rounds], wrong))


if __name__ == "__main__":
    main()

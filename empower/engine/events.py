"""Events, read from the books: what an entry is to somebody who listens, and when the ladder of a comp is climbed.

The books are the outbox. What is told is what was committed, nothing is written for it, and a request is no slower
for those who listen. A climb stands in no book: it is told if the comp still waits at that moment.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from empower.core.comp import Status
from empower.core.entry import Entry, content, moment_of, stamp
from empower.core.event import Body, Event, asked_first, climb_of, event_of, rungs
from empower.engine.desk import Desk
from empower.store import Unit
from empower.store.feed import moves, waiting


class Climb(NamedTuple):
    """A rung of the ladder that is reached at a moment, if the comp waits until then."""

    at: str
    location: str
    seq: int
    """The entry that decided the comp."""
    comp: str
    rung: int
    asked: tuple[str, ...]


def events(desk: Desk, unit: Unit, location: str, since: int, until: int) -> Iterator[tuple[Entry, Event]]:
    """The entries of a book that are events, from seq `since` to before `until`, with those."""
    firsts: dict[str, Body] = {}
    while since < until and (lines := moves(unit, location, since, until)):
        for line in lines:
            event = _event(desk, unit, line, firsts)
            if event is not None:
                yield line, event
        since = lines[-1].seq + 1


def _event(desk: Desk, unit: Unit, line: Entry, firsts: dict[str, Body]) -> Event | None:
    """The event that an entry is; `firsts` keeps what the decisions said, by comp."""
    comp = str(line.comp)
    first = firsts.get(comp)
    if first is None:
        decided = line if line.kind == "decision" else _decision(unit, comp)
        if decided is None:
            return None
        first = firsts[comp] = content(decided.leaf)["body"]
    is_pending = first["decision"]["outcome"] == "escalate"
    return event_of(line, first, asked_first(first, _step(desk, unit, first)) if is_pending else [])


def _decision(unit: Unit, comp_id: str) -> Entry | None:
    comp = unit.comp(comp_id)
    return None if comp is None else unit.entry(comp.location, comp.seq)


def _step(desk: Desk, unit: Unit, first: Body) -> int | None:
    """How long each rung has, by the policy that decided."""
    return desk.rules.kept(unit, first["policy"]).policy.approval.climb_after_seconds


def climbs(desk: Desk, unit: Unit, lines: Iterable[Entry]) -> Iterator[Climb]:
    """The rungs that the comps of entries will reach if they wait long enough; only decisions make comps."""
    for line in lines:
        first: Body | None = content(line.leaf)["body"] if line.kind == "decision" else None
        if first is None or first["decision"]["outcome"] != "escalate":
            continue
        for number, (at, asked) in enumerate(rungs(first, _step(desk, unit, first), line.recorded_at), 1):
            if stamp(at) < first["expires_at"]:
                yield Climb(stamp(at), line.location, line.seq, str(line.comp), number, tuple(asked))


def waiting_climbs(
    desk: Desk, unit: Unit, location: str, policy: str, now: str, since: str | None = None
) -> Iterator[Climb]:
    """The rungs of the comps that wait at a location now; with `since`, those that may have been reached since then.

    `policy` is the one in force there, by digest: where it has no ladder, there are none.
    """
    rules = desk.rules.kept(unit, policy).policy
    if not rules.approval.climb_after_seconds:
        return
    step, made = timedelta(seconds=rules.approval.climb_after_seconds), None
    if since is not None:
        spans = [number * step for number in range(1, len(rules.roles) + 1)]
        made = [(stamp(moment_of(since) - back), stamp(moment_of(now) - back)) for back in spans]
    yield from climbs(desk, unit, waiting(unit, location, now, made))


def climbed(unit: Unit, climb: Climb) -> Event | None:
    """The event that a rung is reached; None if the comp waits no more."""
    comp = unit.comp(climb.comp)
    line = unit.entry(climb.location, climb.seq)
    if comp is None or line is None or comp.status is not Status.PENDING:
        return None
    return climb_of(line, content(line.leaf)["body"], climb.rung, climb.asked, moment_of(climb.at))

"""Shadows: a candidate that decides beside what is in force, without effect.

It follows the books behind their writers, so it can neither slow a live answer nor fail one: every request that was
written down is decided again by the counters as they really were, and where the answers differ it is counted.
"""

import heapq
from itertools import islice, takewhile
from pathlib import Path

from empower.core.backtest import Backtest, Counters
from empower.core.entry import stamp
from empower.core.errors import ConflictError, PolicyError
from empower.core.flips import Flips
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.engine.backtesting import take_entry
from empower.engine.desk import Desk
from empower.policy import PolicySet
from empower.store import Store, Unit
from empower.store.listing import books
from empower.store.publishing import Shadow, add_shadow, end_shadow, history, shadows

AT_ONCE = 500
"""Entries between two pauses, so that whoever answers guests comes first."""
FEWEST = 50
"""Entries of a book that are read at once."""


class Follower:
    """Follows the books beside one shadow."""

    def __init__(self, shadow: Shadow) -> None:
        """From the first entry of each book: what came before the shadow fills the counters."""
        self.shadow = shadow
        self.flips = Flips()
        self.failures = 0
        """Entries that could not be looked at."""
        self._policies = PolicySet(Policy.load(text) for text in shadow.policies.values())
        self._compiled = {policy.digest: CompiledPolicy(policy) for policy in self._policies}
        self._wide: dict[str, Counters] = {digest: {} for digest in self._compiled}
        self._tests: dict[str, Backtest] = {}
        self._next: dict[str, int] = {}

    @property
    def errors(self) -> int:
        """Decisions of the candidate that failed, and entries that could not be looked at."""
        return self.failures + sum(test.errors for test in self._tests.values())

    def advance(self, unit: Unit, most: int = AT_ONCE) -> int:
        """Look at so many entries more, in the order of time; how many there were."""
        names, until = self._governed(unit), self.shadow.ended_at or "~"
        chunk = max(FEWEST, most // max(1, len(names)))
        walks = [
            takewhile(lambda entry: entry.at <= until, history(unit, name, self._next.get(name, 0), chunk))
            for name in names
        ]
        found = list(islice(heapq.merge(*walks, key=lambda entry: entry.at), most))
        for entry in found:
            self._next[entry.location] = entry.seq + 1
            test = self._tests[entry.location]
            before = entry.seq < self.shadow.starts.get(entry.location, 0)
            try:
                take_entry(test, self.flips, entry, "~" if before else "")
            except Exception:  # noqa: BLE001  a candidate may fail as it likes: it is counted
                self.failures += 1
        return len(found)

    def _governed(self, unit: Unit) -> list[str]:
        for book in books(unit):
            policy = self._policies.policy_for(book.location)
            if policy is not None and book.location not in self._tests:
                compiled, wide = self._compiled[policy.digest], self._wide[policy.digest]
                self._tests[book.location] = Backtest(compiled, self.flips.take, wide, real=True)
        return sorted(self._tests)


def begin(store: Store, desk: Desk, candidate: PolicySet, source: Path, *, by: str) -> Shadow:
    """Watch a candidate from now on, in place of any other; raises `PolicyError` if it governs no open location."""

    def job(unit: Unit) -> Shadow:
        heads = books(unit)
        if not any(candidate.policy_for(head.location) for head in heads):
            raise PolicyError("the candidate governs none of the open locations", code="governs_nothing")
        known, now = shadows(unit), stamp(desk.clock())
        for row in known:
            if row.ended_at is None:
                end_shadow(unit, row.id, now)
        made = Shadow(
            known[-1].id + 1 if known else 1,
            now,
            by,
            str(source),
            {policy.id: policy.text.decode() for policy in candidate},
            {head.location: head.size for head in heads},
            None,
        )
        add_shadow(unit, made)
        return made

    return store.write(job, alone=True)


def stop(store: Store, desk: Desk) -> Shadow:
    """Watch it no longer; raises `ConflictError` if nothing is watched."""

    def job(unit: Unit) -> Shadow:
        row = running(unit)
        if row is None:
            raise _none()
        end_shadow(unit, row.id, stamp(desk.clock()))
        return row

    return store.write(job, alone=True)


def running(unit: Unit) -> Shadow | None:
    """The candidate that is watched now."""
    return next((row for row in reversed(shadows(unit)) if row.ended_at is None), None)


def caught_up(store: Store) -> Follower:
    """Of the candidate that is or was watched last, a follower that has seen every entry of its time.

    Raises `ConflictError` if none ever was.
    """
    with store.read() as unit:
        known = shadows(unit)
        if not known:
            raise _none()
        found = Follower(known[-1])
        while found.advance(unit, 100 * AT_ONCE):
            pass
    return found


def _none() -> ConflictError:
    return ConflictError("no candidate is watched: begin with `empower policy shadow DIR`", code="no_shadow")

"""Verification: every entry of every book, and everything that is made from them, held against each other."""

import hmac
from collections.abc import Callable
from typing import Any

from empower.core import merkle
from empower.core.canonical import digest
from empower.core.comp import Comp
from empower.core.entry import Entry, commitment, stamp
from empower.core.measure import Charging, measures_of, parse_measure
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.ledger.findings import BookReport, LedgerFinding, Report
from empower.ledger.lines import Chain
from empower.ledger.rebuild import Rebuilt, compare_counters, counted
from empower.ledger.replay import Replay
from empower.store import Book, Store, Unit
from empower.store.listing import answered_comps, books, counters, notes, places, policies, walk, walk_comps

__all__ = ["BookReport", "LedgerFinding", "Report", "verify"]

Progress = Callable[[int, int], None]
"""Told how many entries are walked, of how many."""


def verify(
    store: Store, location: str | None = None, *, replay: bool = False, progress: Progress | None = None
) -> Report:
    """Hold the books of a store, or one of them, against themselves and all that is made from them.

    `replay` also decides every decision again. What spans locations is checked when all are.
    """
    with store.read() as unit:
        found = [book for book in books(unit) if location in (None, book.location)]
        audit = _Audit(unit, replay=replay, total=sum(book.size for book in found), progress=progress)
        reports = [audit.book(book) for book in found]
        if location is None:
            reports.extend(audit.groups())
    return Report([*audit.policy_reports(), *reports])


class _Audit:
    """One verification: what is learnt of a book is needed again for the groups."""

    def __init__(self, unit: Unit, *, replay: bool, total: int, progress: Progress | None) -> None:
        self._unit = unit
        self._replay = replay
        self._total = total
        self._done = 0
        self._progress = progress
        self._granted: list[Comp] = []
        self._locations: set[str] = set()
        self._policy_report = BookReport("policies")
        self._policies = self._load_policies()

    def _load_policies(self) -> dict[str, CompiledPolicy]:
        found = {}
        for name, policy_id, text in policies(self._unit):
            if digest(text) != name:
                self._policy_report.add("policies", f"the text kept under `{name}` has the digest `{digest(text)}`")
                continue
            try:
                policy = Policy.load(text)
            except ValueError as error:
                self._policy_report.add("policies", f"the text of `{name}` is no policy: {error}")
                continue
            if policy.id != policy_id:
                self._policy_report.add("policies", f"`{name}` is policy `{policy.id}`, the column says `{policy_id}`")
            found[name] = CompiledPolicy(policy)
        return found

    def policy_reports(self) -> list[BookReport]:
        """What is wrong with the policies that are kept, if anything is."""
        return [self._policy_report] if self._policy_report.findings else []

    def book(self, book: Book) -> BookReport:
        """One book from its first entry to its head, and its projections."""
        self._locations.add(book.location)
        report = BookReport(book.location)
        chain, rebuilt = Chain(report), Rebuilt(report)
        replay = Replay(report, self._policies.get) if self._replay else None
        kept = _Notes(report, notes(self._unit, book.location))
        policy = ""
        for line in walk(self._unit, book.location):
            said = chain.take(line)
            if said is not None:
                rebuilt.take(line, said)
                kept.take(line, said["body"])
                if replay is not None:
                    replay.take(line, said)
                if line.kind in ("open", "policy"):
                    policy = said["body"].get("policy", "")
            self._step()
        kept.end()
        report.root_hex = merkle.root(chain.frontier).hex()
        _head(report, book, chain, policy)
        rebuilt.compare(walk_comps(self._unit, book.location))
        self._counters(report, book, rebuilt)
        self._pointers(report, book, rebuilt)
        self._granted += [comp for comp in rebuilt.comps.values() if comp.authority is not None]
        return report

    def _step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _counters(self, report: BookReport, book: Book, rebuilt: Rebuilt) -> None:
        policy = self._policies.get(book.policy)
        if policy is None:
            report.add("policies", f"the policy in force, `{book.policy}`, is lost")
            return
        measured = self._unit.measured(book.location)
        expected = {measure.name for measure in policy.measures}
        if measured != expected:
            report.add("counters", f"the policy measures {sorted(expected)}, counted is {sorted(measured)}")
        stored = counters(self._unit, book.location)
        compare_counters(report, stored, counted(rebuilt.comps.values(), policy.charging))

    def _pointers(self, report: BookReport, book: Book, rebuilt: Rebuilt) -> None:
        for comp_id in answered_comps(self._unit, book.location):
            if comp_id not in rebuilt.comps:
                report.add("idempotency", f"a key points to comp `{comp_id}`, which is in no entry")
        expiries = [comp.expires_at for comp in rebuilt.comps.values() if comp.expires_at is not None]
        first = stamp(min(expiries)) if expiries else None
        if first is not None and (book.next_expiry is None or book.next_expiry > first):
            report.add("head", f"the next expiry is {first}, the head says `{book.next_expiry}`")

    def groups(self) -> list[BookReport]:
        """What is counted across locations: the sum of all the books."""
        reports = []
        for place in places(self._unit):
            if place in self._locations:
                continue
            report = BookReport(place)
            if not place.startswith("@"):
                report.add("counters", f"something is counted at `{place}`, which has no book")
            else:
                self._group(report, place)
            if report.findings:
                reports.append(report)
        return reports

    def _group(self, report: BookReport, place: str) -> None:
        named = [policy.policy for policy in self._policies.values() if f"@{policy.policy.id}" == place]
        possible = {measure.name for policy in named for measure in measures_of(policy) if measure.wide}
        measured = self._unit.measured(place)
        if not measured <= possible:
            report.add("counters", f"no policy measures {sorted(measured - possible)}")
        charging = Charging(parse_measure(name) for name in sorted(measured & possible))
        comps = [comp for comp in self._granted if f"@{comp.policy_id}" == place]
        compare_counters(report, counters(self._unit, place), counted(comps, charging))


class _Notes:
    """Holds the notes beside a book against the commitments in it; a note may have been erased."""

    def __init__(self, report: BookReport, kept: dict[int, tuple[bytes, str]]) -> None:
        self._report = report
        self._kept = kept

    def take(self, line: Entry, body: dict[str, Any]) -> None:
        """One entry more."""
        found = self._kept.pop(line.seq, None)
        if found is None:
            return
        said = (body.get("note") or {}).get("commitment", "")
        if not hmac.compare_digest(commitment(*found), said):
            self._report.add("notes", "the note is not the one that the entry commits to", line.seq)

    def end(self) -> None:
        """After the last entry."""
        for seq in sorted(self._kept):
            self._report.add("notes", "a note belongs to no entry", seq)


def _head(report: BookReport, book: Book, chain: Chain, policy: str) -> None:
    """The location's row against the entries."""
    if book.size != chain.size:
        report.add("head", f"the head counts {book.size} entries, there are {chain.size}")
    if book.frontier != chain.frontier:
        held = merkle.root(book.frontier).hex()
        report.add("root", f"the head's root is {held}, that of the entries {report.root_hex}")
    if book.recorded_at != chain.last_at:
        report.add("head", f"the head's last moment is {book.recorded_at}, that of the entries {chain.last_at}")
    if book.policy != policy:
        report.add("head", f"the head's policy is `{book.policy}`, that of the entries `{policy}`")

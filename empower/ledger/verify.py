"""Verification: every entry of every book, and everything that is made from them, held against each other."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from empower.core import merkle
from empower.core.canonical import digest
from empower.core.measure import Measure, measures_of, parse_measure
from empower.core.note import Key
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.ledger.approvers import check_pins
from empower.ledger.beside import check_answers, check_guests, check_own_guests
from empower.ledger.book import Walk
from empower.ledger.checked import check_checkpoints
from empower.ledger.continuity import WideNames, check_wide, seed_wide
from empower.ledger.findings import BookReport, Head, LedgerFinding, Report
from empower.ledger.published import Publications
from empower.ledger.rebuild import compare_counters
from empower.ledger.scratch import Row, Scratch
from empower.store import Store, Unit
from empower.store import auditing as stored
from empower.store.guards import guards

__all__ = ["BookReport", "Head", "LedgerFinding", "Report", "verify"]

Progress = Callable[[int, int], None]
"""Told how many entries are walked, of how many."""

GUARDS = {f"entry_no_{what}": f"BEFORE {what.upper()} ON entry" for what in ("update", "delete")}
GUARDS_ON_A_SERVER = GUARDS | {"entry_no_truncate": "BEFORE TRUNCATE ON entry"}
"""The triggers that keep a book append-only, and what each must say."""


def verify(
    store: Store,
    location: str | None = None,
    *,
    replay: bool = False,
    progress: Progress | None = None,
    heads: Iterable[Head] = (),
    keys: Iterable[Key] = (),
    since: Path | None = None,
) -> Report:
    """Hold the books of a store, or one of them, against themselves and all that is made from them.

    `replay` also decides every decision again, and counts again what each one read. `heads` are known from outside
    and must be met; so must the signed checkpoints that are kept, under `keys` where they are given. `since` keeps
    what was verified: where the file is there, only later entries are walked; it is written again when everything
    holds, and all books were looked at. What spans locations is checked when all are.
    """
    scratch = Scratch(since)
    try:
        with store.read(across=True) as unit:
            outside = tuple(heads)
            checked = check_checkpoints(unit, keys, location, outside)
            audit = Audit(unit, scratch, heads=(*outside, *checked.heads), progress=progress)
            report = checked.told(audit.run(location, replay=replay, dialect=store.engine.dialect.name))
        if since is not None and location is None and report.ok:
            scratch.keep(since)
    finally:
        scratch.close()
    return report


class Audit:
    """One verification: what is learnt of a book is needed again for what spans books."""

    def __init__(
        self,
        unit: Unit,
        scratch: Scratch,
        *,
        heads: tuple[Head, ...] = (),
        progress: Progress | None = None,
    ) -> None:
        """Over one state of the database; what it comes to is kept in `scratch`."""
        self._unit = unit
        self._heads = heads
        self._done = 0
        self._total = 0
        self._progress = progress
        self.scratch = scratch
        self.shared = BookReport("store")
        """What belongs to no one book."""
        self.policies = self._load_policies()
        self.wide = WideNames(self.policies.values())
        self.published = Publications(unit, self.shared)
        self.walks: dict[str, Walk] = {}
        self._reports: dict[str, BookReport] = {}

    def run(self, location: str | None, *, replay: bool, dialect: str) -> Report:
        """All books, or one of them."""
        there = guards(self._unit, "entry")
        for name, text in (GUARDS if dialect == "sqlite" else GUARDS_ON_A_SERVER).items():
            if text not in there.get(name, ""):
                self.shared.add("triggers", f"the trigger `{name}`, which keeps the entries as they are, is gone")
        self.scratch.know_guests(name for rows in stored.guest_rows(self._unit) for _, name in rows)
        sizes = stored.sizes(self._unit)
        heads = {row[0]: row for row in stored.heads(self._unit)}
        wanted = sorted(heads.keys() | sizes.keys()) if location is None else [location]
        if replay and self.scratch.remembered():
            seed_wide(self.scratch, self.wide)
        self._total = sum(sizes.get(name, 0) for name in wanted)
        for name in wanted:
            self.book(name, heads.get(name), replay=replay)
        if location is None:
            self._across(replay=replay)
        found = [self.shared] if self.shared.findings else []
        return Report([*found, *(self._reports[name] for name in sorted(self._reports) if self._shown(name))])

    def _shown(self, name: str) -> bool:
        return name in self.walks or bool(self._reports[name].findings)

    def report(self, name: str) -> BookReport:
        """The report of a book, or of a group."""
        return self._reports.setdefault(name, BookReport(name))

    def _load_policies(self) -> dict[str, CompiledPolicy]:
        found = {}
        for name, policy_id, text, _ in stored.policy_rows(self._unit):
            if type(text) is not bytes or digest(text) != name:
                said = digest(text) if type(text) is bytes else "none"
                self.shared.add("policies", f"the text kept under `{name}` has the digest `{said}`")
                continue
            try:
                policy = Policy.load(text)
            except ValueError as error:
                self.shared.add("policies", f"the text of `{name}` is no policy: {error}")
                continue
            if policy.id != policy_id:
                self.shared.add("policies", f"`{name}` is policy `{policy.id}`, the column says `{policy_id}`")
            found[name] = CompiledPolicy(policy)
        return found

    def book(self, location: str, head: Row | None, *, replay: bool) -> None:
        """One book from its first entry to its head, and its projections."""
        heads = [known for known in self._heads if known.location == location]
        walk = Walk(self._unit, location, self.scratch, self.policies.get, heads)
        self.walks[location], self._reports[location] = walk, walk.report
        walk.published = self.published
        self._done += walk.chain.size
        walk.run(replay=replay, wide=self.wide, step=self._step)
        walk.remember()
        walk.rebuilt.compare(stored.comp_rows(self._unit, location))
        self._head(walk, head)
        self._counters(walk)
        check_guests(walk.report, self.scratch, walk.notes.erased)
        check_answers(walk.report, self.scratch, stored.answer_rows(self._unit, location))
        walk.roster.compare(stored.staff_rows(self._unit, location))
        walk.keys.compare(stored.key_rows(self._unit), walk.opened_at)
        walk.webhooks.compare(stored.webhook_rows(self._unit))
        approvals = stored.approval_rows(self._unit, location)
        walk.approvers.compare(approvals, stored.delegation_rows(self._unit, location))

    def _step(self, entries: int) -> None:
        self._done += entries
        if self._progress is not None:
            self._progress(self._done, max(self._done, self._total))

    def _head(self, walk: Walk, head: Row | None) -> None:
        """The location's row against the entries."""
        report = walk.report
        if head is None:
            report.add("head", "the book has no head: its location is gone")
            return
        should = head_of(walk, head[1], self.scratch.first_expiry(report.location))
        for name, has, expected in zip(HEAD, head, should, strict=True):
            if name == "frontier" and has != expected:
                report.add("root", f"the head's root is {_root(has)}, that of the entries {report.root_hex}")
            elif name == "next_expiry":
                if expected is not None and (has is None or has > expected):
                    report.add("head", f"the next expiry is {expected}, the head says `{has}`")
            elif has != expected:
                report.add("head", f"the head's {name} is `{has}`, by the entries `{expected}`")

    def _counters(self, walk: Walk) -> None:
        location, policy = walk.report.location, self.policies.get(walk.policy)
        if policy is None:
            return
        expected = {measure.name for measure in policy.measures}
        measured = self._unit.measured(location)
        if measured != expected:
            walk.report.add("counters", f"the policy measures {sorted(expected)}, counted is {sorted(measured)}")
        self.scratch.count(location, policy.measures, location=location)
        compare_counters(walk.report, stored.counter_rows(self._unit, location), self.scratch.counters(location))

    def _across(self, *, replay: bool) -> None:
        """What spans books, and what belongs to none."""
        self._strays()
        for place in sorted(self.groups() | self.wide.measures.keys()):
            self._group(place)
        if replay:
            check_wide(self.scratch, self.report)
        self._policy_moments()
        self.published.end({name for walk in self.walks.values() for name in walk.taken_up}, self.policies.keys())
        for head in self._heads:
            if head.location not in self.walks:
                message = f"a checkpoint is of {head.size} entries, and there is no such book"
                self.report(head.location).add("checkpoint", message)
        self._people()
        if len(stored.deployments(self._unit)) != 1:
            self.shared.add("deployment", "the store says more than once, or not at all, what it is")

    def _strays(self) -> None:
        """What stands at a place that has no book, and books that were verified before and are gone."""
        for table in stored.PLACED:
            for place in stored.placed(self._unit, table):
                if place not in self.walks and not (place.startswith("@") and table.name in ("counter", "measure")):
                    self.report(place).add("location", f"`{table.name}` has rows at `{place}`, which has no book")
        for place in self.scratch.remembered():
            if place not in self.walks:
                self.report(place).add("location", "the book was verified before, and is gone")

    def _people(self) -> None:
        told: dict[str, list[str]] = {}
        pins: dict[str, list[list[str]]] = {}
        for walk in self.walks.values():
            for employee, said in walk.approvers.pins.items():
                pins.setdefault(employee, []).append(said)
            for employee, said in walk.roster.guests.items():
                told[employee] = max(said, told.get(employee, said))
        found = {name: None if mac is None else (mac, guest) for name, mac, guest in stored.own_guests(self._unit)}
        guests = (row for rows in stored.guest_rows(self._unit) for row in rows)
        check_own_guests(self.shared, told, found, guests)
        check_pins(self.shared, pins, stored.pin_rows(self._unit))

    def groups(self) -> set[str]:
        """Where something is counted across books."""
        tables = [table for table in stored.PLACED if table.name in ("counter", "measure")]
        return {place for table in tables for place in stored.placed(self._unit, table) if place.startswith("@")}

    def wide_measures(self, place: str) -> list[Measure]:
        """What is counted across the books of a group, of all that a policy of its id may count."""
        named = [policy.policy for policy in self.policies.values() if f"@{policy.policy.id}" == place]
        possible = {measure.name for policy in named for measure in measures_of(policy) if measure.wide}
        return [parse_measure(name) for name in sorted(self._unit.measured(place) & possible)]

    def needed_wide(self, place: str) -> set[str]:
        """What must be counted across books: what any policy measures by which one of them goes now."""
        in_force = [self.policies[walk.policy] for walk in self.walks.values() if walk.policy in self.policies]
        return {
            measure.name for policy in in_force if f"@{policy.policy.id}" == place for measure in policy.wide_measures
        }

    def _group(self, place: str) -> None:
        report = self.report(place)
        measured, measures = self._unit.measured(place), self.wide_measures(place)
        strange = measured - {measure.name for measure in measures}
        if strange:
            report.add("counters", f"no policy measures {sorted(strange)}")
        missing = self.needed_wide(place) - measured
        if missing:
            report.add("counters", f"the policy measures {sorted(missing)}, which is not counted")
        self.scratch.count(place, measures, policy_id=place[1:])
        compare_counters(report, stored.counter_rows(self._unit, place), self.scratch.counters(place))

    def _policy_moments(self) -> None:
        """When a policy's text was kept, against the entries that put it in force."""
        taken_up: dict[str, set[str]] = {}
        for walk in self.walks.values():
            for name, moments in walk.taken_up.items():
                taken_up.setdefault(name, set()).update(moments)
        for name, _, _, stored_at in stored.policy_rows(self._unit):
            if name not in taken_up:
                self.shared.add("policies", f"no entry put `{name}` in force")
            elif stored_at not in taken_up[name]:
                self.shared.add("policies", f"`{name}` was kept at {stored_at}, and put in force at another moment")


HEAD = ("id", "title", "policy", "size", "frontier", "recorded_at", "next_expiry", "opened_at")


def head_of(walk: Walk, title: Any, next_expiry: str | None) -> Row:
    """The location's row as the entries have it, but for its title."""
    chain = walk.chain
    return (
        walk.report.location,
        title,
        walk.policy,
        chain.size,
        merkle.pack(chain.frontier),
        chain.last_at,
        next_expiry,
        walk.opened_at,
    )


def _root(frontier: Any) -> str:
    try:
        return merkle.root(merkle.unpack(frontier)).hex()
    except (ValueError, TypeError):
        return "none"

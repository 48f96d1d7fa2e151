"""Continuity of standing: what each decision read is what the book had moved before it.

Within one book the order is that of the entries, so the sum must be exact. A counter that spans books is read between
the entries of others, of which only the moments are known: there the sum must be one that some order within a few
seconds of clock difference explains (see `across`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from empower.core.counter import UNUSED
from empower.core.entry import stamp
from empower.core.measure import Authority, Charging, Measure
from empower.core.plan import CompiledPolicy
from empower.ledger.across import Buckets, add, check_counter, within
from empower.ledger.findings import BookReport
from empower.ledger.lines import Line
from empower.ledger.scratch import WIDTH, Row, Scratch
from empower.store.rows import comp_of

MOST_AT_HAND = 20_000
BEFORE = datetime(1970, 1, 1, tzinfo=UTC)
"""Before anything that is read now."""


class Continuity:
    """Counts along one book, and holds what decisions read against it."""

    def __init__(
        self, report: BookReport, scratch: Scratch, policy: Callable[[str], CompiledPolicy | None], wide: "WideNames"
    ) -> None:
        """`policy` finds a policy by its digest; `wide` what is counted across books under a policy's id."""
        self.report = report
        self.scratch = scratch
        self._policy = policy
        self._wide = wide
        self._place = f"~{report.location}"
        self._compiled: CompiledPolicy | None = None
        self._at_hand: dict[tuple[str, str], Buckets] = {}

    def resume(self, digest: str) -> None:
        """Go on behind entries that were verified before: what they hold is counted from their comps."""
        self._take_up(digest)

    def take(self, line: Line, before: Row | None, after: Row | None) -> None:
        """One entry more, and what it did to its comp."""
        if line.kind in ("open", "policy"):
            self._take_up(str(line.body.get("policy")))
        elif line.kind in ("decision", "approve"):
            self._read(line)
        if after is not None:
            self._move(line, before, after)

    def _take_up(self, digest: str) -> None:
        """Another policy is in force: what it measures opens with what the book holds."""
        self._compiled = self._policy(digest)
        self._at_hand.clear()
        if self._compiled is not None:
            self.scratch.flush()
            self.scratch.count(self._place, self._compiled.measures, location=self.report.location)

    def _buckets(self, measure: str, subject: str) -> Buckets:
        found = self._at_hand.get((measure, subject))
        if found is None:
            if len(self._at_hand) >= MOST_AT_HAND:
                for (name, whose), buckets in self._at_hand.items():
                    self.scratch.put_buckets(self._place, name, whose, buckets)
                self._at_hand.clear()
            found = self._at_hand[measure, subject] = self.scratch.buckets(self._place, measure, subject)
        return found

    def _read(self, line: Line) -> None:
        """Hold the standing that a decision recorded against what is counted."""
        measures = {} if self._compiled is None else {item.name: item for item in self._compiled.measures}
        day = line.body["day"]
        for row in line.body["standing"]:
            if row is None:
                continue
            measure, subject, start, *read = row
            if measure in measures:
                last = day if measures[measure].bucket == "day" else start
                should = within(self._buckets(measure, subject), start, last)
                if list(should) != read:
                    message = f"`{measure}` of `{subject}` was read as {read}, the book had {list(should)}"
                    self.report.add("standing", message, line.seq)
            elif self._compiled is not None:
                self._read_wide(line, row)

    def _read_wide(self, line: Line, row: list[Any]) -> None:
        measure, subject, start, *read = row
        group = f"@{self._compiled.policy.id}" if self._compiled else ""
        found = self._wide.measures.get(group, {}).get(measure)
        if found is None:
            self.report.add("standing", f"`{measure}` was read, and the policy does not measure it", line.seq)
            return
        last = line.body["day"] if found.bucket == "day" else start
        where = (group, measure, subject, start, line.at, self.report.location, line.seq)
        self.scratch.note_wide([(*where, *read, last, 1)])

    def _move(self, line: Line, before: Row | None, after: Row) -> None:
        """Move the counters of a comp by what its entry changed."""
        used = (0, 0, 0, 0) if before is None else before[WIDTH:]
        move = [now - was for now, was in zip(after[WIDTH:], used, strict=True)]
        comp = comp_of(after[:WIDTH])
        if comp.authority is None or not any(move) or self._compiled is None:
            return
        authority = Authority(comp.authority, comp.authority_role or "")
        for key in self._compiled.charging.charges(comp, authority, comp.policy_id, comp.business_day):
            buckets = self._buckets(key.measure, key.subject)
            buckets[key.start] = add(buckets.get(key.start, UNUSED), move)
        group = f"@{comp.policy_id}"
        charging = self._wide.charging.get(group)
        if charging is not None:
            keys = charging.charges(comp, authority, comp.policy_id, comp.business_day)
            where = (line.at, self.report.location, line.seq)
            self.scratch.note_wide([(group, *key, *where, *move, None, 0) for key in keys])


class WideNames:
    """What any kept policy counts across the books of its id."""

    def __init__(self, policies: Iterable[CompiledPolicy]) -> None:
        """Of all versions: a version may count what another does not."""
        self.measures: dict[str, dict[str, Measure]] = defaultdict(dict)
        for policy in policies:
            for measure in policy.wide_measures:
                self.measures[f"@{policy.policy.id}"][measure.name] = measure
        self.charging = {group: Charging(found.values()) for group, found in self.measures.items()}


def seed_wide(scratch: Scratch, wide: WideNames) -> None:
    """Begin with what the books held where an earlier verification ended: all that came before what is read now."""
    for group, measures in wide.measures.items():
        place = f"~{group}"
        scratch.count(place, measures.values(), policy_id=group[1:])
        for rows in scratch.counters(place):
            scratch.note_wide([(group, *row[:3], stamp(BEFORE), "", -1, *row[3:], None, 0) for row in rows])


def check_wide(scratch: Scratch, report: Callable[[str], BookReport]) -> None:
    """Hold what decisions read of counters that span books against what all the books had moved by then."""
    for _, rows in groupby(scratch.wide(), key=lambda row: row[:3]):
        check_counter(rows, report)

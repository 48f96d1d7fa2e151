"""What is published: which policy is, was and will be in force at a location.

A store that has never published goes by its files. From the first publication on the files are candidates, and what
was published is in force: at each moment the publication that came into force last, of those whose policy has not
ended by then. A rollback also takes back what was to come when it was made.
"""

from bisect import bisect_right
from datetime import datetime
from typing import NamedTuple

from empower.core.canonical import digest as digest_of
from empower.core.entry import moment_of
from empower.core.policy import Policy
from empower.policy import PolicySet
from empower.store import Unit
from empower.store.publishing import Publication, publications, revision


class Turn(NamedTuple):
    """A publication at one location: from when, and which policy."""

    effective: datetime
    publication: Publication
    policy: Policy

    def has_ended(self, now: datetime) -> bool:
        """Whether the policy says that it is over by a moment."""
        return self.policy.ends is not None and self.policy.ends <= now


class Snapshot:
    """All publications of one revision; frozen, so that one answer goes by one of them."""

    def __init__(self, number: int, found: list[Publication], texts: dict[str, Policy], problems: list[str]) -> None:
        """Of revision `number`; `texts` are the policies whose texts hold, `problems` say which do not."""
        self.revision = number
        self.publications = tuple(found)
        self.whole = tuple(sorted((row for row in found if not row.waits), key=lambda row: row.revision))
        """Those that wait for nobody, in the order in which that was so."""
        self.problems = tuple(problems)
        self._sets = {
            row.id: PolicySet(texts[name] for name in row.policies.values())
            for row in found
            if all(name in texts for name in row.policies.values())
        }
        self._turns: dict[str, tuple[Turn, ...]] = {}

    def __bool__(self) -> bool:
        """Whether anything was ever published: a first publication that waits for a yes changes nothing yet."""
        return bool(self.whole)

    def policies(self, publication: int) -> PolicySet | None:
        """The set of a publication; None where a text of it is lost."""
        return self._sets.get(publication)

    def turns(self, location: str) -> tuple[Turn, ...]:
        """What comes into force at a location, in the order of time."""
        found = self._turns.get(location)
        if found is None:
            found = self._turns[location] = tuple(self._find(location))
        return found

    def _find(self, location: str) -> list[Turn]:
        turns: list[Turn] = []
        for row in self.whole:
            policy = self._sets[row.id].policy_for(location) if row.id in self._sets else None
            if policy is None:
                continue
            effective = effective_at(row, policy)
            if row.back_to is not None:
                turns = [turn for turn in turns if turn.effective <= effective]
            turns.append(Turn(effective, row, policy))
        return sorted(turns, key=lambda turn: (turn.effective, turn.publication.revision))

    def turn_at(self, location: str, now: datetime) -> Turn | None:
        """What is in force at a location at a moment; None where no publication governs it by then."""
        turns = self.turns(location)
        index = bisect_right(turns, now, key=lambda turn: turn.effective)
        return next((turn for turn in reversed(turns[:index]) if not turn.has_ended(now)), None)

    def changes(self, location: str, now: datetime) -> list[datetime]:
        """The moments after `now` at which something else may come into force at a location, in their order."""
        turns = self.turns(location)
        found = {turn.effective for turn in turns} | {turn.policy.ends for turn in turns if turn.policy.ends}
        return sorted(moment for moment in found if moment > now)

    def with_row(self, row: Publication, policies: PolicySet) -> "Snapshot":
        """As it would be with a publication, that is new or waits, waiting for nobody."""
        texts = {policy.digest: policy for rules in (*self._sets.values(), policies) for policy in rules}
        others = [known for known in self.publications if known.id != row.id]
        return Snapshot(row.revision, [*others, row._replace(waits_for=[])], texts, list(self.problems))


def effective_at(row: Publication, policy: Policy) -> datetime:
    """When a publication comes into force where `policy` of it governs.

    Never before it was confirmed, nor before the policy itself says that it is effective.
    """
    starts = None if row.starts is None else policy.moment(row.starts)
    return max(moment for moment in (moment_of(row.not_before), starts, policy.begins) if moment is not None)


NOTHING = Snapshot(0, [], {}, [])


class Published:
    """Knows the publications of a store, and reads them again when there are others."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.known: Snapshot = NOTHING
        """As this process last read them."""
        self._texts: dict[str, Policy] = {}

    def snapshot(self, unit: Unit) -> Snapshot:
        """All publications that the unit's transaction sees."""
        known, found = self.known, revision(unit)
        if known.revision != found:
            known = self.known = self._read(unit, found)
        return known

    def _read(self, unit: Unit, number: int) -> Snapshot:
        """A text that was good once stays known by its digest, whatever became of the row."""
        rows, problems = publications(unit), []
        for row in rows:
            for name in row.policies.values():
                wrong = None if name in self._texts else self._load(unit, name)
                if wrong:
                    problems.append(f"publication {row.id}: {wrong}; the last good one before it stays in force")
        return Snapshot(number, rows, self._texts, problems)

    def _load(self, unit: Unit, name: str) -> str | None:
        text = unit.policy_text(name)
        if text is None:
            return f"the text of `{name}` is lost"
        if digest_of(text) != name:
            return f"the text kept under `{name}` is another: its digest is `{digest_of(text)}`"
        self._texts[name] = Policy.load(text)
        return None

"""What is published: which policy is, was and will be in force at a location.

A store that has never published goes by its files. From the first publication on the files are candidates, and what
was published is in force: at each moment the publication that came into force last. A rollback also takes back what
was to come when it was made.
"""

from bisect import bisect_right
from datetime import UTC, datetime
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


class Snapshot:
    """All publications of one revision; frozen, so that one answer goes by one of them."""

    def __init__(self, number: int, found: list[Publication], texts: dict[str, Policy], problems: list[str]) -> None:
        """Of revision `number`; `texts` are the policies whose texts hold, `problems` say which do not."""
        self.revision = number
        self.publications = tuple(found)
        self.problems = tuple(problems)
        self._sets = {
            row.id: PolicySet(texts[name] for name in row.policies.values())
            for row in found
            if all(name in texts for name in row.policies.values())
        }
        self._turns: dict[str, tuple[Turn, ...]] = {}

    def __bool__(self) -> bool:
        """Whether anything was ever published: a first publication that waits for a yes changes nothing yet."""
        return any(not row.waits for row in self.publications)

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
        for row in self.publications:
            policy = self._sets[row.id].policy_for(location) if row.id in self._sets and not row.waits else None
            if policy is None:
                continue
            effective = effective_at(row, policy)
            if row.back_to is not None:
                turns = [turn for turn in turns if turn.effective <= effective]
            turns.append(Turn(effective, row, policy))
        return sorted(turns, key=lambda turn: (turn.effective, turn.publication.id))

    def turn_at(self, location: str, now: datetime) -> Turn | None:
        """What is in force at a location at a moment; None where no publication governs it by then."""
        turns = self.turns(location)
        index = bisect_right(turns, now, key=lambda turn: turn.effective)
        return turns[index - 1] if index else None


def effective_at(row: Publication, policy: Policy) -> datetime:
    """When a publication comes into force where `policy` of it governs: never before it was confirmed."""
    whole = moment_of(row.not_before)
    if row.starts is None:
        return whole
    return max(whole, local_start(row.starts, policy))


def local_start(starts: str, policy: Policy) -> datetime:
    """The moment, in UTC, of a start that is a moment itself or a time on the policy's wall clock."""
    moment = datetime.fromisoformat(starts)
    return (moment if moment.tzinfo else moment.replace(tzinfo=policy.days.zone)).astimezone(UTC)


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

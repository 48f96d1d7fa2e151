"""Which policy is in force in which book, and how a book takes up another.

A book names the digest of the policy in force. When what is published, or in a store that never published the files,
gives another, the next write at that location says so in an entry, keeps the text, and opens what the new policy
measures with what the book already holds.
"""

from collections.abc import Callable
from datetime import datetime

from empower.core.canonical import digest as digest_of
from empower.core.comp import Comp, usage_of
from empower.core.counter import CounterKey, Move, Needed, Usage, moved
from empower.core.errors import PolicyError
from empower.core.measure import Authority, Charging, Measure, measures_of, parse_measure
from empower.core.plan import CompiledPolicy
from empower.core.policy import Policy
from empower.engine.published import Published, Snapshot
from empower.policy import PolicySource
from empower.store import Book, Unit
from empower.store.listing import books
from empower.store.relying import Relied
from empower.store.unit import group_location


class Rules:
    """The policies in force, compiled once each."""

    def __init__(self, source: PolicySource) -> None:
        """Over the files' last good set, which is in force until something is published."""
        self.source = source
        self.published = Published()
        self._compiled: dict[str, CompiledPolicy] = {}

    def problems(self, snapshot: Snapshot, now: datetime) -> list[str]:
        """What keeps policies out of force: texts of what is published, or problems of the files."""
        if snapshot:
            return list(snapshot.problems)
        over = [policy for policy in self.source.current if policy.ends is not None and policy.ends <= now]
        found = [
            f"policy `{policy.id}` is over since {policy.until}, and stays where it was in force" for policy in over
        ]
        return [*map(str, self.source.problems), *found]

    def known_problems(self, now: datetime) -> list[str]:
        """The same by what was published when this process last looked."""
        return self.problems(self.published.known, now)

    def compiled(self, policy: Policy) -> CompiledPolicy:
        """The policy made ready to decide by."""
        found = self._compiled.get(policy.digest)
        if found is None:
            found = self._compiled[policy.digest] = CompiledPolicy(policy)
        return found

    def kept(self, unit: Unit, digest: str) -> CompiledPolicy:
        """A policy that was in force once, by its digest; raises `PolicyError` if its text is lost."""
        found = self._compiled.get(digest)
        if found is None:
            text = unit.policy_text(digest)
            if text is None:
                raise PolicyError(f"the store has no policy `{digest}`", code="policy_lost")
            if digest_of(text) != digest:
                raise PolicyError(
                    f"the text kept of policy `{digest}` is not its own: verify the books", code="policy_lost"
                )
            found = self._compiled[digest] = CompiledPolicy(Policy.load(text))
        return found

    def _readable(self, unit: Unit, digest: str) -> CompiledPolicy | None:
        try:
            return self.kept(unit, digest)
        except PolicyError:
            return None

    def governing(self, unit: Unit, location: str, now: datetime) -> Policy | None:
        """The policy that governs a location at a moment, by what is published or else by the files."""
        snapshot = self.published.snapshot(unit)
        if not snapshot:
            policy = self.source.current.policy_for(location)
            return policy if policy is not None and policy.is_in_its_time(now) else None
        turn = snapshot.turn_at(location, now)
        return None if turn is None else turn.policy

    def for_new(self, unit: Unit, location: str, now: datetime) -> CompiledPolicy:
        """The policy that governs a location which has no book yet; raises `PolicyError` if none does."""
        policy = self.governing(unit, location, now)
        if policy is None:
            if self.published.snapshot(unit):
                message = f"nothing published governs `{location}`: publish a policy for it, then open it"
                raise PolicyError(message, code="no_policy")
            found = self.source.current.policy_for(location)
            if found is not None:
                time = " ".join(
                    f"{word} {at}" for word, at in (("from", found.effective), ("until", found.until)) if at
                )
                message = f"policy `{found.id}` governs `{location}` only {time}"
                raise PolicyError(message, code="no_policy")
            known = ", ".join(f"`{pattern}`" for item in self.source.current for pattern in item.locations)
            raise PolicyError(
                f"no policy governs `{location}`: the policies are for {known or 'no location at all'}",
                code="no_policy",
            )
        return self.compiled(policy)

    def in_force(self, unit: Unit, book: Book, now: datetime, by: str) -> CompiledPolicy:
        """The policy to decide by at a location; the book takes it up first if it has not yet.

        Where nothing governs the location any longer, the book's last policy stays.
        """
        policy = self.governing(unit, book.location, now)
        if policy is None:
            return self.kept(unit, book.policy)
        compiled = self.compiled(policy)
        if policy.digest != book.policy:
            before = self._readable(unit, book.policy)
            if before is not None and before.currency != compiled.currency:
                # A location has one currency: its counters cannot add up two.
                return before
            take_up(unit, book, compiled, now, by)
        return compiled


def take_up(unit: Unit, book: Book, policy: CompiledPolicy, now: datetime, by: str) -> None:
    """Put a policy in force in a book, and say so in it."""
    rules = policy.policy
    unit.put_book(book._replace(policy=rules.digest))
    current = unit.book(book.location) or book
    unit.append(current, "policy", now, None, by, {"policy": rules.digest, "id": rules.id, "was": book.policy})
    begin(unit, book.location, policy, now)


def begin(unit: Unit, location: str, policy: CompiledPolicy, now: datetime) -> None:
    """Keep the policy's text and count what it measures, from what the books already hold."""
    rules = policy.policy
    unit.keep_policy(rules.digest, rules.id, rules.text, now)
    _measure(unit, location, policy.measures, lambda: unit.granted_comps(location))
    group = group_location(rules.id)
    counted = unit.measured(group)
    if policy.wide_measures or counted:
        wide = {measure.name: measure for measure in policy.wide_measures}
        if counted != wide.keys():
            # Nobody may grant anything meanwhile: what is granted elsewhere is counted, too.
            unit.lock_books(head.location for head in books(unit))
        if counted - wide.keys():
            wide |= _still_measured(unit, location, rules.id)
        _measure(unit, group, tuple(wide.values()), lambda: unit.granted_under(rules.id))


def _still_measured(unit: Unit, location: str, policy_id: str) -> dict[str, Measure]:
    """What is counted across a policy's locations for the other books that still go by a version of it."""
    found: dict[str, Measure] = {}
    for stored in books(unit):
        if stored.location != location:
            book = unit.book(stored.location) or stored
            text = unit.policy_text(book.policy)
            policy = None if text is None else Policy.load(text)
            if policy is not None and policy.id == policy_id:
                found |= {measure.name: measure for measure in measures_of(policy) if measure.wide}
    return found


def _measure(unit: Unit, place: str, measures: tuple[Measure, ...], comps: Callable[[], list[Comp]]) -> None:
    counted = unit.measured(place)
    for name in sorted(counted - {measure.name for measure in measures}):
        unit.drop_measure(place, name)
    new = [measure for measure in measures if measure.name not in counted]
    if not new:
        return
    for measure in new:
        unit.open_measure(place, measure.name)
    charging = Charging(new)
    for comp in comps():
        unit.charge(place, charged(charging, comp), Move(*usage_of(comp)))


def held_by_books(unit: Unit, comp: Comp, needed: list[Needed | None]) -> list[Usage | None]:
    """What counters hold, also those that are no longer counted: they are summed from the comps themselves."""
    group = group_location(comp.policy_id)
    standing = unit.usages(comp.location, group, needed)
    for slot, need in enumerate(needed):
        if need is None or need.key.measure in unit.measured(group if need.wide else comp.location):
            continue
        comps = unit.granted_under(comp.policy_id) if need.wide else unit.granted_comps(comp.location)
        charging, usage = Charging([parse_measure(need.key.measure)]), Usage()
        for other in comps:
            for key in charged(charging, other):
                if key.subject == need.key.subject and need.key.start <= key.start <= need.last:
                    usage = moved(usage, Move(*usage_of(other)))
        standing[slot] = usage
    return standing


def charged(charging: Charging, comp: Comp) -> list[CounterKey]:
    """The counters of a granted comp, by the windows of its hold."""
    authority = Authority(comp.authority, comp.authority_role or "")
    return charging.charges(comp, authority, comp.policy_id, comp.business_day)


def move_counters(unit: Unit, comp: Comp, policy: CompiledPolicy, move: Move, relied: Relied | None = None) -> None:
    """Move all that is counted of a granted comp: in its book, and across its policy's locations.

    `relied` says what it was granted by, where it may stand by other values, too.
    """
    unit.charge(comp.location, charged(policy.charging, comp), move)
    group = group_location(comp.policy_id)
    counted = unit.measured(group)
    if counted:
        unit.charge(group, charged(Charging(parse_measure(name) for name in counted), comp), move, relied)

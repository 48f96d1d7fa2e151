"""Whether a policy is looser than another: what it would let pass that the other stops.

Conservative on purpose: whatever is not plainly equal or tighter, rule by rule, is called looser.
"""

from collections.abc import Collection, Iterator

from empower.core.canonical import LARGEST_INTEGER
from empower.core.measure import measure_of
from empower.core.policy import EVERYTHING, Guard, Limit, Policy, Role

CAPS = ("amount", "count", "percent_bp")


def loosenings(old: Policy | None, new: Policy) -> list[str]:
    """The addresses in `new` at which it is, or may be, looser than `old`; all of it where there was none."""
    if old is None:
        return [new.id]
    found = [*_house(old, new), *_remedies(old, new), *_roles(old, new), *_guards(old, new)]
    return sorted(set(found))


def _house(old: Policy, new: Policy) -> Iterator[str]:
    if old.calendar != new.calendar:
        yield "calendar"
    yield from _limits(old.limits, new.limits, new, "limits")
    if _cap(new.approval.two_people_over) > _cap(old.approval.two_people_over):
        yield "approval.two_people_over"
    if new.approval.expires_seconds > old.approval.expires_seconds:
        yield "approval.expires"
    if new.approval.climb_after_seconds != old.approval.climb_after_seconds:
        yield "approval.climb_after"  # others are asked, or sooner
    if new.holds.expires_seconds != old.holds.expires_seconds:
        yield "holds.expires"  # a shorter hold gives its budget back sooner


def _cap(value: int | None) -> int:
    return LARGEST_INTEGER if value is None else value


def _remedies(old: Policy, new: Policy) -> Iterator[str]:
    for name, remedy in new.remedies.items():
        was = old.remedies.get(name)
        if was is None or _cap(remedy.most) > _cap(was.most) or (remedy.zero and not was.zero):
            yield f"remedies.{name}"
    for name, reason in new.reasons.items():
        before = old.reasons.get(name)
        if before is None or not _within(reason.remedies, before.remedies, new.remedies):
            yield f"reasons.{name}.remedies"


def _within(some: tuple[str, ...], others: tuple[str, ...], every: Collection[str]) -> bool:
    return others == EVERYTHING or set(every if some == EVERYTHING else some) <= set(others)


def _roles(old: Policy, new: Policy) -> Iterator[str]:
    for name, role in new.roles.items():
        was = old.roles.get(name)
        if was is None:
            yield f"roles.{name}"
            continue
        yield from _role(name, was, role, new)


def _role(name: str, old: Role, new: Role, policy: Policy) -> Iterator[str]:
    if not _within(new.remedies, old.remedies, policy.remedies):
        yield f"roles.{name}.remedies"
    if not _within(new.approves, old.approves, policy.roles):
        yield f"roles.{name}.approves"
    yield from _limits(old.limits, new.limits, policy, f"roles.{name}.limits")


def _limits(old: Collection[Limit], new: Collection[Limit], policy: Policy, place: str) -> Iterator[str]:
    """Each limit that there was must still be there, over the same, with caps that are no wider."""
    for was in old:
        name = was.address.rsplit(".", 1)[-1]
        if not any(_holds(limit, was, policy) for limit in new):
            yield f"{place}.{name}"


def _holds(limit: Limit, was: Limit, policy: Policy) -> bool:
    week = policy.calendar.week_starts
    if (limit.every, measure_of(limit, week)) != (was.every, measure_of(was, week)) or limit.per != was.per:
        return False
    if (limit.remedies, limit.reasons) != (was.remedies, was.reasons):
        return False
    capped = all(_cap(getattr(limit, name)) <= _cap(getattr(was, name)) for name in CAPS)
    return capped and (limit.beyond in {was.beyond, "deny"})


def _guards(old: Policy, new: Policy) -> Iterator[str]:
    """Each guard that there was must still be there, as strict; others may have been added."""
    for was in old.guards:
        if not any(_as_strict(guard, was) for guard in new.guards):
            yield was.address


def _as_strict(guard: Guard, was: Guard) -> bool:
    if guard.when != was.when:
        return False
    return guard.then == "deny" or (guard.then == was.then and set(guard.require) >= set(was.require))

"""Limits that are merely odd: no request can reach them, or another one always stops first."""

from collections.abc import Callable, Iterator

from empower.core.policy import Limit
from empower.policy.problems import ProblemName, quote
from empower.policy.reach import Reach
from empower.policy.shape import Fault

Found = Iterator[Fault]
DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""Of the longest such window."""
WITHIN = {"day": {"week", "month", "quarter", "year"}, "month": {"quarter", "year"}, "quarter": {"year"}}
"""Windows, each of which lies whole in one of those."""
COMP = "comp"
FACTS = {"check", "guest", "incident", "shift"}
"""Scopes that a request may leave open: then the limit asks for another person."""


def limits_are_reached(reach: Reach) -> Found:
    """What a limit is narrowed to is something that its role may give."""
    for address, limit in reach.limits.items():
        roles = reach.holders[address]
        path = tuple(address.split("."))
        if not reach.meets(roles, limit.remedies, limit.reasons):
            said = f"no request reaches limit `{path[-1]}`: {_whose(roles, reach)} give none of what it is narrowed to"
            yield Fault(ProblemName.UNREACHABLE_RULE, path, said, at_key=True)
            continue
        # A counter counts what others give, too: it is narrowed in vain only to what nobody gives.
        givers = roles if COMP in limit.per else list(reach.policy.roles)
        for number, remedy in enumerate(limit.remedies):
            if not reach.meets(givers, [remedy], limit.reasons):
                said = f"limit `{path[-1]}` names {quote(remedy)}, which {_whose(givers, reach)} never give"
                yield Fault(ProblemName.UNREACHABLE_RULE, (*path, "remedies", number), said)
        for number, reason in enumerate(limit.reasons):
            if not reach.meets(givers, limit.remedies, [reason]):
                said = f"limit `{path[-1]}` names {quote(reason)}, which offers nothing that counts here"
                yield Fault(ProblemName.UNREACHABLE_RULE, (*path, "reasons", number), said)


def _whose(roles: list[str], reach: Reach) -> str:
    if len(roles) == len(reach.policy.roles):
        return "the policy's roles may"
    return " and ".join(f"`{role}`" for role in roles) + " may"


def limits_are_once(reach: Reach) -> Found:
    """No limit says again what another one says."""
    for address, limit in reach.limits.items():
        twin = _in_all(reach, limit, lambda other, limit=limit: _same(other, limit))  # type: ignore[misc]
        if twin is not None:
            said = f"this limit says the same as `{twin.address}`"
            yield Fault(ProblemName.DUPLICATE_RULE, tuple(address.split(".")), said, at_key=True)


def limits_stop_something(reach: Reach) -> Found:
    """No limit is such that others always stop first."""
    for address, limit in reach.limits.items():
        path = tuple(address.split("."))
        if _in_all(reach, limit, lambda other, limit=limit: _same(other, limit)) is not None:  # type: ignore[misc]
            continue
        beaten_by = _in_all(reach, limit, lambda other, limit=limit: beats(other, limit))  # type: ignore[misc]
        if beaten_by is not None:
            said = f"this limit never stops anything: `{beaten_by.address}` always stops first"
            yield Fault(ProblemName.BEATEN_LIMIT, path, said, at_key=True)
        elif _beaten_by_most(reach, limit):
            said = "this limit never stops anything: no remedy that it counts may cost as much"
            yield Fault(ProblemName.BEATEN_LIMIT, path, said, at_key=True)


def _in_all(reach: Reach, limit: Limit, test: Callable[[Limit], bool]) -> Limit | None:
    """The first limit that passes the test in each role that has `limit`; of two alike, the later one is odd."""
    found: Limit | None = None
    for role in reach.holders[limit.address]:
        beside = [*reach.policy.limits, *reach.policy.roles[role].limits]
        if limit.address.startswith("limits."):
            beside = list(reach.policy.limits)
        place = [other.address for other in beside].index(limit.address)
        passing = [
            other
            for number, other in enumerate(beside)
            if number != place and test(other) and (number < place or not _same_caps(other, limit))
        ]
        if not passing:
            return None
        found = passing[0]
    return found


def _measured(limit: Limit) -> tuple[object, ...]:
    return frozenset(limit.per), limit.every, frozenset(limit.remedies), frozenset(limit.reasons)


def _same_caps(one: Limit, other: Limit) -> bool:
    return _measured(one) == _measured(other) and _caps(one) == _caps(other)


def _same(one: Limit, other: Limit) -> bool:
    return _same_caps(one, other) and one.beyond == other.beyond


def _caps(limit: Limit) -> tuple[int | None, int | None, int | None]:
    return limit.amount, limit.count, limit.percent_bp


def beats(one: Limit, other: Limit) -> bool:
    """Whether `one` stops whatever `other` would, as firmly: it counts all that `other` counts, and caps it lower."""
    if other.beyond == "deny" and one.beyond != "deny":
        return False
    if not (_covers(one.remedies, other.remedies) and _covers(one.reasons, other.reasons)):
        return False
    if not _asks_as_much(one, other):
        return False
    if not _wider(one, other):
        return _by_days(one, other)
    return all(
        cap is None or (own is not None and own <= cap) for own, cap in zip(_caps(one), _caps(other), strict=True)
    )


def _asks_as_much(one: Limit, other: Limit) -> bool:
    """Whether `one` speaks up for a missing fact where `other` does, and not instead of its denial."""
    needs, needed = FACTS & set(one.per), FACTS & set(other.per)
    return needs >= needed and (other.beyond != "deny" or needs <= needed)


def _covers(names: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return not names or (bool(others) and set(names) >= set(others))


def _wider(one: Limit, other: Limit) -> bool:
    """Whether the counter of `one` holds at least what that of `other` holds."""
    return _adds_up(one, other) and (COMP in other.per or _spans(one.every, other.every))


def _adds_up(one: Limit, other: Limit) -> bool:
    """A counter is kept per location, so a location's is the widest there; a group's is wider still."""
    if COMP in other.per:
        return True
    if COMP in one.per or ("group" in other.per and "group" not in one.per):
        return False
    return set(one.per) - {"location", "group"} <= set(other.per)


def _spans(window: str | None, other: str | None) -> bool:
    """Whether each window of `other` lies whole in one of `window`."""
    if window is None or window == other:
        return True
    if other is None:
        return False
    if window in WITHIN.get(other, ()):
        return True
    rolls = window not in DAYS
    return rolls and (other == "day" or (other not in DAYS and days(window) >= days(other)))


def days(window: str) -> int:
    """How many business days the longest such window has."""
    return DAYS[window] if window in DAYS else int(window.split(" ", 1)[0])


def _by_days(one: Limit, other: Limit) -> bool:
    """Whether as many days of `one` as the window of `other` has do not reach it."""
    if one.every != "day" or other.every is None or not _adds_up(one, other) or other.percent_bp is not None:
        return False
    number = days(other.every)
    pairs = ((one.amount, other.amount), (one.count, other.count))
    return all(cap is None or (own is not None and own * number <= cap) for own, cap in pairs)


def _beaten_by_most(reach: Reach, limit: Limit) -> bool:
    if COMP not in limit.per or limit.amount is None:
        return False
    met = {remedy for _, remedy, _ in reach.meetings(reach.holders[limit.address], limit.remedies, limit.reasons)}
    mosts = [reach.policy.remedies[remedy].most for remedy in met]
    return bool(mosts) and all(most is not None and most <= limit.amount for most in mosts)

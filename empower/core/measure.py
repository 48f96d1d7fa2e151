"""What limits measure: scope, filter and bucket, and the counters that a comp is charged to."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, get_args

from empower.core.calendar import bucket, bucket_start, is_bucket
from empower.core.counter import CounterKey, subject_of
from empower.core.policy import Limit, Policy, Scope
from empower.core.request import Facts

SCOPES: tuple[Scope, ...] = get_args(Scope)


class Authority(NamedTuple):
    """The employee and the role on whose limits a comp is charged; an approver is not known before they answer."""

    employee: str | None
    role: str


class Measure(NamedTuple):
    """What one or several limits cap, without the cap."""

    name: str
    scope: tuple[Scope, ...]
    bucket: str
    remedies: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def wide(self) -> bool:
        """Whether it is kept across the locations of the policy."""
        return "group" in self.scope

    def applies(self, remedy: str, reason: str) -> bool:
        """Whether a comp of this remedy for this reason is counted."""
        return (not self.remedies or remedy in self.remedies) and (not self.reasons or reason in self.reasons)


def measure_of(limit: Limit, week_starts: str) -> Measure | None:
    """What a limit measures; None where it looks at one comp alone."""
    if "comp" in limit.per:
        return None
    scope = tuple(sorted(set(limit.per), key=SCOPES.index))
    remedies, reasons = _sorted(limit.remedies), _sorted(limit.reasons)
    kept = bucket(limit.every, week_starts)
    return Measure(_name(scope, kept, remedies, reasons), scope, kept, remedies, reasons)


def _name(scope: tuple[Scope, ...], kept: str, remedies: tuple[str, ...], reasons: tuple[str, ...]) -> str:
    filters = [
        f"{name}={','.join(values)}" for name, values in (("remedies", remedies), ("reasons", reasons)) if values
    ]
    return f"{'+'.join(scope)}/{kept}" + (f"?{'&'.join(filters)}" if filters else "")


def parse_measure(name: str) -> Measure:
    """The measure that a name says in full; raises `ValueError` for a name that is none."""
    head, _, query = name.partition("?")
    scopes, _, kept = head.partition("/")
    filters = dict(part.split("=", 1) for part in query.split("&") if part)
    scope = tuple(word for word in SCOPES if word in scopes.split("+"))
    remedies, reasons = (tuple(filters[word].split(",")) if word in filters else () for word in ("remedies", "reasons"))
    made = Measure(_name(scope, kept, _sorted(remedies), _sorted(reasons)), scope, kept, remedies, reasons)
    if name != made.name or not scope or "comp" in scope or not is_bucket(kept) or "" in remedies + reasons:
        raise ValueError(f"`{name}` names no measure")
    return made


def _sorted(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def all_limits(policy: Policy) -> tuple[Limit, ...]:
    """Every limit of a policy, the house's first."""
    return policy.limits + tuple(limit for role in policy.roles.values() for limit in role.limits)


def measures_of(policy: Policy) -> tuple[Measure, ...]:
    """All that a policy measures, each once, by name."""
    week = policy.calendar.week_starts
    found = {measure.name: measure for limit in all_limits(policy) if (measure := measure_of(limit, week))}
    return tuple(found[name] for name in sorted(found))


class Scoped(Protocol):
    """What has the facts of a scope: a request's facts, or a comp."""

    @property
    def location(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def check(self) -> str | None: ...
    @property
    def guest(self) -> str | None: ...
    @property
    def incident(self) -> str | None: ...
    @property
    def shift(self) -> str | None: ...


Reader = Callable[[Scoped, Authority, str], str | None]

_VALUES: dict[Scope, Reader] = {
    "check": lambda facts, _authority, _group: facts.check,
    "guest": lambda facts, _authority, _group: facts.guest,
    "incident": lambda facts, _authority, _group: facts.incident,
    "employee": lambda _facts, authority, _group: authority.employee,
    "role": lambda _facts, authority, _group: authority.role,
    "shift": lambda facts, _authority, _group: facts.shift,
    "remedy": lambda facts, _authority, _group: facts.remedy,
    "reason": lambda facts, _authority, _group: facts.reason,
    "location": lambda facts, _authority, _group: facts.location,
    "group": lambda _facts, _authority, group: group,
}


def subject_reader(scope: tuple[Scope, ...]) -> Reader:
    """A function that gives the subject of a scope, or None where a fact of it is missing."""
    readers = tuple(_VALUES[name] for name in scope)
    if len(readers) == 1:
        return readers[0]

    def read(facts: Scoped, authority: Authority, group: str) -> str | None:
        values = [reader(facts, authority, group) for reader in readers]
        return None if None in values else subject_of(tuple(value for value in values if value is not None))

    return read


def missing_fact(scope: tuple[Scope, ...], facts: Scoped) -> str:
    """The first fact of a scope that the request lacks."""
    return next((name for name in scope if getattr(facts, name, "") is None), scope[0])


class Charging:
    """Finds, of some measures, the counters that a comp is charged to."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        """Prepare `measures`."""
        self._readers = tuple((measure, subject_reader(measure.scope)) for measure in measures)
        self._applying: dict[tuple[str, str], tuple[tuple[Measure, Reader], ...]] = {}

    def charges(self, comp: Scoped, authority: Authority, group: str, day: date) -> list[CounterKey]:
        """The counters of a comp held on business day `day` under policy `group`: fixed for its life."""
        found = []
        for measure, read in self._for(comp.remedy, comp.reason):
            subject = read(comp, authority, group)
            if subject is not None:
                found.append(CounterKey(measure.name, subject, bucket_start(measure.bucket, day)))
        return found

    def _for(self, remedy: str, reason: str) -> tuple[tuple[Measure, Reader], ...]:
        applying = self._applying.get((remedy, reason))
        if applying is None:
            applying = tuple(pair for pair in self._readers if pair[0].applies(remedy, reason))
            self._applying[remedy, reason] = applying
        return applying


def local_moment(policy: Policy, facts: Facts, now: datetime) -> datetime:
    """The moment that guards speak of, on the location's wall clock: when it occurred, or else now."""
    moment: Any = facts.occurred_at or now
    local: datetime = moment.astimezone(policy.days.zone)
    return local

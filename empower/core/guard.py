"""Guards, made ready for one role, remedy and reason: what is known by then is decided, what is left is tested."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from empower.core.calendar import WEEKDAYS
from empower.core.canonical import LARGEST_INTEGER
from empower.core.policy import Guard, Policy, When
from empower.core.request import Facts

Test = Callable[[Facts, datetime], bool]
"""Whether a guard's facts hold, given the request and the moment on the location's wall clock."""

PER_WHOLE_BP = 10_000


class ReadyGuard(NamedTuple):
    """A guard that may speak on one role, remedy and reason."""

    rule: str
    then: str
    require: tuple[str, ...]
    test: Test
    """All conditions but those on the amount."""
    amount_over: int | None
    percent_over_bp: int | None

    def speaks(self, facts: Facts, moment: datetime) -> bool:
        """Whether all its facts hold; a percentage of a check without a total counts as passed over."""
        if self.amount_over is not None and facts.amount_minor <= self.amount_over:
            return False
        if self.percent_over_bp is not None and facts.check_total_minor is not None:
            share = facts.amount_minor * PER_WHOLE_BP
            if share <= self.percent_over_bp * facts.check_total_minor:
                return False
        return self.test(facts, moment)

    def lacks_total(self, facts: Facts) -> bool:
        """Whether it speaks of a share of a check whose total is not known."""
        return self.percent_over_bp is not None and facts.check_total_minor is None

    def silent_up_to(self, facts: Facts, moment: datetime) -> int:
        """The largest amount, in minor units, at which the guard keeps silent; -1 if it speaks at any."""
        if not self.test(facts, moment):
            return LARGEST_INTEGER
        up_to = -1 if self.amount_over is None else self.amount_over
        if self.percent_over_bp is not None and facts.check_total_minor is not None:
            up_to = max(up_to, self.percent_over_bp * facts.check_total_minor // PER_WHOLE_BP)
        return up_to

    def missing(self, facts: Facts) -> tuple[str, ...]:
        """What it requires and the request lacks."""
        return tuple(name for name in self.require if not has_fact(facts, name))


def has_fact(facts: Facts, name: str) -> bool:
    """Whether the request has a note, a photo, a guest."""
    return {"note": facts.has_note, "photo": facts.has_photo, "guest": facts.guest is not None}[name]


def ready_guards(policy: Policy, role: str, remedy: str, reason: str) -> tuple[ReadyGuard, ...]:
    """The guards that can speak on this role, remedy and reason."""
    return tuple(
        ReadyGuard(
            guard.address,
            guard.then,
            guard.require,
            _test(guard.when),
            guard.when.amount_over,
            guard.when.percent_over_bp,
        )
        for guard in policy.guards
        if _concerns(guard, role, remedy, reason)
    )


def _concerns(guard: Guard, role: str, remedy: str, reason: str) -> bool:
    when = guard.when
    named = ((when.roles, role), (when.remedies, remedy), (when.reasons, reason))
    return all(not names or name in names for names, name in named)


def _test(when: When) -> Test:
    tests = tuple(_tests(when))
    if not tests:
        return lambda _facts, _moment: True
    if len(tests) == 1:
        return tests[0]
    return lambda facts, moment: all(test(facts, moment) for test in tests)


def _tests(when: When) -> Iterator[Test]:
    if when.item_categories:
        named = frozenset(when.item_categories)
        yield lambda facts, _moment: not named.isdisjoint(facts.categories)
    if when.check_state:
        states = frozenset(when.check_state)
        yield lambda facts, _moment: facts.check_state in states
    if when.employee_is_guest is not None:
        is_guest = when.employee_is_guest
        yield lambda facts, _moment: facts.employee_is_guest is is_guest
    if when.note_missing is not None:
        has_note = not when.note_missing
        yield lambda facts, _moment: facts.has_note is has_note
    if when.weekdays:
        days = frozenset(WEEKDAYS.index(day) for day in when.weekdays)
        yield lambda _facts, moment: moment.weekday() in days
    if when.between is not None:
        first, last = when.between
        if first < last:
            yield lambda _facts, moment: first <= moment.time() < last
        else:
            yield lambda _facts, moment: moment.time() >= first or moment.time() < last

"""Guards, made ready for one role, remedy and reason: what is known by then is decided, what is left is tested."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from empower.core.calendar import WEEKDAYS
from empower.core.canonical import LARGEST_INTEGER
from empower.core.policy import Guard, Policy, When
from empower.core.request import Facts

Condition = tuple[str, tuple[object, ...]]
"""A condition as Python text on the facts `f` and the local moment `m`, and the values its fields stand for."""

Test = Callable[[Facts, datetime], bool]
"""Whether a guard's facts hold, given the request and the moment on the location's wall clock."""

PER_WHOLE_BP = 10_000


class ReadyGuard(NamedTuple):
    """A guard that may speak on one role, remedy and reason."""

    rule: str
    then: str
    require: tuple[str, ...]
    conditions: tuple[Condition, ...]
    """All conditions but those on the amount."""
    test: Test
    """The same as a function."""
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
            conditions,
            _test(conditions),
            guard.when.amount_over,
            guard.when.percent_over_bp,
        )
        for guard in policy.guards
        if _concerns(guard, role, remedy, reason)
        for conditions in [tuple(_conditions(guard.when))]
    )


def _concerns(guard: Guard, role: str, remedy: str, reason: str) -> bool:
    when = guard.when
    named = ((when.roles, role), (when.remedies, remedy), (when.reasons, reason))
    return all(not names or name in names for names, name in named)


def _conditions(when: When) -> Iterator[Condition]:
    """The conditions on facts other than the amount: Python on `f` and `m`, with the values that it names."""
    if when.item_categories:
        yield "f.categories and not {0}.isdisjoint(f.categories)", (frozenset(when.item_categories),)
    if when.check_state:
        yield "f.check_state in {0}", (frozenset(when.check_state),)
    if when.employee_is_guest is not None:
        yield "f.employee_is_guest" if when.employee_is_guest else "not f.employee_is_guest", ()
    if when.note_missing is not None:
        yield "not f.has_note" if when.note_missing else "f.has_note", ()
    if when.weekdays:
        yield "m.weekday() in {0}", (frozenset(WEEKDAYS.index(day) for day in when.weekdays),)
    if when.between is not None:
        first, last = when.between
        yield "{0} <= m.time() < {1}" if first < last else "(m.time() >= {0} or m.time() < {1})", when.between


def _test(conditions: tuple[Condition, ...]) -> Test:
    """All conditions as one function."""
    names = {f"k{index}": value for index, value in enumerate(_values(conditions))}
    numbers = iter(names)
    written = [text.format(*(next(numbers) for _ in values)) for text, values in conditions]
    made: Test = eval(f"lambda f, m: bool({' and '.join(written) or 'True'})", names)  # noqa: S307  only our own text
    return made


def _values(conditions: tuple[Condition, ...]) -> Iterator[object]:
    for _, values in conditions:
        yield from values

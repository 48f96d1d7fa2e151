"""Random worlds to decide in: a policy, what was given under it, a moment, and a request.

Amounts are below the model's ceiling, names are few, and facts are often missing: so that rules meet.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from empower.core.counter import Usage
from empower.core.decide import decide
from empower.core.decision import Decision
from empower.core.plan import CompiledPolicy
from empower.core.policy import Guard, Limit, Policy, Remedy, Role
from empower.core.request import Facts

from .build import ASK, Counters, Given, approval, calendar_rules, guard, limit, reason
from .model import CEILING, Model, business_day

REMEDIES = ("cake", "drink", "spa")
REASONS = ("late", "cold")
ROLES = ("host", "server", "chief")
SCOPES = ("check", "guest", "incident", "employee", "role", "shift", "remedy", "reason", "location", "group")
WINDOWS = (None, None, "day", "week", "month", "quarter", "year", "2 days", "30 days")
SHARES = (0, 1250, 3333, 5000, 10_000)
TIMES = (time(0), time(1, 30), time(4), time(12), time(22))
WEEKDAYS = ("monday", "saturday", "sunday")
HERE, THERE = "shop-1", "shop-2"

amounts = st.integers(0, CEILING - 2)


def some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Nothing, which stands for all, or one or two of the values."""
    return st.just(()) | st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple)


def perhaps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def names(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """All of them, twice as often as some, in some order."""
    everything = st.just(("*",))
    return everything | everything | st.lists(st.sampled_from(values), unique=True).map(tuple)


@st.composite
def limits(draw: st.DrawFn, address: str) -> Limit:
    per = draw(st.just(("comp",)) | st.lists(st.sampled_from(SCOPES), min_size=1, max_size=2, unique=True).map(tuple))
    caps = draw(st.sampled_from(("amount", "amount", "count", "percent", "all")))
    return limit(
        address,
        per,
        every=None if per == ("comp",) else draw(st.sampled_from(WINDOWS)),
        amount=draw(amounts) if caps in ("amount", "all") else None,
        count=draw(st.integers(0, 3)) if caps in ("count", "all") else None,
        percent_bp=draw(st.sampled_from(SHARES)) if caps in ("percent", "all") else None,
        remedies=draw(some(REMEDIES)),
        reasons=draw(some(REASONS)),
        beyond=draw(st.sampled_from(("escalate", "escalate", "escalate", "deny"))),
    )


@st.composite
def guards(draw: st.DrawFn, name: str) -> Guard:
    then = draw(st.sampled_from(("deny", "escalate", "escalate", "require", "require")))
    when = {
        "remedies": some(REMEDIES),
        "reasons": some(REASONS),
        "roles": some(ROLES),
        "item_categories": some(("food", "alcohol")),
        "check_state": some(("open", "closed")),
        "amount_over": perhaps(amounts),
        "percent_over_bp": perhaps(st.sampled_from(SHARES)),
        "between": perhaps(st.tuples(st.sampled_from(TIMES), st.sampled_from(TIMES))),
        "weekdays": some(WEEKDAYS),
        "employee_is_guest": perhaps(st.booleans()),
        "note_missing": perhaps(st.booleans()),
    }
    picked = draw(st.lists(st.sampled_from(sorted(when)), max_size=3, unique=True))
    need = draw(st.sampled_from((("note",), ("photo", "guest"), ("guest",)))) if then == "require" else ()
    return guard(name, then, need, **{key: draw(when[key]) for key in picked})


@st.composite
def roles(draw: st.DrawFn, name: str) -> Role:
    count = draw(st.sampled_from((0, 1, 1, 2)))
    return Role(
        title=name.title(),
        remedies=draw(names(REMEDIES)),
        approves=draw(st.just(("*",)) | names(ROLES)),
        limits=tuple(draw(limits(f"roles.{name}.limits.l{number}")) for number in range(count)),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    rules = calendar_rules(
        timezone=draw(st.sampled_from(("America/New_York", "Australia/Sydney"))),
        day_starts=draw(st.sampled_from((time(0), time(4)))),
        week_starts=draw(st.sampled_from(("monday", "sunday"))),
    )
    listed = draw(st.permutations(ROLES))
    return Policy(
        id="shop",
        calendar=rules,
        remedies={
            name: Remedy(title=name, most=draw(st.none() | perhaps(amounts)), zero=draw(st.booleans()))
            for name in REMEDIES
        },
        reasons={name: reason(*draw(names(REMEDIES))) for name in REASONS},
        roles={name: draw(roles(name)) for name in listed},
        limits=tuple(draw(limits(f"limits.l{number}")) for number in range(draw(st.sampled_from((0, 0, 1, 2))))),
        guards=tuple(draw(guards(f"g{number}")) for number in range(draw(st.sampled_from((0, 0, 1, 2))))),
        approval=approval(draw(st.none() | perhaps(amounts))),
    )


@st.composite
def given_before(draw: st.DrawFn, today: date) -> Given:
    return Given(
        location=draw(st.sampled_from((HERE, HERE, HERE, THERE))),
        policy="shop",
        employee=draw(st.sampled_from(("E1", "E1", "E2"))),
        role=draw(st.sampled_from(ROLES)),
        remedy=draw(st.sampled_from(REMEDIES)),
        reason=draw(st.sampled_from(REASONS)),
        check=draw(st.sampled_from(("C-1", "C-1", "C-2", None))),
        guest=draw(st.sampled_from(("G-1", "G-1", "G-2", None))),
        incident=draw(st.sampled_from(("I-1", None))),
        shift=draw(st.sampled_from(("S-1", None))),
        amount=draw(st.integers(0, 12)),
        captured=draw(st.booleans()),
        day=today - timedelta(days=draw(st.sampled_from((0, 0, 0, 1, 2, 6, 29, 30, 95, 365)))),
    )


@st.composite
def requests(draw: st.DrawFn) -> Facts:
    return ASK._replace(
        location=HERE,
        roles=draw(st.sampled_from((("host",), ("server",), ("server", "host"), ("ghost", "chief"), ROLES))),
        remedy=draw(st.sampled_from(REMEDIES)),
        reason=draw(st.sampled_from(REASONS)),
        amount_minor=draw(amounts),
        check=draw(st.sampled_from(("C-1", "C-1", None))),
        check_total_minor=draw(perhaps(amounts)),
        check_total_before_minor=draw(perhaps(amounts)),
        check_state=draw(st.sampled_from(("open", "closed", None))),
        categories=draw(some(("food", "alcohol"))),
        guest=draw(st.sampled_from(("G-1", "G-1", None))),
        incident=draw(st.sampled_from(("I-1", None))),
        shift=draw(st.sampled_from(("S-1", None))),
        has_note=draw(st.booleans()),
        has_photo=draw(st.booleans()),
        employee_is_guest=draw(st.booleans()),
        accept_less=draw(st.booleans()),
        occurred_at=draw(perhaps(st.sampled_from(MOMENTS))),
    )


MOMENTS = (
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    datetime(2026, 11, 23, 8, 59, tzinfo=UTC),
    datetime(2027, 1, 1, 3, 0, tzinfo=UTC),
    datetime(2027, 2, 28, 17, 0, tzinfo=UTC),
)


class World:
    """A policy with what was given under it, at a moment in which somebody asks."""

    def __init__(self, policy: Policy, given: tuple[Given, ...], now: datetime, facts: Facts) -> None:
        self.policy = policy
        self.given = given
        self.now = now
        self.facts = facts

    def __repr__(self) -> str:
        return f"World({self.policy!r}, {self.given!r}, {self.now!r}, {self.facts!r})"

    @cached_property
    def compiled(self) -> CompiledPolicy:
        return CompiledPolicy(self.policy)

    @cached_property
    def counters(self) -> Counters:
        return Counters(self.compiled, HERE, self.given)

    @cached_property
    def model(self) -> Model:
        return Model(self.policy, self.given, self.now)

    def standing(self, facts: Facts, *, offers: bool = True) -> list[Usage | None]:
        return self.counters.standing(self.compiled.counters(facts, self.now, offers=offers))

    def decide(self, **changes: Any) -> Decision:
        """The decision on the request with some facts changed."""
        facts = self.facts._replace(**changes)
        return decide(self.compiled, facts, self.standing(facts), self.now)

    def after(self, more: Given) -> "World":
        """The same where one comp more was given."""
        return World(self.policy, (*self.given, more), self.now, self.facts)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    policy, now = draw(policies()), draw(st.sampled_from(MOMENTS))
    today = business_day(policy, now)
    given = tuple(draw(st.lists(given_before(today), max_size=5)))
    return World(policy, given, now, draw(requests()))

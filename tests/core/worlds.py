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

# Strategies are made once: making them costs more than drawing from them.
of = st.sampled_from
amounts = st.integers(0, CEILING - 2)
perhaps_amount = st.none() | amounts
seldom_amount = st.none() | perhaps_amount
booleans = st.booleans()
perhaps_boolean = of((None, True, False))
shares = of(SHARES)
perhaps_share = st.none() | shares


def lists(values: tuple[Any, ...], **sizes: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of(values), unique=True, **sizes).map(tuple)


def some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Nothing, which stands for all, or one or two of the values."""
    return st.just(()) | lists(values, min_size=1, max_size=2)


everything = st.just(("*",))
some_remedies, some_reasons, some_roles = some(REMEDIES), some(REASONS), some(ROLES)
listed_remedies = everything | everything | lists(REMEDIES)
approved_roles = everything | everything | lists(ROLES)
scopes = st.just(("comp",)) | lists(SCOPES, min_size=1, max_size=2)
caps = of(("amount", "amount", "count", "percent", "all"))
windows = of(WINDOWS)
few = st.integers(0, 3)
beyonds = of(("escalate", "escalate", "escalate", "deny"))


@st.composite
def limits(draw: st.DrawFn, address: str) -> Limit:
    per, capped = draw(scopes), draw(caps)
    return limit(
        address,
        per,
        every=None if per == ("comp",) else draw(windows),
        amount=draw(amounts) if capped in ("amount", "all") else None,
        count=draw(few) if capped in ("count", "all") else None,
        percent_bp=draw(shares) if capped in ("percent", "all") else None,
        remedies=draw(some_remedies),
        reasons=draw(some_reasons),
        beyond=draw(beyonds),
    )


WHEN: dict[str, st.SearchStrategy[Any]] = {
    "remedies": some_remedies,
    "reasons": some_reasons,
    "roles": some_roles,
    "item_categories": some(("food", "alcohol")),
    "check_state": some(("open", "closed")),
    "amount_over": perhaps_amount,
    "percent_over_bp": perhaps_share,
    "between": st.none() | st.tuples(of(TIMES), of(TIMES)),
    "weekdays": some(WEEKDAYS),
    "employee_is_guest": perhaps_boolean,
    "note_missing": perhaps_boolean,
}
conditions = st.lists(of(sorted(WHEN)), max_size=3, unique=True)
thens = of(("deny", "escalate", "escalate", "require", "require"))
needs = of((("note",), ("photo", "guest"), ("guest",)))


@st.composite
def guards(draw: st.DrawFn, name: str) -> Guard:
    then = draw(thens)
    need = draw(needs) if then == "require" else ()
    return guard(name, then, need, **{key: draw(WHEN[key]) for key in draw(conditions)})


LIMITS = {name: limits(f"roles.{name}.limits.l") for name in ROLES}
OTHERS = {name: limits(f"roles.{name}.limits.m") for name in ROLES}
HOUSE = (limits("limits.l"), limits("limits.m"))
GUARDS = (guards("g"), guards("h"))
none_to_two = of((0, 0, 1, 2))
one_or_so = of((0, 1, 1, 2))


@st.composite
def roles(draw: st.DrawFn, name: str) -> Role:
    count = draw(one_or_so)
    return Role(
        title=name.title(),
        remedies=draw(listed_remedies),
        approves=draw(approved_roles),
        limits=tuple(draw(made[name]) for made in (LIMITS, OTHERS)[:count]),
    )


ROLE = {name: roles(name) for name in ROLES}
CALENDARS = of(
    [
        calendar_rules(timezone=zone, day_starts=starts, week_starts=week)
        for zone in ("America/New_York", "Australia/Sydney")
        for starts in (time(0), time(4))
        for week in ("monday", "sunday")
    ]
)
orders = st.permutations(ROLES)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(
        id="shop",
        calendar=draw(CALENDARS),
        remedies={name: Remedy(title=name, most=draw(seldom_amount), zero=draw(booleans)) for name in REMEDIES},
        reasons={name: reason(*draw(listed_remedies)) for name in REASONS},
        roles={name: draw(ROLE[name]) for name in draw(orders)},
        limits=tuple(draw(made) for made in HOUSE[: draw(none_to_two)]),
        guards=tuple(draw(made) for made in GUARDS[: draw(none_to_two)]),
        approval=approval(draw(seldom_amount)),
    )


GIVEN: dict[str, st.SearchStrategy[Any]] = {
    "location": of((HERE, HERE, HERE, THERE)),
    "employee": of(("E1", "E1", "E2")),
    "role": of(ROLES),
    "remedy": of(REMEDIES),
    "reason": of(REASONS),
    "check": of(("C-1", "C-1", "C-2", None)),
    "guest": of(("G-1", "G-1", "G-2", None)),
    "incident": of(("I-1", None)),
    "shift": of(("S-1", None)),
    "amount": st.integers(0, 12),
    "captured": booleans,
    "day": of((0, 0, 0, 1, 2, 6, 29, 30, 95, 365)),
}
given_before = st.fixed_dictionaries(GIVEN)
"""A comp given before, its day as how many days ago."""


def given_on(today: date, before: dict[str, Any]) -> Given:
    return Given(policy="shop", **{**before, "day": today - timedelta(days=before["day"])})


MOMENTS = (
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    datetime(2026, 11, 23, 8, 59, tzinfo=UTC),
    datetime(2027, 1, 1, 3, 0, tzinfo=UTC),
    datetime(2027, 2, 28, 17, 0, tzinfo=UTC),
)


REQUEST: dict[str, st.SearchStrategy[Any]] = {
    "location": st.just(HERE),
    "roles": of((("host",), ("server",), ("server", "host"), ("ghost", "chief"), ROLES)),
    "remedy": of(REMEDIES),
    "reason": of(REASONS),
    "amount_minor": amounts,
    "check": of(("C-1", "C-1", None)),
    "check_total_minor": perhaps_amount,
    "check_total_before_minor": perhaps_amount,
    "check_state": of(("open", "closed", None)),
    "categories": some(("food", "alcohol")),
    "guest": of(("G-1", "G-1", None)),
    "incident": of(("I-1", None)),
    "shift": of(("S-1", None)),
    "has_note": booleans,
    "has_photo": booleans,
    "employee_is_guest": booleans,
    "accept_less": booleans,
    "occurred_at": of((None, *MOMENTS)),
}
requests = st.fixed_dictionaries(REQUEST).map(lambda facts: ASK._replace(**facts))


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


POLICIES, BEFORE, NOW = policies(), st.lists(given_before, max_size=5), of(MOMENTS)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    policy, now = draw(POLICIES), draw(NOW)
    today = business_day(policy, now)
    given = tuple(given_on(today, before) for before in draw(BEFORE))
    return World(policy, given, now, draw(requests))

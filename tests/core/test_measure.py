"""What limits measure: names that say it in full, subjects that cannot be confused, counters that are shared."""

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empower.core.counter import CounterKey, Needed, subject_of
from empower.core.measure import (
    SCOPES,
    Authority,
    Charging,
    measure_of,
    measures_of,
    missing_fact,
    parse_measure,
    subject_reader,
)
from empower.core.plan import CompiledPolicy

from .build import NOW, ask, calendar_rules, capped, limit, policy, role, small

NAMES = [
    ({"per": "employee", "every": "day"}, "monday", "employee/day"),
    ({"per": "employee", "every": "30 days"}, "monday", "employee/day"),
    ({"per": "employee", "every": "1 days"}, "monday", "employee/day"),
    ({"per": "guest"}, "monday", "guest/ever"),
    ({"per": "employee", "every": "week"}, "monday", "employee/week-monday"),
    ({"per": "employee", "every": "week"}, "sunday", "employee/week-sunday"),
    ({"per": "location", "every": "month"}, "sunday", "location/month"),
    ({"per": "group", "every": "quarter"}, "sunday", "group/quarter"),
    ({"per": "group", "every": "year"}, "sunday", "group/year"),
    ({"per": ("incident", "guest")}, "monday", "guest+incident/ever"),
    ({"per": ("guest", "incident")}, "monday", "guest+incident/ever"),
    ({"per": ("guest", "guest")}, "monday", "guest/ever"),
    ({"per": "guest", "remedies": ("item", "dessert")}, "monday", "guest/ever?remedies=dessert,item"),
    ({"per": "guest", "remedies": ("item", "item")}, "monday", "guest/ever?remedies=item"),
    ({"per": "guest", "reasons": ("late",)}, "monday", "guest/ever?reasons=late"),
    ({"per": "guest", "reasons": ("late",), "remedies": ("item",)}, "monday", "guest/ever?remedies=item&reasons=late"),
]


@pytest.mark.parametrize(("keys", "week", "name"), NAMES)
def test_a_measure_is_named_by_what_it_measures(keys: dict[str, Any], week: str, name: str):
    measure = measure_of(limit("limits.a", **keys), week)
    assert measure is not None
    assert measure.name == name


def test_a_limit_on_each_comp_alone_measures_nothing():
    assert measure_of(limit("limits.a", amount=1), "monday") is None


def test_neither_cap_nor_name_nor_consequence_is_in_the_measure():
    one = measure_of(limit("roles.server.limits.day", "employee", every="day", amount=7500), "monday")
    other = measure_of(limit("limits.x", "employee", every="day", count=3, beyond="deny"), "monday")
    assert one == other


scopes = st.lists(st.sampled_from([scope for scope in SCOPES if scope != "comp"]), min_size=1, max_size=4).map(tuple)
windows = st.sampled_from((None, "day", "week", "month", "quarter", "year", "1 days", "366 days"))
names = st.lists(st.from_regex("[a-z][a-z0-9_]{0,6}", fullmatch=True), max_size=3).map(tuple)
weeks = st.sampled_from(("monday", "wednesday", "sunday"))


@given(scopes, windows, names, names, weeks)
def test_a_name_reads_back_as_its_measure(
    per: tuple[str, ...], every: str | None, remedies: tuple[str, ...], reasons: tuple[str, ...], week: str
):
    measure = measure_of(limit("limits.a", per, every=every, remedies=remedies, reasons=reasons), week)
    assert measure is not None
    assert parse_measure(measure.name) == measure


@pytest.mark.parametrize(
    "name",
    [
        "",
        "guest",
        "/day",
        "guest/",
        "comp/day",
        "visitor/day",
        "guest+visitor/day",
        "incident+guest/ever",
        "guest+guest/ever",
        "guest/fortnight",
        "guest/30 days",
        "guest/week",
        "guest/week-someday",
        "guest/day-monday",
        "guest/day?",
        "guest/day?remedies=",
        "guest/day?remedies=b,a",
        "guest/day?reasons=a&remedies=b",
        "guest/day?remedies=a&remedies=b",
        "guest/day?roles=a",
        "guest/day?remedies",
    ],
)
def test_what_names_no_measure_is_refused(name: str):
    with pytest.raises(ValueError, match=r".+"):
        parse_measure(name)


values = st.text(st.sampled_from("ab|\\"), max_size=4)


@given(st.lists(st.tuples(values, values), min_size=2, max_size=6, unique=True))
def test_two_subjects_are_never_written_the_same(pairs: list[tuple[str, str]]):
    written = [subject_of(pair) for pair in pairs]
    assert len(set(written)) == len(pairs)


@pytest.mark.parametrize(
    ("subject", "written"),
    [
        (("E1",), "E1"),
        (("a|b",), "a|b"),
        (("a", "b"), "a|b"),
        (("a|b", "c"), "a\\|b|c"),
        (("a", "b|c"), "a|b\\|c"),
        (("a\\", "b"), "a\\\\|b"),
        (("a\\|b", "c"), "a\\\\\\|b|c"),
    ],
)
def test_a_subject_is_its_values_with_a_bar_between(subject: tuple[str, ...], written: str):
    assert subject_of(subject) == written


WHO = Authority("E9", "manager")


@pytest.mark.parametrize(
    ("scope", "facts", "subject"),
    [
        (("employee",), {}, "E9"),
        (("role",), {}, "manager"),
        (("location",), {}, "bistro-soho"),
        (("group",), {}, "bistro"),
        (("check",), {}, "C-1"),
        (("guest", "incident"), {}, "guest-1|I-1"),
        (("guest", "incident"), {"incident": None}, None),
        (("guest", "incident"), {"guest": None}, None),
        (("shift",), {"shift": None}, None),
        (("employee", "remedy", "reason"), {}, "E9|item|wrong_order"),
    ],
)
def test_employee_and_role_are_those_of_the_authority(scope: Any, facts: dict[str, Any], subject: str | None):
    assert subject_reader(scope)(ask(**facts), WHO, "bistro") == subject


def test_an_approver_who_is_not_known_has_no_subject():
    assert subject_reader(("employee",))(ask(), Authority(None, "manager"), "bistro") is None
    assert subject_reader(("guest", "employee"))(ask(), Authority(None, "manager"), "bistro") is None


def test_the_fact_that_is_missing():
    assert missing_fact(("guest", "incident"), ask(incident=None)) == "incident"
    assert missing_fact(("incident", "guest"), ask(incident=None, guest=None)) == "incident"
    assert missing_fact(("employee", "check"), ask(check=None)) == "check"


def charged(rules: Any, day: date = date(2026, 11, 23), **facts: Any) -> list[CounterKey]:
    return Charging(measures_of(rules)).charges(ask(**facts), Authority("E1", "server"), "bistro", day)


def test_a_comp_is_charged_to_all_that_is_measured_of_it():
    rules = policy(limits=(limit("limits.month", "location", every="month", amount=1),))
    assert charged(rules) == [
        CounterKey("check/ever", "C-1", ""),
        CounterKey("employee/day", "E1", "2026-11-23"),
        CounterKey("guest+incident/ever", "guest-1|I-1", ""),
        CounterKey("guest/day", "guest-1", "2026-11-23"),
        CounterKey("location/month", "bistro-soho", "2026-11-01"),
    ]


def test_what_a_comp_lacks_is_not_charged():
    keys = charged(policy(), guest=None, check=None)
    assert [key.measure for key in keys] == ["employee/day"]


@pytest.mark.parametrize(
    ("facts", "count"),
    [({"remedy": "dessert"}, 1), ({"remedy": "item"}, 0), ({"remedy": "dessert", "reason": "cold"}, 0)],
)
def test_what_a_measure_filters_out_is_not_charged(facts: dict[str, Any], count: int):
    rules = capped("guest", count=1, remedies=("dessert",), reasons=("late",))
    assert len(charged(rules, **{"reason": "late", **facts})) == count


def test_limits_that_measure_the_same_share_one_counter():
    """In two roles and the house, with other caps, names, windows of days and orders of the filter."""
    rules = policy(
        roles={
            "lead": role(
                "lead",
                mine={"per": "guest", "every": "7 days", "count": 1, "remedies": ["item", "dessert"]},
                also={"per": "guest", "every": "day", "amount": 100, "remedies": ["dessert", "item"]},
            )
        },
        limits=(limit("limits.a", "guest", every="day", amount=5, beyond="deny", remedies=("dessert", "item")),),
    )
    shared = [measure for measure in measures_of(rules) if measure.remedies]
    assert [measure.name for measure in shared] == ["guest/day?remedies=dessert,item"]


def test_measures_come_once_and_in_order():
    names = [measure.name for measure in measures_of(policy())]
    assert names == ["check/ever", "employee/day", "guest+incident/ever", "guest/day"]
    assert all(one < other for one, other in pairwise(names))


def test_another_first_day_of_the_week_is_another_counter():
    weekly = limit("limits.w", "employee", every="week", amount=1)
    monday = small(weekly, calendar=calendar_rules(week_starts="monday"))
    sunday = small(weekly, calendar=calendar_rules(week_starts="sunday"))
    day = date(2026, 11, 22)
    assert charged(monday, day) == [CounterKey("employee/week-monday", "E1", "2026-11-16")]
    assert charged(sunday, day) == [CounterKey("employee/week-sunday", "E1", "2026-11-22")]


AT_THREE = datetime(2026, 12, 1, 8, 59, tzinfo=UTC)
"""Before four in the morning of the first of December in New York, which is still November."""
READ = [
    (None, NOW, "employee/ever", "", ""),
    ("day", NOW, "employee/day", "2026-11-23", "2026-11-23"),
    ("week", NOW, "employee/week-monday", "2026-11-23", "2026-11-23"),
    ("month", NOW, "employee/month", "2026-11-01", "2026-11-01"),
    ("quarter", NOW, "employee/quarter", "2026-10-01", "2026-10-01"),
    ("year", NOW, "employee/year", "2026-01-01", "2026-01-01"),
    ("1 days", NOW, "employee/day", "2026-11-23", "2026-11-23"),
    ("30 days", NOW, "employee/day", "2026-10-25", "2026-11-23"),
    ("day", AT_THREE, "employee/day", "2026-11-30", "2026-11-30"),
    ("month", AT_THREE, "employee/month", "2026-11-01", "2026-11-01"),
    ("30 days", AT_THREE, "employee/day", "2026-11-01", "2026-11-30"),
]


@pytest.mark.parametrize(("every", "now", "measure", "start", "last"), READ)
def test_the_counter_that_a_limit_reads(every: str | None, now: datetime, measure: str, start: str, last: str):
    compiled = CompiledPolicy(capped("employee", every=every, amount=1))
    needed = compiled.counters(ask(roles="clerk", reason="late"), now)
    assert needed == [Needed(CounterKey(measure, "E1", start), last, wide=False)]
    compiled.counters(ask(roles="clerk", reason="late"), AT_THREE)
    assert compiled.counters(ask(roles="clerk", reason="late"), now) == needed


def test_a_counter_is_read_once_however_many_limits_it_has():
    cap = {"per": "employee", "every": "day", "amount": 1}
    rules = small(roles={"clerk": role("clerk", a=cap, b=cap), "other": role("other", c=cap)})
    needed = CompiledPolicy(rules).counters(ask(roles="clerk other", reason="late"), NOW)
    assert len(needed) == 1


def test_a_counter_of_the_group_is_kept_apart():
    compiled = CompiledPolicy(capped("group", every="day", amount=1))
    needed = compiled.counters(ask(roles="clerk", reason="late"), NOW)
    assert needed == [Needed(CounterKey("group/day", "small", "2026-11-23"), "2026-11-23", wide=True)]
    assert (compiled.measures, [measure.name for measure in compiled.wide_measures]) == ((), ["group/day"])


def test_a_role_s_counter_is_read_for_each_role():
    rules = small(roles={name: role(name, a={"per": "role", "amount": 1}) for name in ("one", "two")})
    needed = CompiledPolicy(rules).counters(ask(roles="one two", reason="late"), NOW)
    assert [need.key.subject for need in needed if need] == ["one", "two"]
